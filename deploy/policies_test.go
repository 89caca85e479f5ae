package deploy_test

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"k8s.io/apimachinery/pkg/runtime"

	"github.com/fluxgate/fluxgate/policy"
	"github.com/fluxgate/fluxgate/policy/v1alpha1"
	"github.com/fluxgate/fluxgate/test/controlplane"
)

// starters are the policies of deploy/policies, by name.
func starters(t *testing.T) map[string]v1alpha1.SourcePolicy {
	t.Helper()
	manifests, err := controlplane.Manifests("policies")
	if err != nil {
		t.Fatal(err)
	}
	all := map[string]v1alpha1.SourcePolicy{}
	for _, manifest := range manifests {
		var p v1alpha1.SourcePolicy
		if err := runtime.DefaultUnstructuredConverter.FromUnstructuredWithValidation(manifest.Object, &p, true); err != nil {
			t.Fatal(err)
		}
		all[p.Name] = p
	}
	return all
}

func TestThePoliciesToStartFromOnlyReport(t *testing.T) {
	var names []string
	for name, p := range starters(t) {
		names = append(names, name)
		if p.Spec.Action != v1alpha1.ActionAudit {
			t.Errorf("%s is in %s", name, p.Spec.Action)
		}
		allowlist := false
		for _, rule := range p.Spec.Rules {
			if rule.Action != "" {
				t.Errorf("%s: %s has the action %s, whatever that of the policy is", name, rule.Rule, rule.Action)
			}
			allowlist = allowlist || rule.Rule == "registry-allowlist"
		}
		if !allowlist {
			t.Errorf("%s has no allow-list", name)
		}
	}
	slices.Sort(names)
	if diff := cmp.Diff([]string{"baseline", "production"}, names); diff != "" {
		t.Errorf("policies (-want +got):\n%s", diff)
	}
}

// TestThePoliciesToStartFromMatch loads them as `fluxgate check --policy deploy/policies` does.
func TestThePoliciesToStartFromMatch(t *testing.T) {
	set, err := policy.Load("policies")
	if err != nil {
		t.Fatal(err)
	}
	labelled := func(key, value string) map[string]string { return map[string]string{key: value} }
	for sentence, test := range map[string]struct {
		namespaces []policy.Namespace
		want       []string
	}{
		"any namespace keeps the baseline":            {[]policy.Namespace{{Name: "team-a"}}, []string{"baseline"}},
		"production keeps both, by its name":          {[]policy.Namespace{{Name: "prod-shop"}}, []string{"baseline", "production"}},
		"production keeps both, by its label":         {[]policy.Namespace{{Name: "shop", Labels: labelled("environment", "prod")}}, []string{"baseline", "production"}},
		"another environment keeps the baseline":      {[]policy.Namespace{{Name: "shop", Labels: labelled("environment", "test")}}, []string{"baseline"}},
		"that of Flux keeps none":                     {[]policy.Namespace{{Name: "flux-system"}}, nil},
		"a tenant's release into that of Flux is one": {[]policy.Namespace{{Name: "team-a"}, {Name: "flux-system"}}, []string{"baseline"}},
	} {
		var got []string
		for _, p := range set.Match(policy.Subject{Kind: "HelmRelease", Namespaces: test.namespaces}) {
			got = append(got, p.Name())
		}
		if diff := cmp.Diff(test.want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", sentence, diff)
		}
	}
}

// TestThePlaceholderIsObvious: an allow-list that still has it allows nothing that anybody has.
func TestThePlaceholderIsObvious(t *testing.T) {
	for name, p := range starters(t) {
		for _, rule := range p.Spec.Rules {
			if rule.Rule != "registry-allowlist" {
				continue
			}
			want := `{"allow":["ghcr.io/replace-with-your-organisation/**"]}`
			if diff := cmp.Diff(want, string(rule.Params.Raw)); diff != "" {
				t.Errorf("%s (-want +got):\n%s", filepath.Join("policies", name+".yaml"), diff)
			}
		}
	}
}

// TestTheDemandToTurnOnIsOne: what is commented out in production can be turned on as it stands.
func TestTheDemandToTurnOnIsOne(t *testing.T) {
	const path = "policies/production.yaml"
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	before, demand, found := strings.Cut(string(text), "\n  # signatures:\n")
	if !found {
		t.Fatalf("%s has no signatures to turn on", path)
	}
	turnedOn := before + "\n  signatures:\n" + strings.ReplaceAll(demand, "  # ", "  ")
	set, err := policy.Parse(path, []byte(turnedOn))
	if err != nil {
		t.Fatalf("%v in\n%s", err, turnedOn)
	}
	var demands []string
	for _, d := range set.Find("production").Demands() {
		demands = append(demands, d.Name)
	}
	if diff := cmp.Diff([]string{"release"}, demands); diff != "" {
		t.Errorf("demands (-want +got):\n%s", diff)
	}
}
