package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/fluxgate/fluxgate/diagnose"
	"github.com/fluxgate/fluxgate/flux"
	"github.com/fluxgate/fluxgate/test/registrytest"
)

const (
	tagged = `apiVersion: source.toolkit.fluxcd.io/v1
kind: OCIRepository
metadata: {name: app}
spec:
  url: oci://ghcr.io/acme/app
  ref: {tag: v1}
  secretRef: {name: pull}
`
	pullSecret = `---
apiVersion: v1
kind: Secret
type: kubernetes.io/dockerconfigjson
metadata: {name: pull}
stringData:
  .dockerconfigjson: '{"auths": {"ghcr.io": {"username": "robot", "password": "hunter2"}}}'
`
)

func TestDiagnoseExitCodes(t *testing.T) {
	digest := strings.Replace(tagged, "tag: v1", "digest: sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef", 1)
	cases := map[string]struct {
		args  []string
		stdin string
		want  int
		// stderr is a part of what is said there; empty means that nothing is.
		stderr string
	}{
		"nothing wrong that can be told offline": {args: []string{"-"}, stdin: tagged + pullSecret, want: 0},
		"a Secret that is not in the file":       {args: []string{"-"}, stdin: digest, want: 0},
		"a Secret of another namespace":          {args: []string{"-n", "other", "-"}, stdin: tagged + strings.Replace(pullSecret, "{name: pull}", "{name: pull, namespace: apps}", 1), want: 0},
		"a bad url":                              {args: []string{"-"}, stdin: strings.Replace(tagged, "oci:", "https:", 1), want: 1},
		"a Secret of the wrong type":             {args: []string{"-"}, stdin: tagged + strings.Replace(pullSecret, "kubernetes.io/dockerconfigjson", "Opaque", 1), want: 1},
		"one of two that fails":                  {args: []string{"-"}, stdin: tagged + "---\n" + strings.NewReplacer("name: app", "name: b", "oci:", "http:").Replace(tagged), want: 1},
		"an object that cannot be":               {args: []string{"-"}, stdin: strings.Replace(tagged, "oci://ghcr.io/acme/app", "5", 1), want: 2, stderr: "OCIRepository default/app: spec.url: must be a string, is a number"},
		"an object that cannot be, beside one that fails": {args: []string{"-"}, want: 2, stderr: "fluxgate: OCIRepository default/b: spec.url: must be a string, is a number\n",
			stdin: strings.Replace(tagged, "oci:", "https:", 1) + "---\n" + strings.NewReplacer("name: app", "name: b", "oci://ghcr.io/acme/app", "5").Replace(tagged)},
		"no OCIRepository":                 {args: []string{"-"}, stdin: "{apiVersion: v1, kind: ConfigMap, metadata: {name: a}}", want: 2, stderr: "-: has no OCIRepository; other kinds are not walked"},
		"broken yaml":                      {args: []string{"-"}, stdin: tagged + "---\na: [\n", want: 2, stderr: "fluxgate: stdin: document 2: line 9: "},
		"data that is not base64":          {args: []string{"-"}, stdin: strings.Replace(tagged+pullSecret, "stringData", "data", 1), want: 2, stderr: "fluxgate: stdin: document 2: line 9: Secret default/pull: data: .dockerconfigjson is not base64"},
		"no such file":                     {args: []string{"nowhere.yaml"}, want: 2, stderr: "nowhere.yaml: no such file or directory"},
		"a file that looks like an object": {args: []string{"./OCIRepository/apps/app"}, want: 2, stderr: "./OCIRepository/apps/app: no such file or directory"},
		"nothing named":                    {want: 2, stderr: "name one object, as OCIRepository/NAMESPACE/NAME, or one file, or - for standard input\nsee 'fluxgate diagnose --help'\n"},
		"two things named":                 {args: []string{"a", "b"}, want: 2, stderr: "name one object"},
		"half a name":                      {args: []string{"OCIRepository/app"}, want: 2, stderr: `"OCIRepository/app" names no object: write OCIRepository/NAMESPACE/NAME; for a file of that name, ./OCIRepository/app`},
		"another kind":                     {args: []string{"HelmRepository/apps/app"}, want: 2, stderr: "HelmRepository is not walked: name an OCIRepository, or a HelmRelease whose chartRef leads to one"},
		"no way to a cluster":              {args: []string{"--kubeconfig", "nowhere", "OCIRepository/apps/app"}, want: 2, stderr: "no way to the API server: "},
		"an unknown format":                {args: []string{"-o", "yaml", "-"}, want: 2, stderr: "--output: unknown output format \"yaml\": want text, json"},
		"a namespace that cannot be":       {args: []string{"-n", "Prod", "-"}, want: 2, stderr: "--namespace: \"Prod\" is no name of a namespace"},
		"no time":                          {args: []string{"--timeout", "0s", "-"}, want: 2, stderr: "--timeout: 0s is not above 0s"},
		"egress that is no network":        {args: []string{"--egress-allow", "localhost", "-"}, want: 2, stderr: "--egress-allow: \"localhost\" is no CIDR"},
		"a CA that is not there":           {args: []string{"--offline=false", "--registry-ca", "nowhere", "-"}, stdin: tagged, want: 2, stderr: "--registry-ca: open nowhere"},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			got := inProcess(c.stdin, append([]string{"diagnose", "--offline"}, c.args...)...)
			if got.Code != c.want {
				t.Errorf("exit code %d, want %d\n%s%s", got.Code, c.want, got.Stdout, got.Stderr)
			}
			if !strings.Contains(got.Stderr, c.stderr) || (c.stderr == "" && got.Stderr != "") {
				t.Errorf("stderr is %q, want %q in it", got.Stderr, c.stderr)
			}
			if strings.Contains(got.Stdout+got.Stderr, "hunter2") {
				t.Errorf("the password is told: %+v", got)
			}
		})
	}
}

func TestObjectsAreTakenForObjectsAndFilesForFiles(t *testing.T) {
	key := func(group, kind, namespace, name string) flux.Key {
		k := flux.Key{Group: group, Kind: kind}
		k.Namespace, k.Name = namespace, name
		return k
	}
	cases := map[string]struct {
		argument string
		want     flux.Key // zero: a file
	}{
		"an OCIRepository":       {"OCIRepository/apps/app", key(flux.SourceGroup, "OCIRepository", "apps", "app")},
		"its kind in lower case": {"ocirepository/apps/app", key(flux.SourceGroup, "OCIRepository", "apps", "app")},
		"a HelmRelease":          {"HelmRelease/apps/app", key(flux.HelmGroup, "HelmRelease", "apps", "app")},
		"a file":                 {argument: "app.yaml"},
		"a file in a folder":     {argument: "clusters/apps/app.yaml"},
		"a folder like a kind":   {argument: "HelmRepository/app.yaml"},
		"standard input":         {argument: "-"},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			got, named, err := parseObject(c.argument)
			if diff := cmp.Diff(c.want, got); diff != "" || err != nil || named != (c.want != flux.Key{}) {
				t.Errorf("named %t, %v (-want +got):\n%s", named, err, diff)
			}
		})
	}
}

func TestDiagnoseHelp(t *testing.T) {
	golden(t, "diagnose-help.txt", inProcess("", "diagnose", "--help").Stdout)
}

func TestExitCodesOfADiagnosis(t *testing.T) {
	for status, want := range map[diagnose.Status]int{diagnose.Failed: 1, diagnose.Unknown: 3} {
		if got := exitCode(diagnosisError{status}, &strings.Builder{}); got != want {
			t.Errorf("%s: got %d, want %d", status, got, want)
		}
	}
}

// TestTheDocumentQuotesADiagnosis: what docs/diagnose.md shows is what is printed, and it names every step.
func TestTheDocumentQuotesADiagnosis(t *testing.T) {
	document, err := os.ReadFile("../../docs/diagnose.md")
	if err != nil {
		t.Fatal(err)
	}
	printed, err := os.ReadFile("testdata/golden/diagnose-failed.txt")
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(string(document), "\n"+string(printed)+"```\n") {
		t.Errorf("docs/diagnose.md does not show:\n%s", printed)
	}
	for _, step := range []string{
		diagnose.URL, diagnose.Credentials, diagnose.Reach, diagnose.Auth, diagnose.Ref, diagnose.Manifest, diagnose.Signature,
	} {
		if !strings.Contains(string(document), "\n| `"+step+"` | ") {
			t.Errorf("docs/diagnose.md has no line for the step %s", step)
		}
	}
}

func TestDiagnoseWalksWithWhatTheFileHolds(t *testing.T) {
	w := newWorld(t)
	w.registry.Repeatable()
	w.registry.MustPush(t, "ghcr.io/acme/app", "v1")
	w.registry.Require("ghcr.io", registrytest.Login{User: "robot", Password: "hunter2"})
	file := filepath.Join(t.TempDir(), "app.yaml")
	args := []string{"diagnose", "--registry-ca", w.args[2], "--timeout", "5s", file}
	diagnosed := func(content string, environment ...string) outcome {
		t.Helper()
		if err := os.WriteFile(file, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
		return asProcess(t, append(environment, w.environment...), args...)
	}
	good := diagnosed(tagged + pullSecret)
	golden(t, "diagnose-passed.txt", good.Stdout)
	if good.Code != 0 || good.Stderr != "" {
		t.Errorf("with the Secret: got %+v, want code 0", good)
	}
	bad := diagnosed(tagged + strings.Replace(pullSecret, "hunter2", "another", 1))
	golden(t, "diagnose-failed.txt", bad.Stdout)
	if bad.Code != 1 || bad.Stderr != "" {
		t.Errorf("with another password: got %+v, want code 1", bad)
	}

	config := t.TempDir()
	const login = `{"auths": {"ghcr.io": {"username": "robot", "password": "hunter2"}}}`
	if err := os.WriteFile(filepath.Join(config, "config.json"), []byte(login), 0o600); err != nil {
		t.Fatal(err)
	}
	if got := diagnosed(tagged, "DOCKER_CONFIG="+config); got.Code != 0 || !strings.Contains(got.Stdout, "your own docker configuration") {
		t.Errorf("with the user's login in the place of the Secret: got %+v, want code 0, and that it was so", got)
	}
	if got := diagnosed(tagged); got.Code != 1 || !strings.Contains(got.Stdout, "docker login ghcr.io") {
		t.Errorf("without any login: got %+v, want code 1 and how to log in", got)
	}
}
