package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

const example = "docs/examples/team-label"

// TestTestExitCodes: what a CI job goes by.
func TestTestExitCodes(t *testing.T) {
	t.Chdir("../..")
	failing := filepath.Join(t.TempDir(), "failing_test.rego")
	if err := os.WriteFile(failing, []byte("package x\n\ntest_it if false\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	broken := filepath.Join(t.TempDir(), "broken_test.rego")
	if err := os.WriteFile(broken, []byte("package x\n\ntest_it if"), 0o600); err != nil {
		t.Fatal(err)
	}
	cases := map[string]struct {
		args   []string
		want   int
		stderr string // a part; empty means that nothing is said there
	}{
		"all pass":                 {[]string{example}, 0, ""},
		"all of signatures pass":   {[]string{"docs/examples/signed"}, 0, ""},
		"one fails":                {[]string{example, failing}, 1, ""},
		"one cannot be read":       {[]string{example, failing, broken}, 2, "fluxgate: " + broken + ": line 3: rego_parse_error: "},
		"no such file":             {[]string{"nothing"}, 2, "fluxgate: nothing: no such file or directory\n"},
		"no test in it":            {[]string{example + "/policy.yaml"}, 2, "fluxgate: no test is found: a test is a rule test_"},
		"no test of the name":      {[]string{"--run", "^none$", example}, 2, "none of those that there are matches ^none$"},
		"enough is covered":        {[]string{"--coverage-threshold", "100", example}, 0, ""},
		"too little is covered":    {[]string{"--coverage-threshold", "99", "--run", "known_team_passes", example}, 1, ""},
		"no PATH":                  {nil, 2, "no PATH given"},
		"an unknown format":        {[]string{"-o", "xml", example}, 2, `--output: unknown output format "xml": want text, json, junit`},
		"a regex that is none":     {[]string{"--run", "(", example}, 2, "--run: error parsing regexp"},
		"a timeout that is none":   {[]string{"--timeout", "0s", example}, 2, "--timeout: 0s is not above 0s"},
		"a threshold that is none": {[]string{"--coverage-threshold", "NaN", example}, 2, "--coverage-threshold: NaN is not between 0 and 100"},
		"a threshold too high":     {[]string{"--coverage-threshold", "101", example}, 2, "--coverage-threshold: 101 is not between 0 and 100"},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			got := inProcess("", append([]string{"test"}, c.args...)...)
			if got.Code != c.want || !strings.Contains(got.Stderr, c.stderr) || c.stderr == "" && got.Stderr != "" {
				t.Errorf("got %+v, want code %d and %q on stderr", got, c.want, c.stderr)
			}
		})
	}
}

func TestTestHelp(t *testing.T) { golden(t, "test-help.txt", inProcess("", "test", "--help").Stdout) }

func TestTestThatCannotBeWrittenIsThree(t *testing.T) {
	t.Chdir("../..")
	var stderr strings.Builder
	if code := run([]string{"test", example}, os.Stdin, full{}, &stderr); code != 3 {
		t.Errorf("exit code %d, want 3", code)
	}
	if want := "fluxgate: write the report: no space left\n"; stderr.String() != want {
		t.Errorf("stderr is %q, want %q", stderr.String(), want)
	}
}

// TestTheTestingPageShowsWhatIsPrinted: each command of docs/testing.md prints what stands below it.
func TestTheTestingPageShowsWhatIsPrinted(t *testing.T) {
	t.Chdir("../..")
	page, err := os.ReadFile("docs/testing.md")
	if err != nil {
		t.Fatal(err)
	}
	shown := 0
	for _, block := range strings.Split(string(page), "```") {
		command, want, found := strings.Cut(strings.TrimPrefix(block, "\n"), "\n")
		command, isCommand := strings.CutPrefix(command, "$ fluxgate ")
		if !found || !isCommand {
			continue
		}
		shown++
		if diff := cmp.Diff(want, inProcess("", strings.Fields(command)...).Stdout); diff != "" {
			t.Errorf("fluxgate %s (-in docs/testing.md +printed):\n%s", command, diff)
		}
	}
	if shown < 2 {
		t.Errorf("docs/testing.md shows %d commands", shown)
	}
}

// TestTheTestingPageShowsTheExample: the cases that it quotes are those of the examples.
func TestTheTestingPageShowsTheExample(t *testing.T) {
	page, err := os.ReadFile("../../docs/testing.md")
	if err != nil {
		t.Fatal(err)
	}
	written, err := os.ReadFile("../../" + example + "/cases.yaml")
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(string(page), "```yaml\n"+string(written)+"```\n") {
		t.Errorf("docs/testing.md does not show %s/cases.yaml as it is", example)
	}
	signed, err := os.ReadFile("../../docs/examples/signed/cases.yaml")
	if err != nil {
		t.Fatal(err)
	}
	_, quoted, _ := strings.Cut(string(page), "```yaml\n  - name:")
	quoted, _, _ = strings.Cut(quoted, "```")
	if quoted == "" || !strings.Contains(string(signed), "  - name:"+quoted) {
		t.Error("docs/testing.md shows no case of docs/examples/signed as it is")
	}
}
