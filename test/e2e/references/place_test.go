package references_test

import (
	"crypto/rand"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/client-go/rest"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/yaml"
)

// place is where a test works: a production namespace, another one without any policy, and what the API server warned of.
type place struct {
	*testing.T
	client    client.Client
	prod, lax string

	mu     sync.Mutex
	warned []string
}

func newPlace(t *testing.T) *place {
	t.Helper()
	p := &place{T: t}
	p.prod, p.lax = p.namespace("prod"), p.namespace("lax")
	config := rest.CopyConfig(world.Config)
	config.WarningHandler = p
	var err error
	if p.client, err = client.New(config, client.Options{}); err != nil {
		t.Fatal(err)
	}
	return p
}

// namespace creates one whose name starts with prefix, which decides the policy: see testdata/policies.
func (p *place) namespace(prefix string) string {
	p.Helper()
	name := prefix + "-" + strings.ToLower(rand.Text()[:8])
	if err := world.CreateNamespace(p.Context(), name, nil); err != nil {
		p.Fatal(err)
	}
	return name
}

// HandleWarningHeader implements rest.WarningHandler.
func (p *place) HandleWarningHeader(_ int, _, text string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.warned = append(p.warned, text)
}

// warnings are those since the last call.
func (p *place) warnings() []string {
	p.mu.Lock()
	defer p.mu.Unlock()
	taken := p.warned
	p.warned = nil
	return taken
}

// object is one of Flux's by kind, with a spec in YAML, where LAX and PROD stand for the place's namespaces.
func (p *place) object(kind, namespace, name, spec string) *unstructured.Unstructured {
	p.Helper()
	apiVersion := map[string]string{
		"HelmRelease": "helm.toolkit.fluxcd.io/v2", "Kustomization": "kustomize.toolkit.fluxcd.io/v1",
	}[kind]
	if apiVersion == "" {
		apiVersion = "source.toolkit.fluxcd.io/v1"
	}
	u := &unstructured.Unstructured{}
	text := fmt.Sprintf("apiVersion: %s\nkind: %s\nmetadata: {name: %s, namespace: %s}\nspec:\n  interval: 10m\n  %s\n", apiVersion, kind, name, namespace,
		strings.NewReplacer("LAX", p.lax, "PROD", p.prod).Replace(spec))
	if err := yaml.Unmarshal([]byte(text), &u.Object); err != nil {
		p.Fatalf("%v in:\n%s", err, text)
	}
	return u
}

// source is an OCIRepository lax/app.
func (p *place) source(url string) *unstructured.Unstructured {
	p.Helper()
	return p.object("OCIRepository", p.lax, "app", "url: oci://"+url+"\n  ref: {tag: v1}")
}

const (
	good = "ghcr.io/acme/app"
	bad  = "evil.example.com/acme/app"
)

// apply applies an object as a GitOps controller does.
func (p *place) apply(u *unstructured.Unstructured, more ...client.ApplyOption) error {
	p.Helper()
	options := append([]client.ApplyOption{client.FieldOwner("kustomize-controller"), client.ForceOwnership}, more...)
	return p.client.Apply(p.Context(), client.ApplyConfigurationFromUnstructured(u.DeepCopy()), options...)
}

func (p *place) must(err error) {
	p.Helper()
	if err != nil {
		p.Fatal(err)
	}
}

func (p *place) delete(u *unstructured.Unstructured) {
	p.Helper()
	p.must(p.client.Delete(p.Context(), u))
}

// refused compares a refusal by its violations; wording is for others to test.
func (p *place) refused(err error, want ...string) {
	p.Helper()
	if diff := cmp.Diff(want, violations(err)); diff != "" {
		p.Errorf("violations (-want +got):\n%s", diff)
	}
}

// violations are the policy, rule and path of each; an error that is no denial of ours stands for itself.
func violations(err error) []string {
	if err == nil {
		return nil
	}
	var status apierrors.APIStatus
	_, text, found := strings.Cut(err.Error(), "policy violations:\n")
	if !errors.As(err, &status) || status.Status().Code != 403 || !found {
		return []string{err.Error()}
	}
	var heads []string
	for line := range strings.SplitSeq(text, "\n") {
		head, _, _ := strings.Cut(line, ": ")
		heads = append(heads, head)
	}
	return heads
}

// soon waits until a dry-run of u has the wanted violations, which a watch brings about, and logs how long it took.
func (p *place) soon(what string, u *unstructured.Unstructured, want ...string) {
	p.Helper()
	begun := time.Now()
	for {
		got := violations(p.apply(u, client.DryRunAll))
		if cmp.Equal(want, got) {
			break
		}
		if time.Since(begun) > time.Minute {
			p.Fatalf("%s: after a minute (-want +got):\n%s", what, cmp.Diff(want, got))
		}
		time.Sleep(10 * time.Millisecond)
	}
	p.Logf("%s: after %s", what, time.Since(begun).Round(time.Millisecond))
	p.warnings()
}
