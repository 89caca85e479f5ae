package applyloop_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

const recordAnnotation = "fluxgate.dev/pin"

// forgery is what is written into an object at one step. The digest is that of a tag, "evil" one that no test's ref names.
type forgery struct {
	tag, digest string
	record      string // "evil for v1": a record of the digest of evil, resolved from tag v1; empty is none
}

// TestAForgedRecordAdmitsNothing does everything twice, with forged records and without. A record may have a digest mended
// that would be denied without it; what is then stored must be admissible without its record.
func TestAForgedRecordAdmitsNothing(t *testing.T) {
	mismatch := "[production/digest-matches-ref] spec.ref.digest"
	tests := map[string]struct {
		policy string
		steps  []forgery
		// want is the tag and digest stored in the end, or the first denial; honest the same without any record.
		want, honest []string
	}{
		"on create, for the digest that is there": {
			policy: "prod", steps: []forgery{{tag: "v1", digest: "evil", record: "evil for v1"}},
			want: []string{mismatch}, honest: []string{mismatch},
		},
		"on create, for other inputs: the digest is resolved anew": {
			policy: "prod", steps: []forgery{{tag: "v1", digest: "evil", record: "evil for v2"}},
			want: []string{"v1", "v1"}, honest: []string{mismatch},
		},
		"on create, for another digest": {
			policy: "prod", steps: []forgery{{tag: "v1", digest: "evil", record: "v1 for v1"}},
			want: []string{mismatch}, honest: []string{mismatch},
		},
		"on create without a digest": {
			policy: "prod", steps: []forgery{{tag: "v1", record: "evil for v1"}},
			want: []string{"v1", "v1"}, honest: []string{"v1", "v1"},
		},
		"on create, where the policy trusts the author": {
			policy: "trusting", steps: []forgery{{tag: "v1", digest: "evil", record: "evil for v1"}},
			want: []string{"v1", "evil"}, honest: []string{"v1", "evil"},
		},
		"in an update of the annotation alone": {
			policy: "prod", steps: []forgery{{tag: "v1", digest: "v1"}, {tag: "v1", digest: "v1", record: "evil for v1"}},
			want: []string{"v1", "v1"}, honest: []string{"v1", "v1"},
		},
		"in an update of the annotation alone, for other inputs": {
			policy: "prod", steps: []forgery{{tag: "v1", digest: "v1"}, {tag: "v1", digest: "v1", record: "v1 for v2"}},
			want: []string{"v1", "v1"}, honest: []string{"v1", "v1"},
		},
		"in two steps, first the record and then its digest": {
			policy: "prod",
			steps: []forgery{
				{tag: "v1", digest: "v1"}, {tag: "v1", digest: "v1", record: "evil for v1"}, {tag: "v1", digest: "evil", record: "evil for v1"},
			},
			want: []string{mismatch}, honest: []string{mismatch},
		},
		"in two steps, first a digest alone and then the tag that it is said to be of": {
			policy: "prod", steps: []forgery{{digest: "evil"}, {tag: "v1", digest: "evil", record: "evil for v1"}},
			want: []string{mismatch}, honest: []string{mismatch},
		},
		"in two steps, first the record for the next tag and then that tag": {
			policy: "prod",
			steps:  []forgery{{tag: "v1", digest: "v1", record: "v1 for v2"}, {tag: "v2", digest: "v1", record: "v1 for v2"}},
			want:   []string{mismatch}, honest: []string{mismatch},
		},
		"in two steps, leaving the digest out to have it restored": {
			policy: "prod",
			steps:  []forgery{{tag: "v1", digest: "v1", record: "evil for v1"}, {tag: "v1", record: "evil for v1"}},
			want:   []string{"v1", "v1"}, honest: []string{"v1", "v1"},
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for story, want := range map[string][]string{"with the record": test.want, "without a record": test.honest} {
				n := newTenant(t, released, test.policy)
				if diff := cmp.Diff(want, n.forge(test.steps, story == "with the record")); diff != "" {
					t.Errorf("%s (-want +got):\n%s", story, diff)
				}
			}
		})
	}
}

// forge takes the steps, and returns the tag and the digest that are stored in the end, or the first denial.
func (n *tenant) forge(steps []forgery, recorded bool) []string {
	n.Helper()
	digests := map[string]string{"v1": n.push("v1"), "v2": n.push("v2"), "evil": n.push("evil")}
	for i, step := range steps {
		manifest := n.app(ref{tag: step.tag, digest: digests[step.digest]})
		if recorded && step.record != "" {
			digest, tag, _ := strings.Cut(step.record, " for ")
			manifest = annotated(manifest, recordAnnotation,
				fmt.Sprintf(`{"digest":%q,"url":"oci://%s","tag":%q}`, digests[digest], n.repository, tag))
		}
		if err := n.write(manifest, i == 0); err != nil {
			return denying(err)
		}
	}
	live := n.get(n.app(ref{}))
	n.expectAdmissibleWithoutRecord(live)
	tag, _, _ := unstructured.NestedString(live.Object, "spec", "ref", "tag")
	digest, _, _ := unstructured.NestedString(live.Object, "spec", "ref", "digest")
	for name := range digests {
		if digests[name] == digest {
			digest = name
		}
	}
	return []string{tag, digest}
}

// write creates or replaces, so that nobody applies a field.
func (n *tenant) write(manifest *unstructured.Unstructured, create bool) error {
	if create {
		return n.client.Create(n.Context(), manifest)
	}
	manifest.SetResourceVersion(n.get(manifest).GetResourceVersion())
	return n.client.Update(n.Context(), manifest)
}

func (n *tenant) expectAdmissibleWithoutRecord(stored *unstructured.Unstructured) {
	n.Helper()
	honest := &unstructured.Unstructured{Object: content(without(stored, "metadata", "annotations"))}
	honest.SetName("honest")
	if err := n.client.Create(n.Context(), honest, client.DryRunAll); err != nil {
		n.Errorf("what a forged record had stored is refused without it: %v", err)
	}
}
