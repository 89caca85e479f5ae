package applyloop_test

import (
	"crypto/rand"
	"strings"
	"sync"
	"testing"
	"time"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/client-go/rest"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/fluxgate/fluxgate/test/stack"
)

// tenant is a namespace of a test's own, who works in it, and a repository that nobody else asks for.
type tenant struct {
	*testing.T
	world      *stack.Stack
	client     client.Client
	warnings   *warnings
	namespace  string
	repository string // "ghcr.io/acme/<namespace>"
}

// newTenant creates a namespace whose name starts with prefix, which decides the policy: see testdata/policies.
func newTenant(t *testing.T, world *stack.Stack, prefix string) *tenant {
	t.Helper()
	name := prefix + "-" + strings.ToLower(rand.Text()[:8])
	if err := world.CreateNamespace(t.Context(), name, nil); err != nil {
		t.Fatal(err)
	}
	n := &tenant{T: t, world: world, warnings: &warnings{}, namespace: name, repository: "ghcr.io/acme/" + name}
	config := rest.CopyConfig(world.Config)
	config.WarningHandler = n.warnings
	var err error
	if n.client, err = client.New(config, client.Options{}); err != nil {
		t.Fatal(err)
	}
	return n
}

// production is a tenant of the policy production.
func production(t *testing.T) *tenant {
	t.Helper()
	return newTenant(t, released, "prod")
}

// warnings keeps what the API server warned of.
type warnings struct {
	mu   sync.Mutex
	text []string
}

// HandleWarningHeader implements rest.WarningHandler. It leaves out what the API server itself says of Flux's finalizer.
func (w *warnings) HandleWarningHeader(_ int, _, text string) {
	if strings.HasPrefix(text, "metadata.finalizers:") {
		return
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.text = append(w.text, text)
}

// take returns the warnings since the last take.
func (w *warnings) take() []string {
	w.mu.Lock()
	defer w.mu.Unlock()
	taken := w.text
	w.text = nil
	return taken
}

// push stores a new artifact in the tenant's repository under a tag; a tag that is there moves.
func (n *tenant) push(tag string) (digest string) {
	n.Helper()
	return n.pushTo(n.repository, tag)
}

func (n *tenant) pushTo(repository, tag string) (digest string) {
	n.Helper()
	digest, err := n.world.Registry.Push(repository, tag)
	if err != nil {
		n.Fatal(err)
	}
	return digest
}

// move lets a tag name another artifact, and outlasts Fluxgate's memory of the one before (registry.CacheOptions.Found).
func (n *tenant) move(repository, tag string) {
	n.Helper()
	n.pushTo(repository, tag)
	time.Sleep(11 * time.Second)
}

// asked counts the requests for the tenant's repository so far.
func (n *tenant) asked() int { return n.world.Registry.Count("", n.repository) }

// label sets a label of the namespace. Fluxgate learns of the namespace and of its label by a watch, and reads a namespace live that it
// has not heard of: what is known before the label is set is not taken back for a moment by the news that the namespace is there.
func (n *tenant) label(key, value string) {
	n.Helper()
	namespace := &unstructured.Unstructured{Object: map[string]any{"apiVersion": "v1", "kind": "Namespace"}}
	namespace.SetName(n.namespace)
	n.seenByItsCache(namespace)
	patch := client.RawPatch("application/merge-patch+json", []byte(`{"metadata":{"labels":{"`+key+`":"`+value+`"}}}`))
	if err := n.client.Patch(n.Context(), namespace, patch); err != nil {
		n.Fatal(err)
	}
}

// eventually waits for what happens a moment after its cause: watches and caches bring it.
func (n *tenant) eventually(what string, happened func() bool) {
	n.Helper()
	for deadline := time.Now().Add(time.Minute); !happened(); time.Sleep(50 * time.Millisecond) {
		if time.Now().After(deadline) {
			n.Fatalf("%s has not happened in a minute", what)
		}
	}
}
