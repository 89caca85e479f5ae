package main

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// The repositories of the demo.
const (
	podinfo = "ghcr.io/acme/podinfo"
	charts  = "ghcr.io/acme/charts/podinfo"
	legacy  = "ghcr.io/acme/legacy"
	evil    = "evil.example.com/acme/podinfo"
)

// furnish fills the registry and creates the namespaces, and returns when the API server calls Fluxgate.
func (s *stage) furnish(ctx context.Context) error {
	s.Registry.Repeatable()
	for _, artifact := range []struct{ name, repository, tag string }{
		{"v1.0.0", podinfo, "v1.0.0"},
		{"v1.1.0", podinfo, "v1.1.0"},
		{"latest", podinfo, "latest"},
		{"legacy", legacy, "latest"},
		{"evil", evil, "v1.0.0"},
	} {
		if err := s.push(artifact.name, artifact.repository, artifact.tag); err != nil {
			return err
		}
	}
	var err error
	if s.digests["chart"], err = s.Registry.PushChart(charts, "podinfo", "6.9.0"); err != nil {
		return err
	}
	for _, namespace := range []string{"prod", "staging", "shop", "payments"} {
		if err := s.CreateNamespace(ctx, namespace, nil); err != nil {
			return err
		}
	}
	return s.awaitWebhooks(ctx)
}

// push stores a new artifact under a tag, and its digest under a name.
func (s *stage) push(name, repository, tag string) (err error) {
	s.digests[name], err = s.Registry.Push(repository, tag)
	return err
}

// awaitWebhooks tries a dry run until it comes out pinned: the API server acts on new webhook configurations a moment after
// it has stored them.
func (s *stage) awaitWebhooks(ctx context.Context) error {
	return s.until(ctx, "pins", func() (bool, error) {
		digest, _, err := s.Kubectl(ctx, "", "apply", "--server-side", "--dry-run=server", "-f", sample("podinfo.yaml"),
			"-o", "jsonpath={.spec.ref.digest}")
		return digest == s.digests["v1.0.0"], err
	})
}

// until asks again and again, for half a minute at most. The error of done counts only when time has run out.
func (s *stage) until(ctx context.Context, what string, done func() (bool, error)) error {
	deadline := time.Now().Add(30 * time.Second)
	for {
		reached, err := done()
		if reached {
			return nil
		}
		if ctx.Err() != nil || time.Now().After(deadline) {
			return errors.Join(fmt.Errorf("waiting until Fluxgate %s: not in 30 s", what), err)
		}
		time.Sleep(100 * time.Millisecond)
	}
}
