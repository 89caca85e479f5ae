package check

import (
	"context"
	"fmt"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/fluxgate/fluxgate/flux"
	"github.com/fluxgate/fluxgate/gate"
)

// fakeGate answers with its functions; where one is nil, it changes nothing and allows.
type fakeGate struct {
	mutate   func(context.Context, *unstructured.Unstructured) (*unstructured.Unstructured, gate.Decision, error)
	validate func(context.Context, *unstructured.Unstructured) (gate.Decision, error)
}

var _ gate.Reviewer = fakeGate{}

func (g fakeGate) Mutate(ctx context.Context, r gate.Request) (*unstructured.Unstructured, gate.Decision, error) {
	if g.mutate == nil {
		return r.Object, gate.Decision{Verdict: gate.Allow}, nil
	}
	return g.mutate(ctx, r.Object)
}

func (g fakeGate) Validate(ctx context.Context, r gate.Request) (gate.Decision, error) {
	if r.Operation != gate.Create || r.Old != nil {
		return gate.Decision{}, fmt.Errorf("got %s with an old object %v, want CREATE without", r.Operation, r.Old)
	}
	if g.validate == nil {
		return gate.Decision{Verdict: gate.Allow}, nil
	}
	return g.validate(ctx, r.Object)
}

// pinning writes a digest into each OCIRepository.
func pinning(_ context.Context, u *unstructured.Unstructured) (*unstructured.Unstructured, gate.Decision, error) {
	if u.GetKind() != "OCIRepository" {
		return u, gate.Decision{}, nil
	}
	pinned := u.DeepCopy()
	err := unstructured.SetNestedField(pinned.Object, "sha256:1", "spec", "ref", "digest")
	return pinned, gate.Decision{Pins: []gate.Pin{{Path: "spec.ref.digest", From: "tag v1", Digest: "sha256:1"}}}, err
}

const release = `apiVersion: helm.toolkit.fluxcd.io/v2
kind: HelmRelease
metadata: {name: r, namespace: x}
spec: {chartRef: {kind: OCIRepository, name: a}}
`

func TestJudgePutsWhatIsPinnedBeforeValidation(t *testing.T) {
	inventory := readStdin(release + "---\n" + oci("x", "a"))
	key := flux.Key{Group: flux.SourceGroup, Kind: "OCIRepository"}
	key.Namespace, key.Name = "x", "a"
	digest := func(u *unstructured.Unstructured) string {
		digest, _, _ := unstructured.NestedString(u.Object, "spec", "ref", "digest")
		return digest
	}
	seen := func(ctx context.Context, u *unstructured.Unstructured) (gate.Decision, error) {
		referent, err := inventory.Lookup(ctx, key)
		if err != nil {
			return gate.Decision{}, err
		}
		note := gate.Note{Message: fmt.Sprintf("judged with %q, others see %q", digest(u), digest(referent))}
		return gate.Decision{Verdict: gate.Allow, Notes: []gate.Note{note}}, nil
	}
	report := Judge{Gate: fakeGate{mutate: pinning, validate: seen}}.Report(t.Context(), inventory)
	got := map[string][]Note{}
	for _, result := range report.Results {
		got[result.Object.Kind] = result.Notes
	}
	want := map[string][]Note{
		"OCIRepository": {{Message: `judged with "sha256:1", others see ""`}},
		"HelmRelease":   {{Message: `judged with "", others see "sha256:1"`}},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("notes (-want +got):\n%s", diff)
	}
	if kinds := []string{report.Results[0].Object.Kind, report.Results[1].Object.Kind}; kinds[0] != "HelmRelease" {
		t.Errorf("results must be in input order, got %v", kinds)
	}
}

func TestJudgeIsBoundedAndInOrder(t *testing.T) {
	var text strings.Builder
	for n := range 5 * parallel {
		text.WriteString(oci("x", fmt.Sprintf("a%02d", n)) + "---\n")
	}
	var now, most atomic.Int32
	slow := func(context.Context, *unstructured.Unstructured) (gate.Decision, error) {
		running := now.Add(1)
		defer now.Add(-1)
		for {
			before := most.Load()
			if running <= before || most.CompareAndSwap(before, running) {
				break
			}
		}
		time.Sleep(time.Millisecond)
		return gate.Decision{Verdict: gate.Allow}, nil
	}
	report := Judge{Gate: fakeGate{validate: slow}}.Report(t.Context(), readStdin(text.String()))
	for n, result := range report.Results {
		if want := fmt.Sprintf("a%02d", n); result.Object.Name != want {
			t.Fatalf("result %d is of %s, want %s", n, result.Object.Name, want)
		}
	}
	if len(report.Results) != 5*parallel || most.Load() > parallel {
		t.Errorf("got %d results, up to %d at a time; want %d, up to %d", len(report.Results), most.Load(), 5*parallel, parallel)
	}
}

func TestJudgeGivesEachObjectItsOwnDeadline(t *testing.T) {
	wait := func(ctx context.Context, _ *unstructured.Unstructured) (gate.Decision, error) {
		<-ctx.Done()
		return gate.Decision{}, ctx.Err()
	}
	report := Judge{Gate: fakeGate{validate: wait}, Timeout: time.Millisecond}.Report(t.Context(), readStdin(oci("x", "a")))
	want := []NotJudged{{Class: "internal", Message: "context deadline exceeded"}}
	if diff := cmp.Diff(want, report.Results[0].NotJudged); diff != "" {
		t.Errorf("not judged (-want +got):\n%s", diff)
	}
}
