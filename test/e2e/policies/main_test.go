// Package policies_test shows, at a real API server, that policies and exceptions live in the cluster: they are in force at
// once, say how they are, end when they should, and cannot be left by those whom they are for.
package policies_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"testing"

	"github.com/go-logr/logr"
	"sigs.k8s.io/controller-runtime/pkg/log"

	"github.com/fluxgate/fluxgate/test/stack"
)

// world is shared by all tests: starting one takes seconds. Each test has namespaces and policies of its own.
var world *stack.Stack

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
	if world, err = stack.Start(context.Background(), stack.Options{Audit: true, ClusterPolicies: true}); err != nil {
		return 1, err
	}
	defer func() { err = errors.Join(err, world.Stop()) }()
	return m.Run(), nil
}
