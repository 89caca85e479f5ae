package gate_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/yaml"

	"github.com/fluxgate/fluxgate/flux"
	"github.com/fluxgate/fluxgate/gate"
	"github.com/fluxgate/fluxgate/policy"
	"github.com/fluxgate/fluxgate/registry"
	"github.com/fluxgate/fluxgate/verify"
)

const (
	digestA = "sha256:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
	digestB = "sha256:bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb"
)

// world is all that a gate of a test can see. What it does not hold must not be asked for.
type world struct {
	t        *testing.T
	policies string
	// answers by "repository:tag" or "repository:semver"; an error is given as it is.
	answers map[string]any
	// objects are the referents, as YAML documents.
	objects []string
	// referrers are objects of the cluster that refer to others, as YAML documents.
	referrers []string
	// keys by "namespace/secret provider": a list of verify.Key, or an error that is given as it is.
	keys map[string]any
	// signatures by "block of repository@digest" or "demand on repository@digest", the digest cut: a verify.Signature, or an
	// error that is given as it is.
	signatures map[string]any
	// labels of namespaces; a namespace that is not there has none. An error is given as it is.
	labels map[string]any
	// now is the clock; nil means time.Now.
	now func() time.Time

	asked []string
}

func (w *world) gate() *gate.Gate {
	w.t.Helper()
	set, err := policy.Parse("test.yaml", []byte(w.policies))
	if err != nil {
		w.t.Fatal(err)
	}
	return gate.New(gate.Options{
		Policies:   func() *policy.Set { return set },
		Lookup:     flux.LookupFunc(w.lookup),
		Namespaces: gate.NamespacesFunc(w.namespace),
		Referrers:  w.index(),
		Resolver:   w,
		Keys:       gate.KeysFunc(w.readKeys),
		Signatures: w,
		Now:        w.now,
	})
}

// index is what a cluster's index says of the referrers; nil where there are none.
func (w *world) index() gate.Referrers {
	if len(w.referrers) == 0 {
		return nil
	}
	var index flux.Referrers
	for _, text := range w.referrers {
		obj := object(w.t, text)
		index.Set(flux.KeyOf(obj), obj)
	}
	return gate.ReferrersFunc(func(ctx context.Context, source flux.Key) ([]policy.Namespace, error) {
		var all []policy.Namespace
		for _, name := range index.Namespaces(source) {
			labels, err := w.namespace(ctx, name)
			if err != nil {
				return nil, err
			}
			all = append(all, policy.Namespace{Name: name, Labels: labels})
		}
		return all, nil
	})
}

// readKeys answers from the table, and fails the test where it has no answer.
func (w *world) readKeys(_ context.Context, namespace, secret, provider string) ([]verify.Key, error) {
	asked := namespace + "/" + secret + " " + provider
	w.asked = append(w.asked, "keys of "+asked)
	switch answer := w.keys[asked].(type) {
	case []verify.Key:
		return answer, nil
	case error:
		return nil, answer
	default:
		w.t.Errorf("the keys of %s were asked for, which this test does not expect", asked)
		return nil, errors.New("unexpected")
	}
}

// Resolve answers from the table, and fails the test where it has no answer.
func (w *world) Resolve(_ context.Context, q registry.Query) (registry.Resolution, error) {
	ref := q.Source.Ref
	wanted := ref.Semver
	if wanted == "" {
		wanted = ref.Tag
	}
	if wanted == "" {
		wanted = "latest"
	}
	asked := q.Source.Repository.String() + ":" + wanted
	if q.Fresh {
		asked += " fresh"
	}
	w.asked = append(w.asked, asked)
	switch answer := w.answers[q.Source.Repository.String()+":"+wanted].(type) {
	case string:
		return registry.Resolution{Tag: wanted, Digest: answer}, nil
	case error:
		return registry.Resolution{}, answer
	default:
		w.t.Errorf("the registry was asked for %s, which this test does not expect", asked)
		return registry.Resolution{}, errors.New("unexpected")
	}
}

func (w *world) lookup(_ context.Context, key flux.Key) (*unstructured.Unstructured, error) {
	for _, text := range w.objects {
		obj := object(w.t, text)
		if obj.GetKind() == key.Kind && obj.GetNamespace() == key.Namespace && obj.GetName() == key.Name {
			return obj, nil
		}
	}
	return nil, nil
}

func (w *world) namespace(_ context.Context, name string) (map[string]string, error) {
	switch labels := w.labels[name].(type) {
	case error:
		return nil, labels
	case map[string]string:
		return labels, nil
	default:
		return nil, nil
	}
}

func object(t testing.TB, text string) *unstructured.Unstructured {
	t.Helper()
	if text == "" {
		return nil
	}
	obj := &unstructured.Unstructured{}
	if err := yaml.Unmarshal([]byte(text), &obj.Object); err != nil {
		t.Fatalf("%v in:\n%s", err, text)
	}
	return obj
}

// repository is an OCIRepository with the given spec, in YAML, each line indented by two.
func repository(spec string) string {
	return annotated("", spec)
}

// annotated is an OCIRepository with further metadata.
func annotated(metadata, spec string) string {
	return fmt.Sprintf(`
apiVersion: source.toolkit.fluxcd.io/v1
kind: OCIRepository
metadata:
  name: app
  namespace: prod
%s
spec:
  interval: 10m
%s
`, metadata, spec)
}

// failing is an infrastructure error as a registry gives it.
func failing() error {
	return &registry.Error{Class: registry.ClassUnreachable, Reference: "ghcr.io/acme/app:v1", Err: errors.New("dial tcp 10.0.0.7:443: connection refused")}
}
