package gate_test

import (
	"context"
	"testing"

	"github.com/fluxgate/fluxgate/flux"
	"github.com/fluxgate/fluxgate/gate"
	"github.com/fluxgate/fluxgate/policy"
	"github.com/fluxgate/fluxgate/registry"
	"github.com/fluxgate/fluxgate/verify"
)

// everything has all rules of the library.
const everything = `
apiVersion: fluxgate.dev/v1alpha1
kind: SourcePolicy
metadata: {name: everything}
spec:
  match: {namespaces: ["prod*"]}
  pin: {tags: OnChange, latest: OnChange, semver: Never}
  rules:
    - rule: registry-allowlist
      params: {allow: ["ghcr.io/acme/**", "registry.example.com/team-*/**"]}
    - rule: canonical-url
    - rule: require-verify
    - rule: require-digest
    - rule: digest-matches-ref
    - rule: forbid-insecure
    - rule: forbid-tags
      params: {tags: ["latest", "*-rc*"]}
    - rule: allowed-source-kinds
    - rule: forbid-cross-namespace
    - rule: forbid-transport-overrides
    - rule: require-chart-ref
    - rule: require-service-account
    - rule: require-workload-identity
    - rule: interval-bounds
      params: {min: 1m, max: 24h}
    - rule: semver-bounds
    - rule: verify-identity
      params: {keys: ["` + ourKey + `"]}
`

const verified = byUser + "\n  verify: {provider: cosign, secretRef: {name: keys}}"

type fixed struct{}

func (fixed) Resolve(context.Context, registry.Query) (registry.Resolution, error) {
	return registry.Resolution{Tag: "v1", Digest: digestA}, nil
}

// Own and Demanded find what is remembered.
func (fixed) Own(context.Context, flux.Source, bool) (verify.Signature, error) {
	return verify.Signature{Verified: true, Signers: []verify.Signer{{Fingerprint: ourKey}}}, nil
}

func (fixed) Demanded(context.Context, flux.Source, bool, verify.Demand) (verify.Signature, error) {
	return verify.Signature{Verified: true}, nil
}

// andSignatures asks about those as well.
const andSignatures = everything + `    - rule: signature-verified
    - rule: signed-by
      params: {keys: ["` + ourKey + `"]}
  signatures: [{name: all, clusterImagePolicies: {names: ["*"]}}]
`

func benchGate(b *testing.B, policies string) *gate.Gate {
	b.Helper()
	set, err := policy.Parse("bench.yaml", []byte(policies))
	if err != nil {
		b.Fatal(err)
	}
	labels := map[string]string{"kubernetes.io/metadata.name": "prod", "team": "acme"}
	return gate.New(gate.Options{
		Policies:   func() *policy.Set { return set },
		Lookup:     flux.LookupFunc(nil),
		Namespaces: gate.NamespacesFunc(func(context.Context, string) (map[string]string, error) { return labels, nil }),
		Resolver:   fixed{},
		Signatures: fixed{},
		Keys:       gate.KeysFunc(func(context.Context, string, string, string) ([]verify.Key, error) { return held(ourKey), nil }),
	})
}

func BenchmarkValidate(b *testing.B) {
	pinned := annotated(record, verified)
	for name, objects := range map[string][2]string{
		"unchanged":                 {annotated(record+"\n  finalizers: [a]", verified), pinned},
		"pinned, its labels change": {pinned, annotated(record+"\n  labels: {a: b}", verified)},
		"pinned, new":               {"", pinned},
	} {
		for suffix, policies := range map[string]string{"": everything, ", verified": andSignatures} {
			b.Run(name+suffix, func(b *testing.B) {
				g, req := benchGate(b, policies), benchRequest(b, objects)
				b.ReportAllocs()
				for b.Loop() {
					if d, err := g.Validate(context.Background(), req); err != nil || d.Verdict != gate.Allow {
						b.Fatalf("%+v, %v", d, err)
					}
				}
			})
		}
	}
}

func BenchmarkMutate(b *testing.B) {
	pinned := annotated(record, verified)
	for name, objects := range map[string][2]string{
		"unchanged":                 {annotated(record+"\n  finalizers: [a]", verified), pinned},
		"pinned, its labels change": {pinned, annotated(record+"\n  labels: {a: b}", verified)},
	} {
		b.Run(name, func(b *testing.B) {
			g, req := benchGate(b, everything), benchRequest(b, objects)
			b.ReportAllocs()
			for b.Loop() {
				if stored, _, err := g.Mutate(context.Background(), req); err != nil || stored != req.Object {
					b.Fatalf("%v, %v", stored, err)
				}
			}
		})
	}
}

func benchRequest(b *testing.B, objects [2]string) gate.Request {
	b.Helper()
	req := gate.Request{Operation: gate.Create, Object: object(b, objects[1]), Old: object(b, objects[0])}
	if req.Old != nil {
		req.Operation = gate.Update
	}
	return req
}
