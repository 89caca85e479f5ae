package policy

import (
	"fmt"
	"strings"
	"testing"

	"github.com/fluxgate/fluxgate/flux"
	"github.com/fluxgate/fluxgate/verify"
)

// everyRule is a policy with all built-in rules, as a production cluster would have it.
const everyRule = `
apiVersion: fluxgate.dev/v1alpha1
kind: SourcePolicy
metadata: {name: every-rule}
spec:
  pin: {tags: OnChange, latest: OnChange}
  rules:
    - rule: registry-allowlist
      params: {allow: ["ghcr.io/acme/**", "docker.io/library/nginx", "*.dkr.ecr.eu-west-1.amazonaws.com/**"]}
    - rule: canonical-url
    - rule: require-verify
    - rule: require-digest
    - rule: digest-matches-ref
    - rule: forbid-insecure
    - rule: forbid-tags
      params: {tags: [latest, main, "*-dev"]}
    - rule: allowed-source-kinds
    - rule: forbid-cross-namespace
    - rule: forbid-transport-overrides
    - rule: require-chart-ref
    - rule: require-workload-identity
    - rule: require-service-account
    - rule: interval-bounds
      params: {min: 1m, max: 24h}
    - rule: semver-bounds
    - rule: verify-identity
      params:
        identities: [{issuer: "^https://i$", subject: "^me$"}]
        keys: ["sha256:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"]
    - rule: signature-verified
    - rule: signed-by
      params: {keys: ["sha256:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"]}
`

// pinned is a typical OCIRepository that keeps every rule.
func pinned() Review {
	digest := "sha256:" + strings.Repeat("ab", 32)
	return Review{
		Operation:  "UPDATE",
		APIVersion: "source.toolkit.fluxcd.io/v1",
		Kind:       "OCIRepository",
		Namespace:  "prod",
		Name:       "podinfo",
		Interval:   "10m",
		Sources: []SourceReview{{
			Source: flux.Source{
				Form:       flux.FormOCIRepository,
				Kind:       "OCIRepository",
				Path:       "spec",
				URL:        "oci://ghcr.io/acme/manifests/podinfo",
				Repository: flux.Repository{Host: "ghcr.io", Path: "acme/manifests/podinfo"},
				Ref:        flux.Ref{Tag: "v1.0.0", Digest: digest},
				Provider:   "generic",
				Verify:     &flux.Verify{Provider: "cosign", SecretRef: "cosign-keys"},
				SecretRef:  "pull",
				Namespace:  "prod",
			},
			Changed:  true,
			Resolved: &Resolved{Tag: "v1.0.0", Digest: digest},
			Keys:     &Keys{Entries: []Key{{Entry: "cosign.pub", Fingerprint: "sha256:" + strings.Repeat("a", 64)}}},
			Signature: &Signature{Signature: verify.Signature{
				Verified: true, Scheme: verify.SchemeCosignBundle, Signers: []verify.Signer{{Fingerprint: "sha256:" + strings.Repeat("a", 64)}},
			}},
		}},
	}
}

func mustParse(tb testing.TB, text string) *Policy {
	tb.Helper()
	set, err := Parse("test.yaml", []byte(text))
	if err != nil {
		tb.Fatal(err)
	}
	return set.policies[0]
}

// BenchmarkEvaluate is a whole judgement, input, static rules and fact rules: of an input that is new, and of one that was
// judged before.
func BenchmarkEvaluate(b *testing.B) {
	p := mustParse(b, everyRule)
	review := pinned()
	b.Run("new", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			in := NewInput(review)
			for _, phase := range []Phase{Static, Facts} {
				violations, err := p.judge(b.Context(), in, p.phases[phase])
				if err != nil || len(violations) > 0 {
					b.Fatal(violations, err)
				}
			}
		}
	})
	b.Run("known", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			in := NewInput(review)
			for _, phase := range []Phase{Static, Facts} {
				violations, err := p.Evaluate(b.Context(), in, phase)
				if err != nil || len(violations) > 0 {
					b.Fatal(violations, err)
				}
			}
		}
	})
}

// BenchmarkAllowlist must not grow with the number of patterns without wildcards.
func BenchmarkAllowlist(b *testing.B) {
	for _, size := range []int{1, 100, 5000} {
		var patterns strings.Builder
		for i := range size {
			fmt.Fprintf(&patterns, "        - ghcr.io/acme/app-%d\n", i)
		}
		p := mustParse(b, strings.ReplaceAll(`
apiVersion: fluxgate.dev/v1alpha1
kind: SourcePolicy
metadata: {name: list}
spec:
  rules:
    - rule: registry-allowlist
      params:
        allow:
        - ghcr.io/acme/manifests/podinfo
PATTERNS`, "PATTERNS", patterns.String()))
		in := NewInput(pinned())
		b.Run(fmt.Sprint(size), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				violations, err := p.judge(b.Context(), in, p.phases[Static])
				if err != nil || len(violations) > 0 {
					b.Fatal(violations, err)
				}
			}
		})
	}
}

// BenchmarkDefault is what a reload costs: rules compiled, a policy prepared.
func BenchmarkDefault(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		if _, err := Default(); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkMatch is one look among a hundred policies.
func BenchmarkMatch(b *testing.B) {
	var text strings.Builder
	for i := range 100 {
		fmt.Fprintf(&text, "---\n%s", strings.Replace(head, "name: p", fmt.Sprintf("name: p-%d", i), 1))
		fmt.Fprintf(&text, "  match: {namespaces: [team-%d, \"team-%d-*\"], kinds: [OCIRepository]}\n  pin: {tags: OnChange}\n", i, i)
	}
	set, err := Parse("match.yaml", []byte(text.String()))
	if err != nil {
		b.Fatal(err)
	}
	subject := Subject{"OCIRepository", []Namespace{{Name: "team-7-prod"}}}
	b.ReportAllocs()
	for b.Loop() {
		if len(set.Match(subject)) != 1 {
			b.Fatal("no match")
		}
	}
}
