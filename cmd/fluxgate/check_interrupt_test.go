package main

import (
	"context"
	"errors"
	"io"
	"testing"
	"time"

	"github.com/fluxgate/fluxgate/check"
)

func TestCheckCanBeInterruptedWhileNobodyWritesItsInput(t *testing.T) {
	silent, writer := io.Pipe()
	defer func() { _ = writer.Close() }()
	ctx, interrupt := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() {
		_, err := read(ctx, check.ReadOptions{Paths: []string{check.Stdin}, Stdin: silent})
		done <- err
	}()
	interrupt()
	select {
	case err := <-done:
		if !errors.Is(err, context.Canceled) || exitCode(err, io.Discard) != 3 {
			t.Errorf("the error is %v, want one of the context, and exit code 3", err)
		}
	case <-time.After(10 * time.Second):
		t.Error("still reading, 10 s after the interrupt")
	}
}
