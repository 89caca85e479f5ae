package diagnose_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"sigs.k8s.io/yaml"

	"github.com/fluxgate/fluxgate/diagnose"
	"github.com/fluxgate/fluxgate/registry"
)

func add(t *testing.T, files *diagnose.Files, manifest string) error {
	t.Helper()
	var content any
	if err := yaml.Unmarshal([]byte(manifest), &content); err != nil {
		t.Fatal(err)
	}
	return files.Add(content)
}

func TestFilesAreReadAsTheAPIServerWould(t *testing.T) {
	files := diagnose.NewFiles("apps")
	for _, manifest := range []string{
		"# nothing",
		"just text",
		"{apiVersion: v1, kind: ConfigMap, metadata: {name: a}}",
		"{apiVersion: example.com/v1, kind: Secret, metadata: {name: pull}, data: {a: not base64}}",
		"{apiVersion: v1, kind: Secret, metadata: {name: pull}, data: {a: aGVsbG8=, b: aGVsbG8=}, stringData: {b: plain}}",
		"{apiVersion: v1, kind: Secret, metadata: {name: secret, namespace: other}, sops: {}, data: {a: ENC}}",
		"{apiVersion: v1, kind: List, items: [{apiVersion: source.toolkit.fluxcd.io/v1, kind: OCIRepository, metadata: {name: listed}, spec: {}}]}",
		"{apiVersion: v1, kind: ServiceAccount, metadata: {name: puller, annotations: {a: b}}, imagePullSecrets: [{name: pull}]}",
	} {
		if err := add(t, files, manifest); err != nil {
			t.Errorf("%s: %v", manifest, err)
		}
	}
	secret, err := files.ReadSecret(t.Context(), "apps", "pull")
	want := &registry.Secret{Type: "Opaque", Data: map[string][]byte{"a": []byte("hello"), "b": []byte("plain")}}
	if diff := cmp.Diff(want, secret); diff != "" || err != nil {
		t.Errorf("the Secret (-want +got), %v:\n%s", err, diff)
	}
	account, err := files.ReadServiceAccount(t.Context(), "apps", "puller")
	wantAccount := &registry.ServiceAccount{PullSecrets: []string{"pull"}, Annotations: map[string]string{"a": "b"}}
	if diff := cmp.Diff(wantAccount, account); diff != "" || err != nil {
		t.Errorf("the ServiceAccount (-want +got), %v:\n%s", err, diff)
	}
	if got := files.Repositories; len(got) != 1 || got[0].GetName() != "listed" || got[0].GetNamespace() != "apps" {
		t.Errorf("got the repositories %v, want apps/listed", got)
	}
	for _, name := range []string{"apps/secret", "other/secret", "other/pull"} {
		namespace, secret, _ := strings.Cut(name, "/")
		if got, err := files.ReadSecret(t.Context(), namespace, secret); got != nil || !errors.Is(err, diagnose.ErrNotGiven) {
			t.Errorf("Secret %s: got %v and %v, want ErrNotGiven", name, got, err)
		}
	}
	if got, err := files.ReadServiceAccount(t.Context(), "apps", "other"); got != nil || !errors.Is(err, diagnose.ErrNotGiven) {
		t.Errorf("ServiceAccount other: got %v and %v, want ErrNotGiven", got, err)
	}
}

func TestWhatCannotBeReadOfFilesIsNamed(t *testing.T) {
	cases := map[string]struct{ manifest, want string }{
		"data that is not base64":    {"{apiVersion: v1, kind: Secret, metadata: {name: a}, data: {.dockerconfigjson: hunter2!}}", "Secret apps/a: data: .dockerconfigjson is not base64; write plain text under stringData"},
		"data that is no text":       {"{apiVersion: v1, kind: Secret, metadata: {name: a}, data: {key: 5}}", "Secret apps/a: data: holds something else than strings"},
		"stringData that is no text": {"{apiVersion: v1, kind: Secret, metadata: {name: a}, stringData: {key: 5}}", "Secret apps/a: stringData: holds something else than strings"},
		"no name":                    {"{apiVersion: v1, kind: Secret, metadata: {namespace: b}}", "Secret: metadata.name: is missing"},
		"no metadata":                {"{apiVersion: v1, kind: Secret}", "Secret: metadata: is missing or not a mapping"},
		"the same twice":             {"{apiVersion: v1, kind: Secret, metadata: {name: there}}", "Secret apps/there is there twice; give the one that is applied"},
		"the same twice, in a list":  {"{apiVersion: v1, kind: List, items: [{apiVersion: v1, kind: ServiceAccount, metadata: {name: there}}]}", "item 0: ServiceAccount apps/there is there twice; give the one that is applied"},
		"two versions of one":        {"{apiVersion: source.toolkit.fluxcd.io/v1beta2, kind: OCIRepository, metadata: {name: there}}", "OCIRepository apps/there is there twice; give the one that is applied"},
		"secrets that are no list":   {"{apiVersion: v1, kind: ServiceAccount, metadata: {name: a}, imagePullSecrets: pull}", "ServiceAccount apps/a: cannot restore slice from string"},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			files := diagnose.NewFiles("apps")
			for _, there := range []string{
				"{apiVersion: v1, kind: Secret, metadata: {name: there}}", "{apiVersion: v1, kind: ServiceAccount, metadata: {name: there}}",
				"{apiVersion: source.toolkit.fluxcd.io/v1, kind: OCIRepository, metadata: {name: there}}",
			} {
				if err := add(t, files, there); err != nil {
					t.Fatal(err)
				}
			}
			if err := add(t, files, c.manifest); err == nil || err.Error() != c.want {
				t.Errorf("got %v, want %q", err, c.want)
			}
		})
	}
}

// FuzzFiles: no manifest makes a panic, and what was added can be read.
func FuzzFiles(f *testing.F) {
	for _, seed := range []string{
		"{apiVersion: v1, kind: Secret, metadata: {name: a}, data: {a: aGVsbG8=}}", "{apiVersion: v1, kind: Secret, metadata: 5, sops: null}",
		"{apiVersion: v1, kind: ServiceAccount, metadata: {name: a, namespace: []}, imagePullSecrets: [5]}", "{kind: List, items: [{items: []}, 7]}",
		"{apiVersion: source.toolkit.fluxcd.io/v1, kind: OCIRepository, metadata: {name: a}, spec: {layerSelector: {operation: {}}}}",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, manifest string) {
		var content any
		if yaml.Unmarshal([]byte(manifest), &content) != nil {
			return
		}
		files := diagnose.NewFiles("apps")
		if files.Add(content) != nil {
			return
		}
		for _, repository := range files.Repositories {
			walker := diagnose.Walker{Logins: diagnose.Logins{Secrets: files, ServiceAccounts: files, Own: registry.DockerConfig{}}}
			got, err := walker.Walk(t.Context(), repository)
			if err == nil && len(got.Steps) != 7 {
				t.Errorf("got %d steps, want 7: %+v", len(got.Steps), got)
			}
		}
	})
}
