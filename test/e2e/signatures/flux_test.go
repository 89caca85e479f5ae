package signatures_test

import (
	"strings"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/fluxgate/fluxgate/test/fluxcontrollers"
)

// verifiedByFlux lets Flux have an OCIRepository of the place in a namespace that Fluxgate does not judge, with the Secrets that
// the place has: Flux must verify it, and pull the digest.
func (p *place) verifiedByFlux(source *unstructured.Unstructured, digest string) {
	p.Helper()
	namespace := strings.Replace(p.namespace, "team-", "flux-", 1)
	p.copySecrets(namespace)
	source.SetNamespace(namespace)
	fluxcontrollers.Mark(source)
	p.must(p.client.Create(p.Context(), source))
	p.pulledByFlux(source, digest)
}

// pulledByFlux waits for what Flux makes of an OCIRepository that it was left to.
func (p *place) pulledByFlux(source *unstructured.Unstructured, digest string) {
	p.Helper()
	got, err := flux.Outcome(p.Context(), p.client, client.ObjectKeyFromObject(source))
	p.must(err)
	if !got.Verified || got.Digest != digest {
		p.Errorf("Flux: verified %t, pulled %q, want %s: %s: %s", got.Verified, got.Digest, digest, got.Reason, got.Message)
	}
}

// copySecrets puts the place's Secrets into another namespace, which it creates where it has to.
func (p *place) copySecrets(namespace string) {
	p.Helper()
	if err := world.CreateNamespace(p.Context(), namespace, nil); err != nil && !apierrors.IsAlreadyExists(err) {
		p.Fatal(err)
	}
	var secrets corev1.SecretList
	p.must(p.client.List(p.Context(), &secrets, client.InNamespace(p.namespace)))
	for _, secret := range secrets.Items {
		secret.ObjectMeta = metav1.ObjectMeta{Namespace: namespace, Name: secret.Name}
		if err := p.client.Create(p.Context(), &secret); err != nil && !apierrors.IsAlreadyExists(err) {
			p.Fatal(err)
		}
	}
}
