package main

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/fluxgate/fluxgate/test/signing"
)

// payments is the repository whose releases are signed.
const payments = "ghcr.io/acme/payments"

// released lets the publisher push and sign, and gives the public key to the namespace that pulls.
func released(tag string) action {
	return func(ctx context.Context, s *stage) error {
		if err := s.push(payments+" "+tag, payments, tag); err != nil {
			return err
		}
		key, err := signing.NewKey(signing.ECDSA)
		if err != nil {
			return err
		}
		place, err := signing.In(s.Registry, payments)
		if err != nil {
			return err
		}
		if err := place.SignBundle(s.digests[payments+" "+tag], key); err != nil {
			return err
		}
		if err := s.giveKey(ctx, key); err != nil {
			return err
		}
		s.block(fmt.Sprintf("# the release is pushed and signed: %s:%s; the public key is in Secret payments/cosign-keys", payments, tag))
		return nil
	}
}

// giveKey stores a public key where the samples look for it. It prints nothing: it is another key in each run.
func (s *stage) giveKey(ctx context.Context, key signing.Key) error {
	public, err := key.Public()
	if err != nil {
		return err
	}
	secret, err := json.Marshal(map[string]any{
		"apiVersion": "v1", "kind": "Secret", "metadata": map[string]any{"name": "cosign-keys", "namespace": "payments"},
		"stringData": map[string]any{"cosign.pub": string(public)},
	})
	if err != nil {
		return err
	}
	_, _, err = s.Kubectl(ctx, string(secret), "apply", "--server-side", "-f", "-")
	return err
}

// smuggled lets somebody push what nobody signed.
func smuggled(tag string) action {
	return func(_ context.Context, s *stage) error {
		err := s.push(payments+" "+tag, payments, tag)
		s.block(fmt.Sprintf("# somebody else pushes: %s:%s is signed by nobody", payments, tag))
		return err
	}
}
