package gate_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/fluxgate/fluxgate/gate"
)

// secure is for production only; a namespace is in it by its label too.
const secure = `
apiVersion: fluxgate.dev/v1alpha1
kind: SourcePolicy
metadata: {name: secure}
spec:
  match:
    namespaces: [prod]
    namespaceSelector: {matchLabels: {environment: production}}
  rules: [{rule: forbid-insecure}]
`

// everywhere is for all namespaces.
const everywhere = `
apiVersion: fluxgate.dev/v1alpha1
kind: SourcePolicy
metadata: {name: everywhere}
spec:
  action: Warn
  rules: [{rule: forbid-insecure}]
`

// lax is an OCIRepository lax/app with more of its spec.
func lax(more string) string {
	return strings.Replace(repository(byUser+more), "namespace: prod", "namespace: lax", 1)
}

// leaning is a HelmRelease of a namespace that refers to lax/app, with more of its spec.
func leaning(namespace, more string) string {
	return `{apiVersion: helm.toolkit.fluxcd.io/v2, kind: HelmRelease, metadata: {name: app, namespace: ` + namespace + `},
  spec: {chartRef: {kind: OCIRepository, name: app, namespace: lax}` + more + `}}`
}

func TestASourceIsJudgedForTheNamespacesThatReferToIt(t *testing.T) {
	const insecure = "\n  insecure: true"
	denied := outcome{Verdict: "deny", Violations: []string{"secure/forbid-insecure=Deny at spec.insecure"}}
	nobody := outcome{Verdict: "allow", Skipped: "no policy matches"}
	const (
		chart  = `{apiVersion: source.toolkit.fluxcd.io/v1, kind: HelmChart, metadata: {name: app, namespace: lax}, spec: {chart: app, sourceRef: {kind: HelmRepository, name: charts}}}`
		charts = `{apiVersion: source.toolkit.fluxcd.io/v1, kind: HelmRepository, metadata: {name: charts, namespace: lax}, spec: {type: oci, url: "oci://ghcr.io/acme", insecure: true}}`
	)
	byChart := strings.Replace(leaning("prod", ""), "kind: OCIRepository", "kind: HelmChart", 1)
	tests := map[string]struct {
		policies  string // secure where empty
		referrers []string
		labels    map[string]any
		was, is   string
		want      outcome
	}{
		"nobody refers to it": {is: lax(insecure), want: nobody},
		"a release of production refers to it": {
			referrers: []string{leaning("prod", "")}, is: lax(insecure), want: denied},
		"a suspended release of production refers to it": {
			referrers: []string{leaning("prod", ", suspend: true")}, is: lax(insecure), want: denied},
		"a release that installs into production refers to it": {
			referrers: []string{leaning("dev", ", targetNamespace: prod")}, is: lax(insecure), want: denied},
		"a release of a namespace that is production by its label refers to it": {
			referrers: []string{leaning("shop", "")}, is: lax(insecure), want: denied,
			labels: map[string]any{"shop": map[string]string{"environment": "production"}}},
		"a release of another lax namespace refers to it": {
			referrers: []string{leaning("dev", "")}, is: lax(insecure), want: nobody},
		"a release of production refers to another source": {
			referrers: []string{strings.Replace(leaning("prod", ""), "name: app, namespace: lax", "name: other, namespace: lax", 1)},
			is:        lax(insecure), want: nobody},
		"a release of production refers to a source of the same name, and another kind": {
			referrers: []string{byChart}, is: lax(insecure), want: nobody},
		"a release of production leads to a HelmRepository through a HelmChart": {
			referrers: []string{byChart, chart}, is: charts, want: denied},
		"a HelmChart that nobody leads through": {referrers: []string{chart}, is: charts, want: nobody},
		"both its own namespace and the one that refers to it have policies": {
			policies: secure + "---\n" + everywhere, referrers: []string{leaning("prod", "")}, is: lax(insecure),
			want: outcome{Verdict: "deny", Violations: []string{
				"secure/forbid-insecure=Deny at spec.insecure", "everywhere/forbid-insecure=Warn at spec.insecure"}}},
		"a source that was insecure before is only warned about, as it would be in production": {
			referrers: []string{leaning("prod", "")}, was: lax(insecure), is: strings.Replace(lax(insecure), "interval: 10m", "interval: 5m", 1),
			want: outcome{Verdict: "warn", Violations: []string{"secure/forbid-insecure=Warn at spec.insecure"}}},
		"a source that becomes insecure is denied": {
			referrers: []string{leaning("prod", "")}, was: lax(""), is: lax(insecure), want: denied},
		"the labels of a namespace that refers to it cannot be read": {
			referrers: []string{leaning("prod", "")}, is: lax(insecure), labels: map[string]any{"prod": errors.New("away")},
			want: outcome{Verdict: "error", Failures: []string{"/namespace=Deny at metadata.namespace"}}},
		"a source whose name is still to be generated": {
			referrers: []string{leaning("prod", "")}, is: strings.Replace(lax(insecure), "  name: app", "  generateName: app-", 1), want: nobody},
		"a HelmRelease is nobody's source": {
			referrers: []string{leaning("prod", "")}, is: leaning("dev", ""), want: nobody},
	}
	for sentence, test := range tests {
		t.Run(sentence, func(t *testing.T) {
			if test.policies == "" {
				test.policies = secure
			}
			w := &world{t: t, policies: test.policies, referrers: test.referrers, labels: test.labels}
			got, err := w.gate().Validate(t.Context(), request(t, test.was, test.is))
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(test.want, outcomeOf(got, w)); diff != "" {
				t.Errorf("outcome (-want +got):\n%s\n%+v", diff, got)
			}
		})
	}
}

func TestASourceIsPinnedForTheNamespacesThatReferToIt(t *testing.T) {
	w := &world{t: t, policies: strict, referrers: []string{leaning("prod", "")}, answers: map[string]any{"ghcr.io/acme/app:v1": digestA}}
	in := func(text string) string { return strings.Replace(text, "namespace: prod", "namespace: lax", 1) }
	stored := mustMutate(t, w.gate(), request(t, "", in(repository(tagged))))
	if diff := cmp.Diff(object(t, in(annotated(record, byUser))).Object, stored.Object); diff != "" {
		t.Errorf("stored object (-want +got):\n%s", diff)
	}
}

func TestANoteSaysForWhomASourceIsJudged(t *testing.T) {
	note := func(who string) []gate.Note {
		return []gate.Note{{Path: "metadata.namespace", Message: "judged for " + who + " too, whose objects refer to it"}}
	}
	var many []string
	labels := map[string]any{}
	for i := range 9 {
		name := fmt.Sprintf("shop-%d", i)
		many = append(many, leaning(name, ""))
		labels[name] = map[string]string{"environment": "production"}
	}
	tests := map[string]struct {
		policies  string
		referrers []string
		want      []gate.Note
	}{
		"one namespace":                    {policies: secure, referrers: []string{leaning("prod", ""), leaning("dev", "")}, want: note("namespace prod")},
		"two namespaces":                   {policies: secure, referrers: many[:2], want: note("namespaces shop-0 and shop-1")},
		"three namespaces":                 {policies: secure, referrers: many[:3], want: note("namespaces shop-0, shop-1 and shop-2")},
		"nine namespaces":                  {policies: secure, referrers: many, want: note("namespaces shop-0, shop-1, shop-2 and 6 more")},
		"its own namespace has them too":   {policies: everywhere, referrers: many},
		"its own namespace has some of it": {policies: everywhere + "---\n" + secure, referrers: many[:1], want: note("namespace shop-0")},
	}
	for sentence, test := range tests {
		t.Run(sentence, func(t *testing.T) {
			w := &world{t: t, policies: test.policies, referrers: test.referrers, labels: labels}
			got, err := w.gate().Validate(t.Context(), request(t, "", lax("")))
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(test.want, got.Notes); diff != "" {
				t.Errorf("notes (-want +got):\n%s", diff)
			}
			if _, d, err := w.gate().Mutate(t.Context(), request(t, "", lax(""))); err != nil || len(d.Notes) > 0 {
				t.Errorf("Mutate gave the notes %v, %v; it is for Validate to give them, once", d.Notes, err)
			}
		})
	}
}
