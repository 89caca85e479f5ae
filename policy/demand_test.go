package policy

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/fluxgate/fluxgate/flux"
	"github.com/fluxgate/fluxgate/verify"
)

const demands = head + `
  action: Warn
  signatures:
  - name: release
    action: Deny
    repositories: ["ghcr.io/acme/**"]
    keys:
    - |
      -----BEGIN PUBLIC KEY-----
      MCowBQYDK2VwAyEAGb9ECWmEzf6FQbrBZ9w7lshQhqowtrbLDFw4rXAxZuE=
      -----END PUBLIC KEY-----
  - name: built
    identities:
    - issuer: https://token.example.com
      subjectRegExp: repo:acme/.*
  - name: known
    clusterImagePolicies: {names: ["*"]}
`

func TestDemandsAreCompiled(t *testing.T) {
	p := mustParse(t, demands)
	type demand struct {
		Name     string
		Action   Action
		Keys     []string
		Identity []verify.CertificateIdentity
		Policies []string
	}
	var got []demand
	for _, d := range p.Demands() {
		compiled := demand{Name: d.Name, Action: d.Action, Policies: d.ImagePolicyNames}
		if d.Cosign != nil {
			for _, key := range d.Cosign.Keys {
				compiled.Keys = append(compiled.Keys, key.Fingerprint)
			}
			compiled.Identity = d.Cosign.Identities
		}
		got = append(got, compiled)
	}
	// The fingerprint as OpenSSL has it: openssl pkey -pubin -outform DER | sha256sum.
	want := []demand{
		{Name: "release", Action: Deny, Keys: []string{"sha256:a1e9156054e04fac899ae9f275132cdc07a5dbc4ea2c2ad3a1ffc6e0d253681f"}},
		// An expression matches the whole text: anchored, so that nobody can write around it.
		{Name: "built", Action: Warn, Identity: []verify.CertificateIdentity{
			{Issuer: "https://token.example.com", SubjectRegExp: `\A(?:repo:acme/.*)\z`},
		}},
		{Name: "known", Action: Warn, Policies: []string{"*"}},
	}
	if diff := cmp.Diff(want, got, cmpopts.EquateEmpty()); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if p.Failing(p.enforceFrom) != Deny {
		t.Error("a failure of a policy whose demand denies is not settled as strictly")
	}
}

func TestDemandsConcernArtifactsOfTheirRepositories(t *testing.T) {
	release := mustParse(t, demands).Demands()[0]
	acme := flux.Repository{Host: "ghcr.io", Path: "acme/app"}
	for sentence, test := range map[string]struct {
		source flux.Source
		want   bool
	}{
		"an artifact of the repository": {flux.Source{Form: flux.FormOCIRepository, Repository: acme}, true},
		"a chart of it":                 {flux.Source{Form: flux.FormHelmChart, Repository: acme}, true},
		"one of another":                {flux.Source{Form: flux.FormOCIRepository, Repository: flux.Repository{Host: "ghcr.io", Path: "acme-evil/app"}}, false},
		"one that might be anybody's":   {flux.Source{Form: flux.FormOCIRepository, Problem: "is no url"}, true},
		"one without a repository":      {flux.Source{Form: flux.FormOCIRepository}, true},
		"a prefix of its charts":        {flux.Source{Form: flux.FormHelmRepository, Repository: flux.Repository{Host: "ghcr.io", Path: "acme"}}, true},
		"a deeper one":                  {flux.Source{Form: flux.FormHelmRepository, Repository: acme}, true},
		"a prefix of others":            {flux.Source{Form: flux.FormHelmRepository, Repository: flux.Repository{Host: "ghcr.io", Path: "acme-evil"}}, false},
		"a prefix that is none":         {flux.Source{Form: flux.FormHelmRepository, Problem: "is no url"}, true},
		"Git":                           {flux.Source{Form: flux.FormOther}, false},
	} {
		if got := release.Concerns(test.source); got != test.want {
			t.Errorf("%s: concerned %t, want %t", sentence, got, test.want)
		}
	}
}
