package applyloop_test

import (
	"encoding/json"
	"maps"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/yaml"
)

// ref is what the author of an OCIRepository writes; what is empty is not written.
type ref struct {
	url                 string // the tenant's repository where empty
	tag, semver, digest string
	semverFilter        string
}

// app is the tenant's OCIRepository "app". It spells out what Flux's CRD fills in by itself.
func (n *tenant) app(r ref) *unstructured.Unstructured {
	if r.url == "" {
		r.url = "oci://" + n.repository
	}
	spec := map[string]any{"interval": "10m", "provider": "generic", "timeout": "60s", "url": r.url}
	if fields := texts("tag", r.tag, "semver", r.semver, "semverFilter", r.semverFilter, "digest", r.digest); len(fields) > 0 {
		spec["ref"] = fields
	}
	return n.object("source.toolkit.fluxcd.io/v1", "OCIRepository", "app", spec)
}

func (n *tenant) object(apiVersion, kind, name string, spec map[string]any) *unstructured.Unstructured {
	return &unstructured.Unstructured{Object: map[string]any{
		"apiVersion": apiVersion, "kind": kind,
		"metadata": map[string]any{"namespace": n.namespace, "name": name},
		"spec":     spec,
	}}
}

// fromYAML is an object of the tenant's namespace with a spec in YAML.
func (n *tenant) fromYAML(apiVersion, kind, name, spec string) *unstructured.Unstructured {
	n.Helper()
	var fields map[string]any
	if err := yaml.Unmarshal([]byte(spec), &fields); err != nil {
		n.Fatal(err)
	}
	return n.object(apiVersion, kind, name, fields)
}

// pinned is a manifest as Fluxgate should store it: with the digest, and the record of what it was resolved from.
func pinned(manifest *unstructured.Unstructured, digest string) *unstructured.Unstructured {
	return pinnedAt(manifest, digest, "spec")
}

// pinnedAt is pinned for an OCIRepository's spec at a path.
func pinnedAt(manifest *unstructured.Unstructured, digest string, path ...string) *unstructured.Unstructured {
	stored := manifest.DeepCopy()
	spec, _, _ := unstructured.NestedFieldNoCopy(stored.Object, path...)
	fields := spec.(map[string]any)
	written, _ := fields["ref"].(map[string]any)
	fields["ref"] = with(written, "digest", digest)
	record := with(written, "digest", digest)
	record["url"] = fields["url"]
	return annotated(stored, "fluxgate.dev/pin", inOrder(record, "digest", "url", "tag", "semver", "semverFilter"))
}

// inOrder writes fields as JSON in the order of their names here.
func inOrder(fields map[string]any, names ...string) string {
	var text string
	for _, name := range names {
		if value, found := fields[name]; found {
			pair, _ := json.Marshal(map[string]any{name: value}) // texts always have JSON
			text += "," + string(pair[1:len(pair)-1])
		}
	}
	return "{" + text[1:] + "}"
}

// annotated is an object with one more annotation.
func annotated(obj *unstructured.Unstructured, key, value string) *unstructured.Unstructured {
	changed := obj.DeepCopy()
	annotations := changed.GetAnnotations()
	if annotations == nil {
		annotations = map[string]string{}
	}
	annotations[key] = value
	changed.SetAnnotations(annotations)
	return changed
}

// changed is an object with another value at a path.
func changed(obj *unstructured.Unstructured, value any, path ...string) *unstructured.Unstructured {
	changed := obj.DeepCopy()
	_ = unstructured.SetNestedField(changed.Object, value, path...) // the paths of these tests lead through objects
	return changed
}

// without is an object without what is at a path.
func without(obj *unstructured.Unstructured, path ...string) *unstructured.Unstructured {
	changed := obj.DeepCopy()
	unstructured.RemoveNestedField(changed.Object, path...)
	return changed
}

// content is an object without its status, and what the API server and kubectl write about their own work.
func content(obj *unstructured.Unstructured) map[string]any {
	bare := without(obj, "status")
	for _, field := range []string{"managedFields", "resourceVersion", "generation", "uid", "creationTimestamp"} {
		unstructured.RemoveNestedField(bare.Object, "metadata", field)
	}
	unstructured.RemoveNestedField(bare.Object, "metadata", "annotations", "kubectl.kubernetes.io/last-applied-configuration")
	if len(bare.GetAnnotations()) == 0 {
		unstructured.RemoveNestedField(bare.Object, "metadata", "annotations")
	}
	return bare.Object
}

func with(fields map[string]any, name, value string) map[string]any {
	more := maps.Clone(fields)
	if more == nil {
		more = map[string]any{}
	}
	more[name] = value
	return more
}

// texts makes fields of names and values, leaving out what is empty.
func texts(pairs ...string) map[string]any {
	fields := map[string]any{}
	for i := 0; i < len(pairs); i += 2 {
		if pairs[i+1] != "" {
			fields[pairs[i]] = pairs[i+1]
		}
	}
	return fields
}
