package signatures_test

import (
	"crypto/rand"
	"errors"
	"fmt"
	"maps"
	"strings"
	"sync"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/client-go/rest"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/yaml"

	"github.com/fluxgate/fluxgate/test/signing"
)

const (
	issuer  = "https://token.example.com"
	subject = "https://github.com/acme/app/.github/workflows/release.yaml@refs/tags/v1"
)

// place is where a test works: a namespace, a repository and a policy of its own.
type place struct {
	*testing.T
	client                client.Client
	namespace, repository string
	signing.Place

	mu     sync.Mutex
	warned []string
}

// newPlace has a policy of its own for its namespace, with the rest of its spec in YAML.
func newPlace(t *testing.T, policy string) *place {
	t.Helper()
	name := strings.ToLower(rand.Text()[:10])
	p := &place{T: t, namespace: "team-" + name, repository: "ghcr.io/acme/" + name}
	p.must(world.CreateNamespace(t.Context(), p.namespace, nil))
	config := rest.CopyConfig(world.Config)
	config.WarningHandler = p
	var err error
	p.client, err = client.New(config, client.Options{})
	p.must(err)
	p.Place, err = signing.In(world.Registry, p.repository)
	p.must(err)
	p.policy(policy)
	return p
}

// policy applies the place's policy, and waits until it is in force: until then the first objects would pass unjudged.
func (p *place) policy(spec string) {
	p.Helper()
	text := fmt.Sprintf("apiVersion: fluxgate.dev/v1alpha1\nkind: SourcePolicy\nmetadata: {name: %s}\nspec:\n  match: {namespaces: [%s]}\n%s",
		p.namespace, p.namespace, spec)
	applied := p.parse(text)
	p.must(p.apply(applied))
	key := client.ObjectKeyFromObject(applied)
	for deadline := time.Now().Add(time.Minute); ; time.Sleep(20 * time.Millisecond) {
		live := &unstructured.Unstructured{Object: map[string]any{"apiVersion": "fluxgate.dev/v1alpha1", "kind": "SourcePolicy"}}
		p.must(p.client.Get(p.Context(), key, live))
		seen, _, _ := unstructured.NestedInt64(live.Object, "status", "observedGeneration")
		if seen == live.GetGeneration() {
			break
		}
		if time.Now().After(deadline) {
			p.Fatalf("the policy is not in force: %v", live.Object["status"])
		}
	}
	p.Cleanup(func() { _ = p.client.Delete(p.Context(), applied) }) // the namespace is the test's own
}

// HandleWarningHeader implements rest.WarningHandler.
func (p *place) HandleWarningHeader(_ int, _, text string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.warned = append(p.warned, text)
}

func (p *place) warnings() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	taken := strings.Join(p.warned, "\n")
	p.warned = nil
	return taken
}

func (p *place) must(err error) {
	p.Helper()
	if err != nil {
		p.Fatal(err)
	}
}

func (p *place) parse(text string) *unstructured.Unstructured {
	p.Helper()
	u := &unstructured.Unstructured{}
	if err := yaml.Unmarshal([]byte(text), &u.Object); err != nil {
		p.Fatalf("%v in:\n%s", err, text)
	}
	return u
}

// source is an OCIRepository of the place's repository, with the rest of its spec in YAML.
func (p *place) source(name, spec string) *unstructured.Unstructured {
	p.Helper()
	return p.parse(fmt.Sprintf("apiVersion: source.toolkit.fluxcd.io/v1\nkind: OCIRepository\nmetadata: {name: %s, namespace: %s}\n"+
		"spec:\n  interval: 10m\n  url: oci://%s\n%s", name, p.namespace, p.repository, spec))
}

func (p *place) apply(u *unstructured.Unstructured) error {
	p.Helper()
	return p.client.Apply(p.Context(), client.ApplyConfigurationFromUnstructured(u.DeepCopy()), client.FieldOwner("kustomize-controller"), client.ForceOwnership)
}

// stored is a field of the object as it is stored.
func (p *place) stored(u *unstructured.Unstructured, path ...string) string {
	p.Helper()
	live := &unstructured.Unstructured{}
	live.SetGroupVersionKind(u.GroupVersionKind())
	p.must(p.client.Get(p.Context(), client.ObjectKeyFromObject(u), live))
	text, _, _ := unstructured.NestedString(live.Object, path...)
	return text
}

// secret makes a Secret, or replaces its content.
func (p *place) secret(name string, data map[string][]byte) {
	p.Helper()
	secret := &corev1.Secret{ObjectMeta: metav1.ObjectMeta{Name: name, Namespace: p.namespace}, Data: maps.Clone(data)}
	err := p.client.Create(p.Context(), secret)
	if apierrors.IsAlreadyExists(err) {
		err = p.client.Update(p.Context(), secret)
	}
	p.must(err)
}

// wants fails unless an error is a refusal with the text, or there is none where the text is empty.
func (p *place) wants(sentence string, err error, want string) {
	p.Helper()
	var status *apierrors.StatusError
	switch {
	case want == "" && err != nil:
		p.Errorf("%s: %v", sentence, err)
	case want != "" && !errors.As(err, &status):
		p.Errorf("%s: got %v, want a refusal with %q", sentence, err, want)
	case want != "" && !strings.Contains(status.ErrStatus.Message, want):
		p.Errorf("%s: refused with\n%s\nwant in it %q", sentence, status.ErrStatus.Message, want)
	}
}

func (p *place) key() (signing.Key, []byte) {
	p.Helper()
	key, err := signing.NewKey(signing.ECDSA)
	p.must(err)
	text, err := key.Public()
	p.must(err)
	return key, text
}

// indented is a text as a block of YAML.
func indented(spaces int, text string) string {
	pad := strings.Repeat(" ", spaces)
	return pad + strings.ReplaceAll(strings.TrimSpace(text), "\n", "\n"+pad) + "\n"
}

// in is the same place for a part of a test.
func (p *place) in(t *testing.T) *place {
	return &place{T: t, client: p.client, namespace: p.namespace, repository: p.repository, Place: p.Place}
}

// artifact pushes one under a tag.
func (p *place) artifact(tag string) string {
	p.Helper()
	return world.Registry.MustPush(p, p.repository, tag)
}

// named puts the name of the place's policy into a text.
func (p *place) named(text string) string { return strings.ReplaceAll(text, "POLICY", p.namespace) }

// eventually tries until there is no error: a verdict that was not good is remembered for seconds.
func (p *place) eventually(sentence string, try func() error) {
	p.Helper()
	var err error
	for deadline := time.Now().Add(time.Minute); time.Now().Before(deadline); time.Sleep(500 * time.Millisecond) {
		if err = try(); err == nil {
			return
		}
	}
	p.Errorf("%s: %v", sentence, err)
}

var errNotYet = errors.New("not yet")

func setURL(u *unstructured.Unstructured, url string) error {
	return unstructured.SetNestedField(u.Object, url, "spec", "url")
}
