package gitops_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"strings"
	"testing"
	"time"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/yaml"

	"github.com/fluxgate/fluxgate/test/fluxcontrollers"
	"github.com/fluxgate/fluxgate/test/signing"
)

// fleet is a namespace whose manifests come from an artifact, and an application that they name.
type fleet struct {
	*testing.T
	client    client.Client
	namespace string
	// manifests and app are repositories.
	manifests, app string
	key            signing.Key
	public         []byte
	signing.Place
	// seen is how many applies wantSteady has looked at.
	seen int
}

func newFleet(t *testing.T, name string) *fleet {
	t.Helper()
	f := &fleet{T: t, namespace: "apps-" + name, manifests: "ghcr.io/fleet/" + name, app: "ghcr.io/acme/" + name}
	var err error
	f.client, err = client.New(world.Config, client.Options{})
	f.must(err)
	f.must(world.CreateNamespace(t.Context(), f.namespace, nil))
	f.key, err = signing.NewKey(signing.ECDSA)
	f.must(err)
	f.public, err = f.key.Public()
	f.must(err)
	f.placeAt(f.app)
	return f
}

// placeAt is where the application is signed.
func (f *fleet) placeAt(repository string) {
	f.Helper()
	var err error
	f.Place, err = signing.In(world.Registry, repository)
	f.must(err)
}

func (f *fleet) must(err error) {
	f.Helper()
	if err != nil {
		f.Fatal(err)
	}
}

// release pushes the application under a tag, signed.
func (f *fleet) release(tag string) (digest string) {
	f.Helper()
	digest = world.Registry.MustPush(f, f.app, tag)
	f.must(f.SignBundle(digest, f.key))
	return digest
}

// secret holds the public key.
func (f *fleet) secret() string {
	return fmt.Sprintf("apiVersion: v1\nkind: Secret\nmetadata: {name: keys, namespace: %s}\nstringData: {cosign.pub: %q}\n", f.namespace, f.public)
}

// repository is the manifest of the application, as it stands in Git: there is no digest in it.
func (f *fleet) repository(ref string) string {
	f.Helper()
	return f.manifest("source.toolkit.fluxcd.io/v1", "OCIRepository", fmt.Sprintf(
		"  interval: 1m\n  url: oci://%s\n  ref: %s\n  verify: {provider: cosign, secretRef: {name: keys}}\n", f.app, ref))
}

// manifest is that of an object called app, which Flux reconciles.
func (f *fleet) manifest(apiVersion, kind, spec string) string {
	f.Helper()
	obj := &unstructured.Unstructured{}
	f.must(yaml.Unmarshal(fmt.Appendf(nil, "apiVersion: %s\nkind: %s\nmetadata: {name: app, namespace: %s}\nspec:\n%s",
		apiVersion, kind, f.namespace, spec), &obj.Object))
	fluxcontrollers.Mark(obj)
	text, err := yaml.Marshal(obj.Object)
	f.must(err)
	return string(text)
}

// publish pushes manifests as the artifact that is applied.
func (f *fleet) publish(files map[string]string) {
	f.Helper()
	_, err := world.Registry.PushFiles(f.manifests, "main", maps.Clone(files))
	f.must(err)
}

// follow lets Flux apply the manifests, and again every second.
func (f *fleet) follow() {
	f.Helper()
	for _, text := range []string{
		"apiVersion: source.toolkit.fluxcd.io/v1\nkind: OCIRepository\nmetadata: {name: FLEET, namespace: fleets}\n" +
			"spec: {interval: 2s, url: 'oci://" + f.manifests + "', ref: {tag: main}}\n",
		"apiVersion: kustomize.toolkit.fluxcd.io/v1\nkind: Kustomization\nmetadata: {name: FLEET, namespace: fleets}\n" +
			"spec: {interval: 1s, retryInterval: 1s, prune: true, sourceRef: {kind: OCIRepository, name: FLEET}}\n",
	} {
		obj := &unstructured.Unstructured{}
		f.must(yaml.Unmarshal([]byte(strings.ReplaceAll(text, "FLEET", f.namespace)), &obj.Object))
		fluxcontrollers.Mark(obj)
		f.must(f.client.Create(f.Context(), obj))
	}
}

// stored is the application's OCIRepository; nil where there is none.
func (f *fleet) stored() *unstructured.Unstructured {
	f.Helper()
	return f.storedAs("source.toolkit.fluxcd.io/v1", "OCIRepository")
}

func (f *fleet) storedAs(apiVersion, kind string) *unstructured.Unstructured {
	f.Helper()
	obj := &unstructured.Unstructured{Object: map[string]any{"apiVersion": apiVersion, "kind": kind}}
	err := f.client.Get(f.Context(), client.ObjectKey{Namespace: f.namespace, Name: "app"}, obj)
	if client.IgnoreNotFound(err) != nil {
		f.Fatal(err)
	}
	if err != nil {
		return nil
	}
	return obj
}

func digestOf(obj *unstructured.Unstructured) string {
	if obj == nil {
		return ""
	}
	digest, _, _ := unstructured.NestedString(obj.Object, "spec", "ref", "digest")
	return digest
}

// untilStored waits for a digest in the stored object.
func (f *fleet) untilStored(what, digest string) {
	f.Helper()
	f.until(what, func() bool { return digestOf(f.stored()) == digest })
}

// generation counts the changes of the stored spec.
func (f *fleet) generation() int64 { return f.stored().GetGeneration() }

// status is that of the Kustomization, as JSON.
func (f *fleet) status() string {
	f.Helper()
	obj := &unstructured.Unstructured{Object: map[string]any{"apiVersion": "kustomize.toolkit.fluxcd.io/v1", "kind": "Kustomization"}}
	f.must(f.client.Get(f.Context(), client.ObjectKey{Namespace: "fleets", Name: f.namespace}, obj))
	text, err := json.Marshal(obj.Object["status"])
	f.must(err)
	return string(text)
}

// until waits for what Flux does in its own time.
func (f *fleet) until(what string, done func() bool) {
	f.Helper()
	for deadline := time.Now().Add(2 * time.Minute); !done(); time.Sleep(100 * time.Millisecond) {
		if time.Now().After(deadline) {
			f.Fatalf("waited in vain for %s; stored is %v; kustomize-controller says\n%s", what, f.stored(), f.said())
		}
	}
}

// applied is what kustomize-controller says that it did with the object called app of a kind, each time that it applied: "created",
// "configured", "unchanged".
func (f *fleet) applied(kind string) []string {
	f.Helper()
	var done []string
	for _, output := range f.outputs() {
		done = append(done, output[kind+"/"+f.namespace+"/app"])
	}
	return done
}

// outputs are what it says that it did, by object, each time that it applied all.
func (f *fleet) outputs() []map[string]string {
	f.Helper()
	var done []map[string]string
	for line := range strings.Lines(kustomize.Log()) {
		var entry struct {
			Message string            `json:"msg"`
			Name    string            `json:"name"`
			Output  map[string]string `json:"output"`
		}
		if json.Unmarshal([]byte(line), &entry) != nil || entry.Name != f.namespace {
			continue // still being written, or of another fleet
		}
		if entry.Message == "server-side apply completed" {
			done = append(done, entry.Output)
		}
	}
	return done
}

// said are the last lines about the fleet.
func (f *fleet) said() string {
	var said []string
	for line := range strings.Lines(kustomize.Log()) {
		if strings.Contains(line, f.namespace) {
			said = append(said, line)
		}
	}
	return strings.Join(said[max(0, len(said)-5):], "")
}
