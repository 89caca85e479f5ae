package policy

import (
	"time"

	lru "github.com/hashicorp/golang-lru/v2"
)

const (
	// restFor is how long a custom rule is left alone for a namespace for which it ran out of its budget.
	restFor = 5 * time.Second
	// maxTired is the number of namespaces that are remembered for a rule.
	maxTired = 256
)

// tired remembers for which namespaces a custom rule ran out of its budget, and until when it rests.
type tired struct{ until *lru.Cache[string, time.Time] }

func newTired() *tired {
	until, err := lru.New[string, time.Time](maxTired)
	if err != nil {
		panic(err) // only for a size below one
	}
	return &tired{until}
}

func (t *tired) is(namespace string) bool {
	until, found := t.until.Get(namespace)
	return found && time.Now().Before(until)
}

func (t *tired) mark(namespace string) { t.until.Add(namespace, time.Now().Add(restFor)) }
