package check

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/fluxgate/fluxgate/flux"
	"github.com/fluxgate/fluxgate/gate"
	"github.com/fluxgate/fluxgate/policy"
	"github.com/fluxgate/fluxgate/registry"
)

// noon is when the manifests of these tests are checked.
var noon = time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC)

const accepting = `apiVersion: fluxgate.dev/v1alpha1
kind: SourcePolicy
metadata: {name: p}
spec:
  rules: [{rule: require-verify}]
  exceptions: {rules: [require-verify], maxDuration: 24h}
`

// exception is one of the namespace x that counts at noon, unless a part of it is replaced.
func exception(name string, replace ...string) string {
	text := `apiVersion: fluxgate.dev/v1alpha1
kind: PolicyException
metadata: {name: ` + name + `, namespace: x}
spec: {policy: p, rules: [require-verify], names: [a], reason: TICKET-1, until: "2026-11-24T13:00:00Z"}
`
	return strings.NewReplacer(replace...).Replace(text)
}

func policies(t *testing.T, text string) *policy.Set {
	t.Helper()
	set, err := policy.Parse("policy.yaml", []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return set
}

// TestExceptionsAmongTheManifests count as they would in the cluster.
func TestExceptionsAmongTheManifests(t *testing.T) {
	for name, c := range map[string]struct {
		policy, manifests string
		actions           []string
		without           []WithoutEffect
	}{
		"none": {accepting, "", []string{"Deny"}, nil},
		"one":  {accepting, exception("legacy"), []string{"Skip"}, nil},
		"one without a namespace is assumed to be in that of --namespace": {
			accepting, exception("legacy", ", namespace: x", ""), []string{"Deny"}, nil,
		},
		"one that came with the policies":             {accepting + "---\n" + exception("legacy"), "", []string{"Skip"}, nil},
		"one that came with both":                     {accepting + "---\n" + exception("legacy"), exception("legacy", "require-verify", "pin"), []string{"Skip"}, nil},
		"when it was created is not a manifest's say": {accepting, exception("legacy", "namespace: x", `namespace: x, creationTimestamp: "2030-01-01T00:00:00Z"`, "2026-11-24T13", "2030-01-01T13"), []string{"Deny"}, []WithoutEffect{{"x/legacy", "policy p accepts no exception that lasts longer than 24h0m0s: set spec.until to 2026-11-25T12:00:00Z at the latest, counted from now"}}},
		"one that has ended": {
			accepting, exception("legacy", "T13:00", "T12:00"), []string{"Deny"},
			[]WithoutEffect{{"x/legacy", "it ended at 2026-11-24T12:00:00Z"}},
		},
		"one of another policy": {
			accepting, exception("legacy", "policy: p", "policy: q"), []string{"Deny"},
			[]WithoutEffect{{"x/legacy", "policy q is not among those that are used"}},
		},
		"one that its policy does not accept": {
			strings.Split(accepting, "  exceptions:")[0], exception("legacy"), []string{"Deny"},
			[]WithoutEffect{{"x/legacy", "policy p accepts no exceptions"}},
		},
	} {
		t.Run(name, func(t *testing.T) {
			inventory := readStdin(oci("x", "a") + "---\n" + c.manifests)
			options := inventory.GateOptions(policies(t, c.policy), noon)
			options.Resolver = registry.Offline{}
			report := Judge{Gate: gate.New(options)}.Report(t.Context(), inventory)
			var actions []string
			for _, v := range report.Results[0].Violations {
				actions = append(actions, v.Action)
			}
			if diff := cmp.Diff(c.actions, actions); diff != "" {
				t.Errorf("actions (-want +got):\n%s", diff)
			}
			if diff := cmp.Diff(c.without, report.Summary.WithoutEffect); diff != "" {
				t.Errorf("exceptions without effect (-want +got):\n%s", diff)
			}
			if report.Outcome() == BadInput {
				t.Errorf("unreadable: %v", report.Unreadable)
			}
		})
	}
}

// TestWhatIsWrongWithPoliciesAndExceptions is bad input, in the words of their loader.
func TestWhatIsWrongWithPoliciesAndExceptions(t *testing.T) {
	for name, c := range map[string]struct {
		manifests string
		want      []string
		summary   OwnSummary
	}{
		"a policy that is well-formed": {accepting, nil, OwnSummary{SourcePolicies: 1}},
		"an unknown rule and an unknown field": {strings.NewReplacer("require-verify}", "require-verfy}", "spec:", "spec:\n  acton: Deny").Replace(accepting),
			[]string{"SourcePolicy: spec.acton: unknown field: did you mean action?"}, OwnSummary{}},
		"an unknown rule": {strings.Replace(accepting, "require-verify}", "require-verfy}", 1),
			[]string{
				`SourcePolicy: spec.exceptions.rules[0]: "require-verify" is no rule of this policy: did you mean require-verfy?`,
				`SourcePolicy: spec.rules[0].rule: unknown rule "require-verfy": did you mean require-verify?`,
			}, OwnSummary{}},
		"rego with an error": {strings.Replace(accepting, "  rules:", "  rego: [{name: own, module: \"package fluxgate.custom.own\\n\\nviolations contains http.send({})\"}]\n  rules:", 1),
			[]string{"SourcePolicy: spec.rego[0].module: 3:21: rego_type_error: undefined function http.send"}, OwnSummary{}},
		"another version":       {strings.Replace(accepting, "v1alpha1", "v1", 1), []string{"SourcePolicy: apiVersion: fluxgate.dev/v1 is not read here: write fluxgate.dev/v1alpha1"}, OwnSummary{}},
		"a malformed exception": {exception("e", "reason: TICKET-1, ", ""), []string{"PolicyException: spec.reason: is required: say why, and where that was decided"}, OwnSummary{}},
		"an exception twice": {exception("e") + "---\n" + exception("e"),
			[]string{"PolicyException x/e is also in stdin, document 1, line 1; check what is applied, for example: kustomize build DIR | fluxgate check -"},
			OwnSummary{Exceptions: 1}},
		"a kind of the group that is not read": {"apiVersion: fluxgate.dev/v1alpha1\nkind: PolicyTest\ncases: []\n", nil, OwnSummary{}},
	} {
		t.Run(name, func(t *testing.T) {
			inventory := readStdin(c.manifests)
			var got []string
			for _, wrong := range inventory.Unreadable {
				got = append(got, wrong.Message)
			}
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Errorf("unreadable (-want +got):\n%s", diff)
			}
			if diff := cmp.Diff(c.summary, inventory.Summary.OwnSummary); diff != "" {
				t.Errorf("summary (-want +got):\n%s", diff)
			}
		})
	}
}

func TestTheSummaryTellsOfPoliciesAndExceptions(t *testing.T) {
	s := OwnSummary{SourcePolicies: 2, WithoutEffect: []WithoutEffect{{"x/legacy", "it ended"}}}
	want := "2 SourcePolicies among the manifests: well-formed, and not used to judge, which is for those of --policy\n" +
		"exception x/legacy has no effect: it ended\n"
	if diff := cmp.Diff(want, s.text()); diff != "" {
		t.Errorf("text (-want +got):\n%s", diff)
	}
}

func TestStored(t *testing.T) {
	app := map[string]any{"apiVersion": "source.toolkit.fluxcd.io/v1", "kind": "OCIRepository", "metadata": map[string]any{"name": "app", "namespace": "x"}}
	inventory, err := Stored("with", []map[string]any{app})
	if err != nil {
		t.Fatal(err)
	}
	key := flux.Key{Group: flux.SourceGroup, Kind: "OCIRepository"}
	key.Namespace, key.Name = "x", "app"
	if found, err := inventory.Lookup(t.Context(), key); err != nil || found == nil {
		t.Errorf("got %v and %v, want the object", found, err)
	}
	_, err = Stored("with", []map[string]any{app, app, {"apiVersion": "v1", "kind": "Namespace"}, {"kind": "Secret"}})
	want := "with[1]: OCIRepository x/app is also in with[0]; check what is applied, for example: kustomize build DIR | fluxgate check -\n" +
		"with[2]: Namespace: metadata: is missing or not a mapping\n" +
		"with[3]: is no object: apiVersion or kind is missing"
	if err == nil || err.Error() != want {
		t.Errorf("got %v, want %s", err, want)
	}
}
