package diagnose_test

import (
	"bytes"
	"strings"
	"testing"

	"github.com/fluxgate/fluxgate/diagnose"
)

func diagnosis(name string, statuses ...diagnose.Status) diagnose.Diagnosis {
	d := diagnose.Diagnosis{Object: diagnose.Object{Kind: "OCIRepository", Namespace: "apps", Name: name}}
	for i, status := range statuses {
		d.Steps = append(d.Steps, diagnose.Step{Name: []string{diagnose.URL, diagnose.Credentials, diagnose.Reach}[i], Status: status})
	}
	return d
}

func TestOutcome(t *testing.T) {
	passed, unknown := diagnosis("a", diagnose.Passed, diagnose.Skipped), diagnosis("b", diagnose.Passed, diagnose.Unknown)
	failed := diagnosis("c", diagnose.Passed, diagnose.Failed, diagnose.Skipped)
	cases := map[string]struct {
		all  []diagnose.Diagnosis
		want diagnose.Status
	}{
		"nothing at all":                       {nil, diagnose.Passed},
		"all passed":                           {[]diagnose.Diagnosis{passed, passed}, diagnose.Passed},
		"one could not be told":                {[]diagnose.Diagnosis{unknown, passed}, diagnose.Unknown},
		"a failure counts before what was not": {[]diagnose.Diagnosis{unknown, failed, passed}, diagnose.Failed},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			if got := diagnose.NewReport(c.all).Outcome(); got != c.want {
				t.Errorf("got %s, want %s", got, c.want)
			}
		})
	}
}

func TestReports(t *testing.T) {
	hostile := diagnosis("app\x1b[2J\n", diagnose.Passed, diagnose.Unknown, diagnose.Skipped)
	hostile.Steps[0].Detail, hostile.Steps[1].Because = "\u202eevil", "a\nb"
	failed := diagnosis("app", diagnose.Passed, diagnose.Failed, diagnose.Skipped)
	failed.Object.For = "HelmRelease apps/podinfo"
	failed.Steps[1].Detail, failed.Steps[1].Remedy, failed.Steps[1].Because = "Secret apps/pull does not exist", "create <it>", "status 404"
	report := diagnose.NewReport([]diagnose.Diagnosis{failed, hostile})
	for file, c := range map[string]struct {
		format string
		colour bool
	}{
		"report.txt": {"text", false}, "report-colour.txt": {"text", true}, "report.json": {"json", false},
	} {
		var text bytes.Buffer
		if err := report.Write(&text, c.format, c.colour); err != nil {
			t.Fatal(err)
		}
		golden(t, file, text.String())
	}
	if err := report.Write(&bytes.Buffer{}, "yaml", false); err == nil || !strings.Contains(err.Error(), "want text, json") {
		t.Errorf("an unknown format: got %v, want an error that names those there are", err)
	}
}
