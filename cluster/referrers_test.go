package cluster_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"
	toolscache "k8s.io/client-go/tools/cache"
	watched "k8s.io/client-go/tools/cache/testing"
	"sigs.k8s.io/controller-runtime/pkg/cache"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/fluxgate/fluxgate/cluster"
	"github.com/fluxgate/fluxgate/flux"
	"github.com/fluxgate/fluxgate/policy"
)

// listed is a source of objects that lists, and does not stream its list as an API server would.
type listed struct{ *watched.FakeControllerSource }

// IsWatchListSemanticsUnSupported is asked by the reflector of client-go.
func (listed) IsWatchListSemanticsUnSupported() bool { return true }

// watching is a cache whose informers are real, and watch lists that the test changes.
type watching struct {
	client.Reader
	t       *testing.T
	sources map[string]*watched.FakeControllerSource // by kind
	asked   []string
}

func newWatching(t *testing.T, namespaces ...client.Object) *watching {
	w := &watching{Reader: reader(t, namespaces...), t: t, sources: map[string]*watched.FakeControllerSource{}}
	for _, gk := range flux.Referring() {
		source := watched.NewFakeControllerSource()
		t.Cleanup(func() { source.Broadcaster.Shutdown() })
		w.sources[gk.Kind] = source
	}
	return w
}

func (w *watching) GetInformer(ctx context.Context, obj client.Object, _ ...cache.InformerGetOption) (cache.Informer, error) {
	kind := obj.GetObjectKind().GroupVersionKind().Kind
	if slices.Contains(w.asked, kind) {
		w.t.Errorf("%s is watched twice", kind)
	}
	w.asked = append(w.asked, kind)
	informer := toolscache.NewSharedIndexInformer(listed{w.sources[kind]}, obj, 0, toolscache.Indexers{})
	if err := informer.SetTransform(cluster.Slim); err != nil {
		return nil, err
	}
	stopped := make(chan struct{})
	go func() { defer close(stopped); informer.Run(ctx.Done()) }()
	w.t.Cleanup(func() { <-stopped })
	return informer, nil
}

// mapping knows the kinds that refer to others, but for those that are left out.
func mapping(without ...string) *meta.DefaultRESTMapper {
	versions := map[string]string{flux.HelmGroup: "v2", flux.KustomizeGroup: "v1", flux.SourceGroup: "v1"}
	var preferred []schema.GroupVersion
	for group, version := range versions {
		preferred = append(preferred, schema.GroupVersion{Group: group, Version: version})
	}
	mapper := meta.NewDefaultRESTMapper(preferred)
	for _, gk := range flux.Referring() {
		if !slices.Contains(without, gk.Kind) {
			mapper.Add(gk.WithVersion(versions[gk.Group]), meta.RESTScopeNamespace)
		}
	}
	return mapper
}

func referrer(apiVersion, kind, name, spec string) *unstructured.Unstructured {
	u := &unstructured.Unstructured{}
	text := fmt.Sprintf(`{"apiVersion":%q,"kind":%q,"metadata":{"namespace":"prod","name":%q},"spec":%s}`, apiVersion, kind, name, spec)
	if err := u.UnmarshalJSON([]byte(text)); err != nil {
		panic(err)
	}
	return u
}

func releaseOf(name, source string) *unstructured.Unstructured {
	return referrer("helm.toolkit.fluxcd.io/v2", "HelmRelease", name,
		`{"values":{"a":1},"targetNamespace":"live","chartRef":{"kind":"OCIRepository","namespace":"lax","name":"`+source+`"}}`)
}

func appKey(name string) flux.Key {
	return flux.Key{Group: flux.SourceGroup, Kind: "OCIRepository", NamespacedName: types.NamespacedName{Namespace: "lax", Name: name}}
}

// names are the namespaces that refer to a source.
func names(t *testing.T, r *cluster.Referrers, source flux.Key) []string {
	t.Helper()
	all, err := r.Referring(t.Context(), source)
	if err != nil {
		t.Fatal(err)
	}
	var found []string
	for _, namespace := range all {
		found = append(found, namespace.Name)
	}
	return found
}

// eventually waits for what a watch brings.
func eventually(t *testing.T, r *cluster.Referrers, source flux.Key, want ...string) {
	t.Helper()
	var got []string
	for deadline := time.Now().Add(10 * time.Second); time.Now().Before(deadline); time.Sleep(5 * time.Millisecond) {
		if got = names(t, r, source); slices.Equal(got, want) {
			return
		}
	}
	t.Fatalf("%s is referred to by %v, want %v", source.Name, got, want)
}

func TestReferrersFollowWhatIsWatched(t *testing.T) {
	w := newWatching(t, namespace(map[string]string{"environment": "production"}))
	releases, kustomizations := w.sources["HelmRelease"], w.sources["Kustomization"]
	for n := range 100 {
		releases.Add(releaseOf(fmt.Sprintf("old-%d", n), "old"))
	}
	r := cluster.NewReferrers(w, mapping())
	if err := r.Watch(t.Context()); err != nil {
		t.Fatal(err)
	}

	// What was there is known as soon as Watch returns, with the labels that the cache has.
	got, err := r.Referring(t.Context(), appKey("old"))
	if err != nil {
		t.Fatal(err)
	}
	want := []policy.Namespace{{Name: "live"}, {Name: "prod", Labels: map[string]string{"environment": "production"}}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("namespaces that refer to old (-want +got):\n%s", diff)
	}

	releases.Add(releaseOf("app", "a"))
	eventually(t, r, appKey("a"), "live", "prod")
	releases.Modify(releaseOf("app", "b"))
	eventually(t, r, appKey("b"), "live", "prod")
	eventually(t, r, appKey("a"))

	kustomizations.Add(referrer("kustomize.toolkit.fluxcd.io/v1", "Kustomization", "app", `{"sourceRef":{"kind":"OCIRepository","namespace":"lax","name":"b"}}`))
	releases.Delete(releaseOf("app", "b"))
	eventually(t, r, appKey("b"), "prod")

	// A deletion that the watch did not see is found when everything is listed again.
	for n := range 100 {
		releases.DeleteDropWatch(releaseOf(fmt.Sprintf("old-%d", n), "old"))
	}
	releases.ResetWatch()
	eventually(t, r, appKey("old"))
}

func TestReferrersLeadThroughAHelmChart(t *testing.T) {
	w := newWatching(t)
	r := cluster.NewReferrers(w, mapping())
	if err := r.Watch(t.Context()); err != nil {
		t.Fatal(err)
	}
	w.sources["HelmRelease"].Add(referrer("helm.toolkit.fluxcd.io/v2", "HelmRelease", "app", `{"targetNamespace":"live","chartRef":{"kind":"HelmChart","name":"app"}}`))
	w.sources["HelmChart"].Add(referrer("source.toolkit.fluxcd.io/v1", "HelmChart", "app", `{"chart":"app","sourceRef":{"kind":"HelmRepository","name":"charts"}}`))
	charts := flux.Key{Group: flux.SourceGroup, Kind: "HelmRepository", NamespacedName: types.NamespacedName{Namespace: "prod", Name: "charts"}}
	eventually(t, r, charts, "live", "prod")
}

func TestReferrersWithoutSomeOfTheKinds(t *testing.T) {
	w := newWatching(t)
	r := cluster.NewReferrers(w, mapping("Kustomization", "HelmChart"))
	if err := r.Watch(t.Context()); err != nil {
		t.Fatal(err)
	}
	w.sources["HelmRelease"].Add(releaseOf("app", "a"))
	eventually(t, r, appKey("a"), "live", "prod")
	if diff := cmp.Diff([]string{"HelmRelease"}, w.asked); diff != "" {
		t.Errorf("watched kinds (-want +got):\n%s", diff)
	}
}

// installing is a mapper of an API server whose kinds change.
type installing struct {
	meta.RESTMapper
	now atomic.Pointer[meta.DefaultRESTMapper]
}

func (m *installing) RESTMapping(gk schema.GroupKind, versions ...string) (*meta.RESTMapping, error) {
	return m.now.Load().RESTMapping(gk, versions...)
}

func TestReferrersFindAKindThatIsInstalledLater(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		installed := &installing{}
		installed.now.Store(mapping("HelmRelease"))
		w := newWatching(t)
		w.sources["HelmRelease"].Add(releaseOf("app", "a"))
		r := cluster.NewReferrers(w, installed)
		if err := r.Watch(t.Context()); err != nil {
			t.Fatal(err)
		}
		ended := make(chan error, 1)
		go func() { ended <- r.Run(t.Context()) }()
		time.Sleep(time.Minute)
		if diff := cmp.Diff([]string(nil), names(t, r, appKey("a"))); diff != "" {
			t.Errorf("namespaces without the kind (-want +got):\n%s", diff)
		}
		installed.now.Store(mapping())
		time.Sleep(11 * time.Second)
		synctest.Wait()
		if diff := cmp.Diff([]string{"live", "prod"}, names(t, r, appKey("a"))); diff != "" {
			t.Errorf("namespaces with the kind (-want +got):\n%s", diff)
		}
		t.Cleanup(func() {
			if err := <-ended; err != nil {
				t.Errorf("Run ended with %v", err)
			}
		})
	})
}

// broken is a mapper of an API server that does not answer.
type broken struct{ meta.RESTMapper }

func (broken) RESTMapping(schema.GroupKind, ...string) (*meta.RESTMapping, error) {
	return nil, errDown
}

func TestReferrersThatCannotBeReadAreAnError(t *testing.T) {
	if err := cluster.NewReferrers(newWatching(t), broken{}).Watch(t.Context()); !errors.Is(err, errDown) {
		t.Errorf("error %v, want %v", err, errDown)
	}
	stuck := newWatching(t)
	for _, source := range stuck.sources {
		source.ListError = errDown
	}
	ctx, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
	defer cancel()
	if err := cluster.NewReferrers(stuck, mapping()).Watch(ctx); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("error %v, want %v", err, context.DeadlineExceeded)
	}
}

func TestSlimKeepsOfAReleaseWhatItRefersTo(t *testing.T) {
	release := releaseOf("app", "a")
	release.SetManagedFields([]metav1.ManagedFieldsEntry{{Manager: "m"}})
	release.SetResourceVersion("7")
	want := map[string]any{
		"apiVersion": "helm.toolkit.fluxcd.io/v2", "kind": "HelmRelease",
		"metadata": map[string]any{"namespace": "prod", "name": "app", "resourceVersion": "7"},
		"spec": map[string]any{
			"targetNamespace": "live", "chartRef": map[string]any{"kind": "OCIRepository", "namespace": "lax", "name": "a"},
		},
	}
	got, err := cluster.Slim(release)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, got.(*unstructured.Unstructured).Object); diff != "" {
		t.Errorf("object (-want +got):\n%s", diff)
	}
}
