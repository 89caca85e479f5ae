package gate_test

import (
	"context"
	"testing"

	"github.com/google/go-cmp/cmp"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/fluxgate/fluxgate/gate"
	"github.com/fluxgate/fluxgate/registry"
)

// strict pins, and demands what it pins.
const strict = `
apiVersion: fluxgate.dev/v1alpha1
kind: SourcePolicy
metadata: {name: strict}
spec:
  match: {namespaces: [prod]}
  action: Deny
  pin: {tags: OnChange, latest: OnChange, semver: Never}
  rules:
    - rule: registry-allowlist
      params: {allow: ["ghcr.io/acme/**"]}
    - rule: require-digest
    - rule: digest-matches-ref
    - rule: forbid-insecure
`

// outcome is what a review comes to, without its wording.
type outcome struct {
	Verdict    string
	Skipped    string
	Violations []string // "policy/rule=action at path"
	Failures   []string // "policy/class=onError at path"
	Pins       []string
	Asked      []string
}

func outcomeOf(d gate.Decision, w *world) outcome {
	o := outcome{Verdict: d.Verdict.String(), Skipped: d.Skipped, Asked: w.asked}
	for _, v := range d.Violations {
		o.Violations = append(o.Violations, v.Policy+"/"+v.Rule+"="+string(v.Action)+" at "+v.Path)
	}
	for _, f := range d.Failures {
		o.Failures = append(o.Failures, f.Policy+"/"+f.Class+"="+string(f.OnError)+" at "+f.Path)
	}
	for _, p := range d.Pins {
		text := p.Path + " from " + p.From + " to " + p.Digest[:10]
		if p.Dry {
			text += " (dry)"
		}
		o.Pins = append(o.Pins, text)
	}
	return o
}

func request(t *testing.T, was, is string) gate.Request {
	t.Helper()
	req := gate.Request{Operation: gate.Create, Object: object(t, is)}
	if was != "" {
		req.Operation, req.Old = gate.Update, object(t, was)
	}
	return req
}

const (
	tagged = "  url: oci://ghcr.io/acme/app\n  ref: {tag: v1}"
	ranged = "  url: oci://ghcr.io/acme/app\n  ref: {semver: '>=1.0.0'}"
	byUser = "  url: oci://ghcr.io/acme/app\n  ref: {tag: v1, digest: \"" + digestA + "\"}"
	record = "  annotations:\n    fluxgate.dev/pin: '{\"digest\":\"" + digestA + "\",\"url\":\"oci://ghcr.io/acme/app\",\"tag\":\"v1\"}'"
)

func TestValidate(t *testing.T) {
	pinned := annotated(record, byUser)
	answers := map[string]any{"ghcr.io/acme/app:v1": digestA}
	down := map[string]any{"ghcr.io/acme/app:v1": failing()}
	pinsAt := "strict/pin=Deny at spec.ref.digest"
	digestAt := "strict/require-digest=Deny at spec.ref.digest"

	tests := map[string]struct {
		policies string
		answers  map[string]any
		labels   map[string]any
		was, is  string
		want     outcome
	}{
		"a pinned object whose tag names the digest is allowed": {
			policies: strict, answers: answers, is: pinned,
			want: outcome{Verdict: "allow", Asked: []string{"ghcr.io/acme/app:v1"}},
		},
		"a pinned object whose pin is unchanged asks nobody": {
			policies: strict, was: pinned, is: annotated(record+"\n  labels: {a: b}", byUser),
			want: outcome{Verdict: "allow"},
		},
		"an unpinned object that should have been pinned is denied with its digest": {
			policies: strict, answers: answers, is: repository(tagged),
			want: outcome{Verdict: "deny", Violations: []string{pinsAt, digestAt}, Asked: []string{"ghcr.io/acme/app:v1"}},
		},
		"an unpinned object is undecided where the registry is down": {
			policies: strict, answers: down, is: repository(tagged),
			want: outcome{Verdict: "error", Failures: []string{"strict/unreachable=Deny at spec.ref"}, Asked: []string{"ghcr.io/acme/app:v1"}},
		},
		"an unpinned object is admitted with a warning where the registry is down and onError is Warn": {
			policies: strict + "  onError: Warn\n", answers: down, is: repository(tagged),
			want: outcome{Verdict: "warn", Failures: []string{"strict/unreachable=Warn at spec.ref"}, Asked: []string{"ghcr.io/acme/app:v1"}},
		},
		"a registry that is not allowed is denied and never asked": {
			policies: strict, is: repository("  url: oci://evil.example/acme/app\n  ref: {tag: v1}"),
			want: outcome{Verdict: "deny", Violations: []string{"strict/registry-allowlist=Deny at spec.url"}},
		},
		"an insecure object is denied before anybody is asked": {
			policies: strict, is: repository(tagged + "\n  insecure: true"),
			want: outcome{Verdict: "deny", Violations: []string{"strict/forbid-insecure=Deny at spec.insecure"}},
		},
		"a digest beside a tag that names another one is denied": {
			policies: strict, answers: map[string]any{"ghcr.io/acme/app:v1": digestB}, is: repository(byUser),
			want: outcome{Verdict: "deny", Violations: []string{"strict/digest-matches-ref=Deny at spec.ref.digest"},
				Asked: []string{"ghcr.io/acme/app:v1"}},
		},
		"a forged record admits no digest that the tag does not name": {
			policies: strict, answers: map[string]any{"ghcr.io/acme/app:v1": digestB}, is: pinned,
			want: outcome{Verdict: "deny", Violations: []string{"strict/digest-matches-ref=Deny at spec.ref.digest"},
				Asked: []string{"ghcr.io/acme/app:v1"}},
		},
		"so it is where the record went with all annotations": {
			policies: strict, answers: map[string]any{"ghcr.io/acme/app:v2": digestA}, was: pinned,
			is: repository("  url: oci://ghcr.io/acme/app\n  ref: {tag: v2, digest: \"" + digestA + "\"}"),
			want: outcome{Verdict: "deny", Violations: []string{"strict/stale-pin=Deny at spec.ref.digest"},
				Asked: []string{"ghcr.io/acme/app:v2"}},
		},
		"a stale pin that is stored already is only warned about": {
			policies: strict,
			was:      annotated(record, "  url: oci://ghcr.io/acme/app\n  ref: {tag: v2, digest: \""+digestA+"\"}"),
			is:       annotated(record+"\n  labels: {a: b}", "  url: oci://ghcr.io/acme/app\n  ref: {tag: v2, digest: \""+digestA+"\"}"),
			want:     outcome{Verdict: "warn", Violations: []string{"strict/stale-pin=Warn at spec.ref.digest"}},
		},
		"a digest of ours beside another tag is a stale pin": {
			policies: strict, answers: map[string]any{"ghcr.io/acme/app:v2": digestA}, was: pinned,
			is: annotated(record, "  url: oci://ghcr.io/acme/app\n  ref: {tag: v2, digest: \""+digestA+"\"}"),
			want: outcome{Verdict: "deny", Violations: []string{"strict/stale-pin=Deny at spec.ref.digest"},
				Asked: []string{"ghcr.io/acme/app:v2"}},
		},
		"a semver range that no policy pins is denied with the digest that would pass": {
			policies: strict, answers: map[string]any{"ghcr.io/acme/app:>=1.0.0": digestA},
			is:   repository(ranged),
			want: outcome{Verdict: "deny", Violations: []string{digestAt}, Asked: []string{"ghcr.io/acme/app:>=1.0.0"}},
		},
		"a semver range is denied for its digest where the registry is down, whatever onError says": {
			policies: strict + "  onError: Allow\n",
			answers:  map[string]any{"ghcr.io/acme/app:>=1.0.0": failing()},
			is:       repository(ranged),
			want:     outcome{Verdict: "deny", Violations: []string{digestAt}, Asked: []string{"ghcr.io/acme/app:>=1.0.0"}},
		},
		"a semver range that is denied for something else too asks nobody": {
			policies: strict, is: repository(ranged + "\n  insecure: true"),
			want: outcome{Verdict: "deny", Violations: []string{"strict/forbid-insecure=Deny at spec.insecure", digestAt}},
		},
		"an object that was in violation before is warned about as long as it pulls the same": {
			policies: strict, was: repository(tagged), is: annotated("  labels: {a: b}", tagged),
			want: outcome{Verdict: "warn", Violations: []string{
				"strict/pin=Warn at spec.ref.digest", "strict/require-digest=Warn at spec.ref.digest"}},
		},
		"an object that was in violation before is denied when its url changes": {
			policies: strict, was: repository("  url: oci://evil.example/acme/app\n  ref: {tag: v1}"),
			is:   repository("  url: oci://evil.example/acme/app2\n  ref: {tag: v1}"),
			want: outcome{Verdict: "deny", Violations: []string{"strict/registry-allowlist=Deny at spec.url"}},
		},
		"an object that was in violation before is denied when it is resumed": {
			policies: strict, was: repository(byUser + "\n  insecure: true\n  suspend: true"),
			is:   repository(byUser + "\n  insecure: true"),
			want: outcome{Verdict: "deny", Violations: []string{"strict/forbid-insecure=Deny at spec.insecure"}},
		},
		"an object that is only suspended passes whatever it is": {
			policies: strict, was: repository(tagged + "\n  insecure: true"), is: repository(tagged + "\n  insecure: true\n  suspend: true"),
			want: outcome{Verdict: "allow", Skipped: "suspending"},
		},
		"an object that is suspended and changed is judged": {
			policies: strict, was: repository(tagged), is: repository(tagged + "\n  insecure: true\n  suspend: true"),
			want: outcome{Verdict: "deny", Violations: []string{"strict/forbid-insecure=Deny at spec.insecure",
				"strict/pin=Warn at spec.ref.digest", "strict/require-digest=Warn at spec.ref.digest"}},
		},
		"an object that loses a finalizer passes whatever it is": {
			policies: strict, was: annotated("  finalizers: [a]", tagged), is: repository(tagged),
			want: outcome{Verdict: "allow", Skipped: "unchanged"},
		},
		"an object that is asked to reconcile passes whatever it is": {
			policies: strict, was: repository(tagged),
			is:   annotated("  annotations: {reconcile.fluxcd.io/requestedAt: now}", tagged),
			want: outcome{Verdict: "allow", Skipped: "unchanged"},
		},
		"an object that is being deleted passes whatever it is": {
			policies: strict, was: annotated("  deletionTimestamp: \"2026-01-01T00:00:00Z\"", tagged),
			is:   annotated("  deletionTimestamp: \"2026-01-01T00:00:00Z\"", tagged+"\n  insecure: true"),
			want: outcome{Verdict: "allow", Skipped: "deleting"},
		},
		"a new object that says of itself that it is being deleted is judged": {
			policies: strict, is: annotated("  deletionTimestamp: \"2026-01-01T00:00:00Z\"", tagged+"\n  insecure: true"),
			want: outcome{Verdict: "deny", Violations: []string{"strict/forbid-insecure=Deny at spec.insecure"}},
		},
		"an object that no policy matches passes": {
			policies: "apiVersion: fluxgate.dev/v1alpha1\nkind: SourcePolicy\nmetadata: {name: other}\nspec:\n  match: {namespaces: [dev]}\n  rules: [{rule: require-digest}]\n",
			is:       repository(tagged), want: outcome{Verdict: "allow", Skipped: "no policy matches"},
		},
		"an object whose namespace cannot be read is undecided": {
			policies: strict, labels: map[string]any{"prod": context.DeadlineExceeded}, is: repository(tagged),
			want: outcome{Verdict: "error", Failures: []string{"/namespace=Deny at metadata.namespace"}},
		},
		"a policy that only audits never makes a review undecided": {
			policies: strict + "---\n" + auditing, answers: answers, is: pinned,
			want: outcome{Verdict: "allow", Violations: []string{"auditing/require-verify=Audit at spec.verify"},
				Asked: []string{"ghcr.io/acme/app:v1"}},
		},
	}
	for sentence, test := range tests {
		t.Run(sentence, func(t *testing.T) {
			w := &world{t: t, policies: test.policies, answers: test.answers, labels: test.labels}
			got, err := w.gate().Validate(context.Background(), request(t, test.was, test.is))
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(test.want, outcomeOf(got, w)); diff != "" {
				t.Errorf("outcome (-want +got):\n%s\n%+v", diff, got)
			}
		})
	}
}

const auditing = `
apiVersion: fluxgate.dev/v1alpha1
kind: SourcePolicy
metadata: {name: auditing}
spec:
  action: Audit
  pin: {tags: OnChange}
  rules:
    - rule: require-verify
`

func TestMutate(t *testing.T) {
	pinned := annotated(record, byUser)
	answers := map[string]any{"ghcr.io/acme/app:v1": digestA}
	down := map[string]any{"ghcr.io/acme/app:v1": failing(), "ghcr.io/acme/app:v2": failing()}
	writes := []string{"spec.ref.digest from tag v1 to sha256:aaa"}
	asked := []string{"ghcr.io/acme/app:v1"}

	tests := map[string]struct {
		policies string
		answers  map[string]any
		was, is  string
		want     outcome
		object   string // as it should be stored; empty where nothing changes
	}{
		"a new tag is pinned": {
			policies: strict, answers: answers, is: repository(tagged),
			want: outcome{Verdict: "allow", Pins: writes, Asked: asked}, object: pinned,
		},
		"a new tag stays unpinned where the registry is down": {
			policies: strict, answers: down, is: repository(tagged),
			want: outcome{Verdict: "allow", Failures: []string{"strict/unreachable=Deny at spec.ref"}, Asked: asked},
		},
		"a registry that is not allowed is never asked": {
			policies: strict, is: repository("  url: oci://evil.example/acme/app\n  ref: {tag: v1}"),
			want: outcome{Verdict: "allow"},
		},
		"an object that a static rule denies is not worth a connection": {
			policies: strict, is: repository(tagged + "\n  insecure: true"),
			want: outcome{Verdict: "allow"},
		},
		"an unchanged pin is left alone, though the tag has moved": {
			policies: strict, was: pinned, is: annotated(record+"\n  labels: {a: b}", byUser),
			want: outcome{Verdict: "allow"},
		},
		"a digest of ours is taken out when its tag changes and the registry is down": {
			policies: strict, answers: down, was: pinned,
			is:     annotated(record, "  url: oci://ghcr.io/acme/app\n  ref: {tag: v2, digest: \""+digestA+"\"}"),
			want:   outcome{Verdict: "allow", Failures: []string{"strict/unreachable=Deny at spec.ref"}, Asked: []string{"ghcr.io/acme/app:v2"}},
			object: repository("  url: oci://ghcr.io/acme/app\n  ref: {tag: v2}"),
		},
		"a digest of ours is taken out when its tag becomes a range that no policy pins": {
			policies: strict, was: pinned,
			is:     annotated(record, "  url: oci://ghcr.io/acme/app\n  ref: {semver: '>=1', digest: \""+digestA+"\"}"),
			want:   outcome{Verdict: "allow"},
			object: repository("  url: oci://ghcr.io/acme/app\n  ref: {semver: '>=1'}"),
		},
		"a digest of ours is taken out when it goes stale where no policy matches any more": {
			policies: "apiVersion: fluxgate.dev/v1alpha1\nkind: SourcePolicy\nmetadata: {name: other}\nspec:\n  match: {namespaces: [dev]}\n  rules: [{rule: require-digest}]\n",
			was:      pinned,
			is:       annotated(record, "  url: oci://ghcr.io/acme/app\n  ref: {tag: v2, digest: \""+digestA+"\"}"),
			want:     outcome{Verdict: "allow"},
			object:   repository("  url: oci://ghcr.io/acme/app\n  ref: {tag: v2}"),
		},
		"the user's digest is left alone, and a record beside it removed": {
			policies: strict, is: annotated(record, "  url: oci://ghcr.io/acme/app\n  ref: {tag: v1, digest: \""+digestB+"\"}"),
			want:   outcome{Verdict: "allow"},
			object: repository("  url: oci://ghcr.io/acme/app\n  ref: {tag: v1, digest: \"" + digestB + "\"}"),
		},
		"a repin asks the registry itself": {
			policies: strict, answers: map[string]any{"ghcr.io/acme/app:v1": digestB}, was: pinned,
			is: annotated(record+"\n    fluxgate.dev/repin: now", byUser),
			want: outcome{Verdict: "allow", Pins: []string{"spec.ref.digest from tag v1 to sha256:bbb"},
				Asked: []string{"ghcr.io/acme/app:v1 fresh"}},
			object: annotated("  annotations:\n    fluxgate.dev/repin: now\n    fluxgate.dev/pin: '{\"digest\":\""+digestB+"\",\"url\":\"oci://ghcr.io/acme/app\",\"tag\":\"v1\"}'",
				"  url: oci://ghcr.io/acme/app\n  ref: {tag: v1, digest: \""+digestB+"\"}"),
		},
		"a policy in Audit reports the pin and writes nothing": {
			policies: auditing, answers: answers, is: repository(tagged),
			want: outcome{Verdict: "allow", Pins: []string{"spec.ref.digest from tag v1 to sha256:aaa (dry)"}, Asked: asked},
		},
		"the policy that pins beats the one that audits": {
			policies: strict + "---\n" + auditing, answers: answers, is: repository(tagged),
			want: outcome{Verdict: "allow", Pins: writes, Asked: asked}, object: pinned,
		},
	}
	for sentence, test := range tests {
		t.Run(sentence, func(t *testing.T) {
			w := &world{t: t, policies: test.policies, answers: test.answers}
			req := request(t, test.was, test.is)
			before := req.Object.DeepCopy()
			stored, got, err := w.gate().Mutate(context.Background(), req)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(test.want, outcomeOf(got, w)); diff != "" {
				t.Errorf("outcome (-want +got):\n%s", diff)
			}
			want := test.object
			if want == "" {
				want = test.is
			}
			if diff := cmp.Diff(object(t, want).Object, stored.Object); diff != "" {
				t.Errorf("stored object (-want +got):\n%s", diff)
			}
			if diff := cmp.Diff(before.Object, req.Object.Object); diff != "" {
				t.Errorf("the request's object was changed (-before +after):\n%s", diff)
			}
		})
	}
}

// TestMutateThenValidate checks that what Mutate makes of an object is what Validate accepts, also when both run again.
func TestMutateThenValidate(t *testing.T) {
	w := &world{t: t, policies: strict, answers: map[string]any{"ghcr.io/acme/app:v1": digestA, "ghcr.io/acme/app:latest": digestB}}
	g := w.gate()
	for sentence, spec := range map[string]string{
		"a tag":  tagged,
		"no ref": "  url: oci://ghcr.io/acme/app",
	} {
		t.Run(sentence, func(t *testing.T) {
			req := request(t, "", repository(spec))
			stored := mustMutate(t, g, req)
			again := mustMutate(t, g, gate.Request{Operation: gate.Create, Object: stored})
			if diff := cmp.Diff(stored.Object, again.Object); diff != "" {
				t.Errorf("a second invocation changed the object (-first +second):\n%s", diff)
			}
			d, err := g.Validate(context.Background(), gate.Request{Operation: gate.Create, Object: again})
			if err != nil || d.Verdict != gate.Allow {
				t.Errorf("Validate = %+v, %v, want allow", d, err)
			}
		})
	}
}

func mustMutate(t *testing.T, g *gate.Gate, req gate.Request) *unstructured.Unstructured {
	t.Helper()
	stored, _, err := g.Mutate(context.Background(), req)
	if err != nil {
		t.Fatal(err)
	}
	return stored
}

func TestADenialNamesTheDigestThatWouldPass(t *testing.T) {
	w := &world{t: t, policies: strict, answers: map[string]any{"ghcr.io/acme/app:>=1.0.0": digestA}}
	denied, err := w.gate().Validate(t.Context(), request(t, "", repository(ranged)))
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff("set spec.ref.digest to "+digestA, denied.Violations[0].Remediation); diff != "" {
		t.Errorf("remediation (-want +got):\n%s", diff)
	}
	with := repository("  url: oci://ghcr.io/acme/app\n  ref: {semver: '>=1.0.0', digest: \"" + digestA + "\"}")
	if d, err := w.gate().Validate(t.Context(), request(t, "", with)); err != nil || d.Verdict != gate.Allow {
		t.Errorf("with that change the verdict is %s, %v", d.Verdict, err)
	}
}

func TestADenialSaysWhyTheDigestThatWouldPassIsNotKnown(t *testing.T) {
	w := &world{t: t, policies: strict, answers: map[string]any{
		"ghcr.io/acme/app:>=1.0.0": &registry.Error{Class: registry.ClassNoMatch, Reference: "ghcr.io/acme/app"},
	}}
	denied, err := w.gate().Validate(t.Context(), request(t, "", repository(ranged)))
	if err != nil {
		t.Fatal(err)
	}
	want := []gate.Note{{Path: "spec.ref", Message: "the digest that would pass is not known: ghcr.io/acme/app: no-version"}}
	if diff := cmp.Diff(want, denied.Notes); diff != "" {
		t.Errorf("notes (-want +got):\n%s", diff)
	}
	if len(denied.Failures) > 0 {
		t.Errorf("failures %v, want none: the object is denied anyway", denied.Failures)
	}
}
