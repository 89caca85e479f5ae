package registry

import (
	"context"
	"errors"
	"net/netip"
	"testing"
	"time"

	"github.com/fluxgate/fluxgate/flux"
)

func TestATurnThatDidNotComeIsNotRemembered(t *testing.T) {
	client := New(Options{PerNamespace: 1, ResolveTimeout: 50 * time.Millisecond})
	q := Query{Source: flux.Source{
		Repository: flux.Repository{Host: "ghcr.io", Path: "acme/app"}, Ref: flux.Ref{Tag: "v1"}, Namespace: "busy",
	}}
	release, err := client.namespaces.acquire(t.Context(), "busy")
	if err != nil {
		t.Fatal(err)
	}
	defer release()
	var failure *Error
	if _, err := client.Resolve(t.Context(), q); !errors.As(err, &failure) || failure.Class != ClassTimeout {
		t.Fatalf("Resolve = %v, want %s", err, ClassTimeout)
	}
	p, err := newPlan(q)
	if err != nil {
		t.Fatal(err)
	}
	if kept, found := client.cache.get(p.key(anonymousLogin().ID), q); found {
		t.Errorf("the cache has %v, want nothing: other namespaces have the same query", kept.failure)
	}
}

func TestAReviewWhoseTimeIsUpAsksNobody(t *testing.T) {
	client := New(Options{Lookup: func(context.Context, string) ([]netip.Addr, error) {
		t.Error("a name was looked up")
		return nil, errors.New("nobody is to be asked")
	}})
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	q := Query{Source: flux.Source{Repository: flux.Repository{Host: "ghcr.io", Path: "acme/app"}}}
	var failure *Error
	if _, err := client.Resolve(ctx, q); !errors.As(err, &failure) || failure.Class != ClassTimeout {
		t.Errorf("Resolve = %v, want %s", err, ClassTimeout)
	}
	time.Sleep(50 * time.Millisecond) // a flight that took off would reach the lookup by now
}
