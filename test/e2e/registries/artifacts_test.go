package registries_test

import (
	"maps"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// helmLayer selects the layer of a chart, as an OCIRepository for a HelmRelease does.
const helmLayer = "application/vnd.cncf.helm.chart.content.v1.tar+gzip"

// TestWhatATagNames resolves a tag of each sort of artifact: to the digest that was pushed, by one HEAD, whatever it is of.
func TestWhatATagNames(t *testing.T) {
	team, flux := newTenant(t, "artifacts"), newTenant(t, "flux-artifacts")
	charts := spec{"layerSelector": spec{"mediaType": helmLayer, "operation": "copy"}}
	for name, c := range map[string]struct {
		repository, tag string
		push            func(repository string) (digest string, err error)
		more            spec
	}{
		"as flux push artifact lays it out": {"acme/artifacts/flux", "v1", func(repository string) (string, error) {
			return w.public.Push(repository, "v1")
		}, nil},
		"the tag latest, as nothing is said": {"acme/artifacts/latest", "latest", func(repository string) (string, error) {
			return w.public.Push(repository, "latest")
		}, spec{"ref": spec{}}},
		"a Helm chart": {"acme/artifacts/podinfo", "6.9.0", func(repository string) (string, error) {
			return w.public.PushChart(repository, "podinfo", "6.9.0")
		}, charts},
		"a Helm chart with build metadata": {"acme/artifacts/built", "6.9.0_build.7", func(repository string) (string, error) {
			return w.public.PushChart(repository, "built", "6.9.0+build.7")
		}, charts},
		"an index: its own digest, not that of a part": {"acme/artifacts/index", "v1", func(repository string) (string, error) {
			return w.public.PushIndex(repository, "v1")
		}, nil},
	} {
		t.Run(name, func(t *testing.T) {
			digest, err := c.push(public + "/" + c.repository)
			if err != nil {
				t.Fatal(err)
			}
			w.artifacts[digest] = c.repository + ":" + c.tag
			more := c.more
			if more["ref"] == nil {
				more = with(more, "ref", spec{"tag": c.tag})
			}
			got, want := team.apply(t, public+"/"+c.repository, more), "pinned to "+c.repository+":"+c.tag
			if got != want {
				t.Errorf("got %q, want %q", got, want)
			}
			wantRequests(t, w.public, c.repository, "HEAD /v2/"+c.repository+"/manifests/"+c.tag+" 200")
			_, pulled := flux.leave(t, public+"/"+c.repository, more)
			alike(t, name, got, pulled())
		})
	}
}

// with returns a spec with one more field.
func with(fields spec, key string, value any) spec {
	added := spec{key: value}
	maps.Copy(added, fields)
	return added
}

func TestATagThatDoesNotExist(t *testing.T) {
	team := newTenant(t, "absent")
	got := map[string]string{
		"no such tag":        team.apply(t, public+"/acme/app", spec{"ref": spec{"tag": "v9"}}),
		"no such repository": team.apply(t, public+"/acme/none", nil),
	}
	const denied = `admission webhook "validate.fluxgate.dev" denied the request: undecided, so not admitted:` + "\nnot judged: [pinned] spec.ref: "
	const advice = ": not-found: the tag or the repository does not exist"
	want := map[string]string{
		"no such tag":        denied + public + "/acme/app:v9" + advice,
		"no such repository": denied + public + "/acme/none:v1" + advice,
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("answers (-want +got):\n%s", diff)
	}
}
