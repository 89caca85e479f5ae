// Package registries_test shows, at a real API server and at the CNCF distribution registry, that Fluxgate reaches
// registries as Flux does: each way to log in, good and bad, what a tag or a range names, and what hostile registries get.
package registries_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/go-logr/logr"
	"sigs.k8s.io/controller-runtime/pkg/log"

	"github.com/fluxgate/fluxgate/test/stack"
)

// w is shared by all tests: starting one takes seconds. Each test has namespaces and repositories of its own.
var w world

func TestMain(m *testing.M) {
	code, err := run(m)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		code = 1
	}
	os.Exit(code)
}

func run(m *testing.M) (code int, err error) {
	log.SetLogger(logr.Discard()) // controller-runtime's client complains without one
	defer func() { err = errors.Join(err, w.stop()) }()
	w.Stack, err = stack.Start(context.Background(), stack.Options{
		Policies: []string{"testdata/policies"},
		// The registry without TLS and the objects' proxies are on loopback.
		Arguments: []string{"--egress-allow", "127.0.0.0/8"},
	})
	if err != nil {
		return 1, err
	}
	if err := w.start(context.Background()); err != nil {
		return 1, err
	}
	code = m.Run()
	return code, clean(w.Fluxgate.Log())
}

// clean reads what Fluxgate logged in all tests: its role was enough, nothing panicked, and no secret was written.
func clean(text string) error {
	var err error
	for _, never := range []string{"is forbidden:", "panic", "goroutine ", password, "PRIVATE KEY"} {
		for line := range strings.Lines(text) {
			if strings.Contains(line, never) {
				err = errors.Join(err, fmt.Errorf("the log has %q: %s", never, line))
			}
		}
	}
	return err
}
