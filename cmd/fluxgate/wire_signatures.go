package main

import (
	"context"
	"fmt"
	"net/http"
	"slices"

	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/manager"
	"sigs.k8s.io/controller-runtime/pkg/metrics"

	"github.com/fluxgate/fluxgate/cluster"
	"github.com/fluxgate/fluxgate/policy"
	"github.com/fluxgate/fluxgate/registry"
	"github.com/fluxgate/fluxgate/verify"
	"github.com/fluxgate/fluxgate/verify/imagepolicy"
	"github.com/fluxgate/fluxgate/verify/trustroot"
	"github.com/fluxgate/fluxgate/verify/verdicts"
)

// verifying is what a replica verifies signatures with.
type verifying struct {
	trusted  *trustroot.Keeper // nil: no trusted root is configured
	policies *cluster.ImagePolicies
	counted  *verifications
	secrets  cluster.Secrets
	// revocation is nil where nobody is asked whether a certificate is revoked.
	revocation http.RoundTripper
}

func newVerifying(ctx context.Context, mgr manager.Manager, live client.Client, f *serveFlags) (verifying, error) {
	v := verifying{secrets: cluster.Secrets{Live: live}}
	var err error
	if v.trusted, err = f.trust.keeper(ctx); err != nil {
		return v, err
	}
	if v.counted, err = newVerifications(metrics.Registry); err != nil {
		return v, fmt.Errorf("metrics: %w", err)
	}
	if f.askRevocation {
		o, err := f.registryOptions()
		if err != nil {
			return v, err
		}
		v.revocation = registry.PublicTransport(o)
	}
	v.policies = cluster.NewImagePolicies(mgr.GetCache(), mgr.GetRESTMapper(), func(ctx context.Context, document []byte) (verify.ImagePolicy, error) {
		return imagepolicy.Parse(ctx, document, policySecrets{v.secrets, f.imagePolicyNamespace})
	})
	if v.trusted != nil {
		if err := mgr.Add(everyReplica(v.trusted.Run)); err != nil {
			return v, err
		}
	}
	return v, mgr.Add(everyReplica(v.policies.Run))
}

// verifier verifies with the trusted root and the ClusterImagePolicies as they are at that moment.
func (v verifying) verifier(registries *registry.Client, files *policy.Set) *verdicts.Verifier {
	return verdicts.New(verdicts.Options{
		Registry: registries, Secrets: v.secrets, TrustedRoot: trustedBy(v.trusted), Observe: v.counted.observe, Revocation: v.revocation,
		ImagePolicies: func(ctx context.Context, wanted func(string) bool) []verify.ImagePolicy {
			all := v.policies.Wanted(ctx, wanted)
			if files != nil {
				all = slices.Concat(files.ImagePolicies(), all)
			}
			return all
		},
	})
}

// policySecrets are the Secrets that ClusterImagePolicies of the cluster name.
type policySecrets struct {
	cluster.Secrets
	namespace string
}

// Namespace implements imagepolicy.SecretReader.
func (s policySecrets) Namespace() string { return s.namespace }

// ReadSecret implements imagepolicy.SecretReader.
func (s policySecrets) ReadSecret(ctx context.Context, name string) (map[string][]byte, error) {
	secret, err := s.Secrets.ReadSecret(ctx, s.namespace, name)
	if secret == nil || err != nil {
		return nil, err
	}
	return secret.Data, nil
}
