package main

import (
	"bytes"
	"encoding/json"
	"io"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/fluxgate/fluxgate/check"
)

const verified = `apiVersion: source.toolkit.fluxcd.io/v1
kind: OCIRepository
metadata: {name: app, namespace: prod}
spec:
  url: oci://ghcr.io/acme/app
  ref: {digest: "sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"}
  verify: {provider: cosign, secretRef: {name: keys}}
`

func TestCheckExitCodes(t *testing.T) {
	unverified, _, _ := strings.Cut(verified, "  verify:")
	untyped := strings.Replace(verified, "oci://ghcr.io/acme/app", "5", 1)
	cases := map[string]struct {
		args  []string
		stdin string
		want  int
		// stderr is a part of what is said there; empty means that nothing is.
		stderr string
	}{
		"clean":                          {args: []string{"-"}, stdin: verified, want: 0},
		"nothing to judge":               {args: []string{"-"}, want: 0},
		"denied":                         {args: []string{"-"}, stdin: unverified, want: 1},
		"denied, in the lax namespace":   {args: []string{"-n", "lax", "-"}, stdin: strings.Replace(unverified, ", namespace: prod", "", 1), want: 0},
		"denied, in the strict one":      {args: []string{"-n", "prod", "-"}, stdin: strings.Replace(unverified, ", namespace: prod", "", 1), want: 1},
		"a namespace's label decides":    {args: []string{"-"}, stdin: strings.Replace(unverified, "prod", "shop", 1) + "---\n{apiVersion: v1, kind: Namespace, metadata: {name: shop, labels: {environment: prod}}}", want: 1},
		"not judged because offline":     {args: []string{"-"}, stdin: strings.Replace(verified, "digest: \"sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef\"", "tag: v1", 1), want: 0},
		"a bad object":                   {args: []string{"-"}, stdin: untyped, want: 2},
		"a bad object beside a denial":   {args: []string{"-"}, stdin: strings.Replace(untyped, "name: app", "name: b", 1) + "---\n" + unverified, want: 2},
		"broken yaml beside a denial":    {args: []string{"-"}, stdin: unverified + "---\na: [\n", want: 2, stderr: "fluxgate: stdin: document 2: line 8: "},
		"the same object twice":          {args: []string{"-"}, stdin: verified + "---\n" + verified, want: 2, stderr: "fluxgate: stdin: document 2: line 9: OCIRepository prod/app is also in stdin, document 1, line 1; "},
		"no such path":                   {args: []string{"nowhere.yaml"}, want: 2, stderr: "fluxgate: nowhere.yaml: no such file or directory\n"},
		"no path":                        {want: 2, stderr: "no PATH given; name files or directories, or - for standard input\nsee 'fluxgate check --help'\n"},
		"an unknown flag":                {args: []string{"--ofline", "-"}, want: 2, stderr: "unknown flag: --ofline\nsee 'fluxgate check --help'\n"},
		"an unknown format":              {args: []string{"-o", "xml", "-"}, want: 2, stderr: "--output: unknown output format \"xml\": want text, json, yaml"},
		"a namespace that cannot be":     {args: []string{"-n", "Prod", "-"}, want: 2, stderr: "--namespace: \"Prod\" is no name of a namespace"},
		"no time":                        {args: []string{"--timeout", "0s", "-"}, want: 2, stderr: "--timeout: 0s is not above 0s"},
		"egress that is no network":      {args: []string{"--egress-allow", "localhost", "-"}, want: 2, stderr: "--egress-allow: \"localhost\" is no CIDR"},
		"a policy that is not there":     {args: []string{"-p", "nowhere", "-"}, want: 2, stderr: "nowhere: no such file or directory"},
		"a policy that cannot be read":   {args: []string{"-p", "testdata/apps/evil.yml", "-"}, want: 2, stderr: "testdata/apps/evil.yml"},
		"a policy of one's own":          {args: []string{"-p", "testdata/policies/production.yaml", "-"}, stdin: unverified, want: 0},
		"two that are wrong are told of": {args: []string{"-o", "xml", "--timeout", "-1s", "-"}, want: 2, stderr: "want text, json, yaml\n--timeout: -1s"},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			got := inProcess(c.stdin, append([]string{"check", "--offline"}, c.args...)...)
			if got.Code != c.want {
				t.Errorf("exit code %d, want %d\n%s%s", got.Code, c.want, got.Stdout, got.Stderr)
			}
			if !strings.Contains(got.Stderr, c.stderr) || (c.stderr == "" && got.Stderr != "") {
				t.Errorf("stderr is %q, want %q in it", got.Stderr, c.stderr)
			}
		})
	}
}

func TestCheckReports(t *testing.T) {
	apps := []string{"check", "--offline", "-p", "testdata/policies", "testdata/apps"}
	cases := map[string]struct {
		args   []string
		golden string
		code   int
	}{
		"a directory, as text":      {apps, "apps.txt", 1},
		"a directory, as json":      {append(apps, "-o", "json"), "apps.json", 1},
		"a directory, as yaml":      {append(apps, "-o", "yaml"), "apps.yaml", 1},
		"whom a block trusts":       {[]string{"check", "--offline", "-v", "-p", "testdata/trust/policy.yaml", "testdata/trust/objects.yaml"}, "trust.txt", 1},
		"what is excepted":          {[]string{"check", "--offline", "-p", "testdata/excepted/policies.yaml", "testdata/excepted/apps.yaml"}, "excepted.txt", 1},
		"what is broken, as text":   {[]string{"check", "--offline", "testdata/broken"}, "broken.txt", 2},
		"what is broken, as json":   {[]string{"check", "--offline", "-o", "json", "testdata/broken"}, "broken.json", 2},
		"help of check":             {[]string{"check", "--help"}, "check-help.txt", 0},
		"a rewrite that is off":     {append(apps, "--keep-source-ref"), "apps-keep.txt", 1},
		"help, where none is asked": {nil, "help.txt", 0},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			got := inProcess("", c.args...)
			if got.Code != c.code {
				t.Errorf("exit code %d, want %d: %s", got.Code, c.code, got.Stderr)
			}
			golden(t, c.golden, got.Stdout)
		})
	}
}

// TestCheckJSONIsWhatIsPromised reads the report as somebody would who only knows the description of it.
func TestCheckJSONIsWhatIsPromised(t *testing.T) {
	const unverified = `{"apiVersion":"source.toolkit.fluxcd.io/v1","kind":"OCIRepository","metadata":{"name":"app","namespace":"prod"},` +
		`"spec":{"url":"oci://ghcr.io/acme/app","ref":{"digest":"sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"}}}`
	got := inProcess(unverified, "check", "--offline", "-o", "json", "-")
	var report struct {
		Results []struct {
			Object struct {
				APIVersion, Kind, Namespace, Name, File string
			}
			Decision   string
			Violations []struct {
				Policy, Rule, Action, Path, Message, Remediation string
			}
			Pins []struct{ Path, From, Digest string }
		}
		Summary map[string]any
	}
	if err := json.Unmarshal([]byte(got.Stdout), &report); err != nil {
		t.Fatal(err)
	}
	if len(report.Results) != 1 || report.Summary == nil {
		t.Fatalf("want one result and a summary, got %s", got.Stdout)
	}
	result := report.Results[0]
	if result.Decision != "deny" || result.Pins == nil || len(result.Violations) != 1 {
		t.Fatalf("want one violation that denies, and an empty list of pins, got %+v", result)
	}
	violation := result.Violations[0]
	if violation.Message == "" || violation.Remediation == "" {
		t.Errorf("want a message and a remediation, got %+v", violation)
	}
	want := map[string]string{
		"apiVersion": "source.toolkit.fluxcd.io/v1", "kind": "OCIRepository", "namespace": "prod", "name": "app", "file": "stdin",
		"policy": "default", "rule": "require-verify", "action": "Deny", "path": "spec.verify",
	}
	object := result.Object
	if diff := cmp.Diff(want, map[string]string{
		"apiVersion": object.APIVersion, "kind": object.Kind, "namespace": object.Namespace, "name": object.Name, "file": object.File,
		"policy": violation.Policy, "rule": violation.Rule, "action": violation.Action, "path": violation.Path,
	}); diff != "" {
		t.Errorf("report (-want +got):\n%s", diff)
	}
}

func TestColoursAreForTerminals(t *testing.T) {
	always := func(int) bool { return true }
	never := func(int) bool { return false }
	cases := map[string]struct {
		to          io.Writer
		isTerminal  func(int) bool
		environment map[string]string
		want        check.Style
	}{
		"a terminal":                {os.Stdout, always, nil, check.Colour},
		"a pipe":                    {os.Stdout, never, nil, check.Plain},
		"a buffer":                  {&bytes.Buffer{}, always, nil, check.Plain},
		"a user who wants none":     {os.Stdout, always, map[string]string{"NO_COLOR": "1"}, check.Plain},
		"a terminal that has none":  {os.Stdout, always, map[string]string{"TERM": "dumb"}, check.Plain},
		"an empty NO_COLOR is none": {os.Stdout, always, map[string]string{"NO_COLOR": ""}, check.Colour},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Setenv("NO_COLOR", "")
			t.Setenv("TERM", "xterm")
			for key, value := range c.environment {
				t.Setenv(key, value)
			}
			if got := styleOf(c.to, c.isTerminal); got != c.want {
				t.Errorf("got style %d, want %d", got, c.want)
			}
		})
	}
}
