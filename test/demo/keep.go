package main

import (
	"context"
	"path/filepath"
)

// keep says how to go on by hand, and waits until the demo is interrupted.
func (s *stage) keep(ctx context.Context) error {
	kubectl := s.ControlPlane.Kubectl
	if working, err := filepath.Abs("."); err == nil {
		if relative, err := filepath.Rel(working, kubectl); err == nil && filepath.IsLocal(relative) {
			kubectl = relative
		}
	}
	s.block(
		"Everything stays up. In another terminal, in this folder:",
		"",
		"  export KUBECONFIG="+s.Kubeconfig,
		"  "+kubectl+" get ocirepositories -A",
		"  "+kubectl+" apply --server-side -f "+sample("evil.yaml"),
		"  "+kubectl+" get mutatingwebhookconfigurations,validatingwebhookconfigurations fluxgate -o yaml",
		"  curl "+s.Fluxgate.Metrics+"/metrics | grep ^fluxgate_",
		"",
		"Nothing here runs Flux itself: the objects are stored, and nobody pulls.",
		"Press Ctrl-C to stop everything.",
	)
	<-ctx.Done()
	return nil
}
