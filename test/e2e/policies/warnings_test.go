package policies_test

import (
	"strings"
	"sync"
)

// warnings keeps what the API server warned of.
type warnings struct {
	mu   sync.Mutex
	text []string
}

// HandleWarningHeader implements rest.WarningHandler. It leaves out what the API server itself says of Flux's finalizer.
func (w *warnings) HandleWarningHeader(_ int, _, text string) {
	if strings.HasPrefix(text, "metadata.finalizers:") {
		return
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.text = append(w.text, text)
}

// take returns the warnings since the last take.
func (w *warnings) take() []string {
	w.mu.Lock()
	defer w.mu.Unlock()
	taken := w.text
	w.text = nil
	return taken
}
