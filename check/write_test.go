package check

import (
	"bytes"
	"flag"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

var update = flag.Bool("update", false, "write the golden files anew")

// golden compares text with a file of testdata.
func golden(t *testing.T, name string, got []byte) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if *update {
		if err := os.WriteFile(path, got, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), string(got)); diff != "" {
		t.Errorf("%s (-want +got):\n%s", path, diff)
	}
}

// everything is a report with something of each sort in it, some of it hostile.
func everything() *Report {
	object := func(name string) Object {
		return Object{
			APIVersion: "source.toolkit.fluxcd.io/v1", Kind: "OCIRepository", Namespace: "prod", Name: name,
			File: "apps/podinfo.yaml", Line: 3,
		}
	}
	generated := object("")
	generated.GenerateName = "run-"
	return &Report{
		APIVersion: "fluxgate.dev/v1alpha1",
		Kind:       "CheckReport",
		Results: []Result{
			{
				Object: object("podinfo"), Decision: "deny",
				Sources: []Source{}, Violations: []Violation{
					{
						Policy: "production", Rule: "require-verify", Action: "Deny", Path: "spec.verify",
						Message: "is absent", Remediation: "add spec.verify with provider: cosign and a secretRef",
					},
					{Policy: "production", Rule: "forbid-insecure", Action: "Warn", Path: "spec.insecure", Message: "is <true> & loud"},
				},
				Pins: []Pin{}, NotJudged: []NotJudged{}, Notes: []Note{},
			},
			{
				Object: object("clean"), Decision: "allow",
				Sources: []Source{}, Violations: []Violation{}, Pins: []Pin{}, NotJudged: []NotJudged{}, Notes: []Note{},
			},
			{
				Object: object("pinned"), Decision: "allow",
				Sources: []Source{}, Violations: []Violation{
					{
						Policy: "production", Rule: "forbid-tags", Action: "Skip", Path: "spec.ref.tag", Message: "is latest", Remediation: "name another",
						Exception: &Exception{
							Namespace: "prod", Name: "legacy", Reason: "TICKET-1 \u202e", Until: time.Date(2026, 12, 31, 0, 0, 0, 0, time.UTC),
						},
					},
				},
				Pins: []Pin{
					{Path: "spec.ref.digest", From: "tag v1.0.0", Digest: "sha256:aa"},
					{Path: "spec.ref.digest", From: "tag v1.0.0", Digest: "sha256:bb", Dry: true},
				},
				NotJudged: []NotJudged{}, Notes: []Note{},
			},
			{
				Object: generated, Decision: "error", Sources: []Source{}, Violations: []Violation{}, Pins: []Pin{},
				NotJudged: []NotJudged{
					{Policy: "production", Path: "spec.ref", Class: "unreachable", Message: "ghcr.io/acme/app:v1: unreachable"},
					{Path: "spec.url", Class: ClassBadObject, Message: "is a number; write a string"},
				},
				Notes: []Note{},
			},
			{
				Object: object("a\x1b[2J\u202e\n::error::"), Decision: "warn",
				Sources: []Source{}, Violations: []Violation{}, Pins: []Pin{}, NotJudged: []NotJudged{},
				Notes: []Note{{Path: "spec.chartRef", Message: "rewritten\r\u0085from"}},
			},
		},
		Unreadable: []*InputError{{File: "a.yaml", Document: 2, Line: 7, Message: "did not find expected node content"}},
		Summary: Summary{
			Objects: 5, Allow: 2, Warn: 1, Deny: 1, Error: 1, Pins: 1, Excepted: 1, NotJudged: 1, Offline: 1, BadObjects: 1, Unmatched: 1,
			Unreadable: 1, MissingNamespaces: []string{"prod", "staging"},
			InputSummary: InputSummary{Files: 2, PassedOver: 2, OtherObjects: 3, NamespaceAssumed: 1},
		},
	}
}

func TestWrite(t *testing.T) {
	cases := map[string]struct {
		report *Report
		format string
		style  Style
		golden string
	}{
		"text":              {everything(), "text", Plain, "report.txt"},
		"text in colours":   {everything(), "text", Colour, "report-colour.txt"},
		"json":              {everything(), "json", Plain, "report.json"},
		"yaml":              {everything(), "yaml", Plain, "report.yaml"},
		"nothing, as text":  {newReport(readStdin(""), nil), "text", Plain, "nothing.txt"},
		"nothing, as json":  {newReport(readStdin(""), nil), "json", Plain, "nothing.json"},
		"colour spoils not": {everything(), "json", Colour, "report.json"},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			var got bytes.Buffer
			if err := c.report.Write(&got, c.format, c.style); err != nil {
				t.Fatal(err)
			}
			golden(t, c.golden, got.Bytes())
		})
	}
}

func TestUnknownFormatIsAnError(t *testing.T) {
	const want = `unknown output format "xml": want text, json, yaml`
	for name, err := range map[string]error{
		"asked before":   CheckFormat("xml"),
		"asked to write": everything().Write(&bytes.Buffer{}, "xml", Plain),
	} {
		if err == nil || err.Error() != want {
			t.Errorf("%s: got %v, want %s", name, err, want)
		}
	}
}
