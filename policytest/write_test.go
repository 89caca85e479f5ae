package policytest

import (
	"bytes"
	"encoding/xml"
	"flag"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/fluxgate/fluxgate/check"
)

var update = flag.Bool("update", false, "write the golden files anew")

// everything are files with a test of every sort and outcome.
func everything() files {
	halves := named("evil") + "\nviolations contains {\"path\": \"spec\", \"message\": \"m\", \"remediation\": \"r\"} if {\n\tinput.never\n\tinput.ever\n}\n"
	return files{
		"policy.yaml": policyOf("p", map[string]string{"named": halves}),
		"named_test.rego": testHead + "test_it if count(named.violations) == 1 with input as {\"object\": {\"name\": \"evil\"}}\n\n" +
			"test_fails if {\n\tsome v in named.violations\n\tv.path == \"<&>\"\n}\n\ntodo_test_later if true\n",
		"cases.yaml": tableOf("", caseOf("an evil name is refused", "evil", "deny", evil)+caseOf("a good name \"passes\"", "good", "deny", evil)),
		"pinned/cases.yaml": tableOf("", "- name: \"it is \\e[31m pinned\"\n  object: "+ociOf("app", "ref: {tag: v1}")+
			"\n  expect: {verdict: error}\n"),
		"pinned/policy.yaml": pinning,
		"broken.yaml":        "apiVersion: fluxgate.dev/v1alpha1\nkind: PolicyTest\n",
	}
}

func TestFormats(t *testing.T) {
	testdata, err := filepath.Abs("testdata")
	if err != nil {
		t.Fatal(err)
	}
	report, err := runFiles(t, everything(), Options{Coverage: true, Threshold: 90})
	if err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		format string
		style  check.Style
	}{
		"report.txt":        {"text", check.Plain},
		"report-colour.txt": {"text", check.Colour},
		"report.json":       {"json", check.Plain},
		"report.xml":        {"junit", check.Colour},
	} {
		var got bytes.Buffer
		if err := report.Write(&got, c.format, c.style); err != nil {
			t.Fatal(err)
		}
		golden(t, filepath.Join(testdata, name), got.String())
	}
	if err := report.Write(&bytes.Buffer{}, "xml", check.Plain); err == nil {
		t.Error("an unknown format is no error")
	}
}

func golden(t *testing.T, path, got string) {
	t.Helper()
	if *update {
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), got); diff != "" {
		t.Errorf("%s (-want +got):\n%s", path, diff)
	}
}

// TestJUnitCounts are what CI shows: read back, they are those of the cases.
func TestJUnitCounts(t *testing.T) {
	report, err := runFiles(t, everything(), Options{})
	if err != nil {
		t.Fatal(err)
	}
	var text bytes.Buffer
	if err := report.Write(&text, "junit", check.Plain); err != nil {
		t.Fatal(err)
	}
	type counts struct {
		Tests    int `xml:"tests,attr"`
		Failures int `xml:"failures,attr"`
		Errors   int `xml:"errors,attr"`
		Skipped  int `xml:"skipped,attr"`
	}
	var read struct {
		counts
		Suites []struct {
			counts
			Cases []struct {
				Failure *struct{} `xml:"failure"`
				Error   *struct{} `xml:"error"`
				Skipped *struct{} `xml:"skipped"`
			} `xml:"testcase"`
		} `xml:"testsuite"`
	}
	if err := xml.Unmarshal(text.Bytes(), &read); err != nil {
		t.Fatal(err)
	}
	var total counts
	for _, suite := range read.Suites {
		sum := counts{Tests: len(suite.Cases)}
		for _, c := range suite.Cases {
			sum.Failures += one01(c.Failure)
			sum.Errors += one01(c.Error)
			sum.Skipped += one01(c.Skipped)
		}
		if diff := cmp.Diff(sum, suite.counts); diff != "" {
			t.Errorf("a suite (-cases +attributes):\n%s", diff)
		}
		total.Tests, total.Failures = total.Tests+sum.Tests, total.Failures+sum.Failures
		total.Errors, total.Skipped = total.Errors+sum.Errors, total.Skipped+sum.Skipped
	}
	if diff := cmp.Diff(total, read.counts); diff != "" {
		t.Errorf("in all (-suites +attributes):\n%s", diff)
	}
}

func one01(present *struct{}) int {
	if present != nil {
		return 1
	}
	return 0
}
