package policy

import (
	"strings"
	"testing"
	"testing/fstest"
)

// TestRulesAreConfined: nothing that a rule may call reaches the world outside, or differs from one time to the next.
func TestRulesAreConfined(t *testing.T) {
	for call, body := range map[string]string{
		"http.send":            `violations contains http.send({"method": "get", "url": "http://127.0.0.1"})`,
		"opa.runtime":          `violations contains opa.runtime()`,
		"net.lookup_ip_addr":   `violations contains net.lookup_ip_addr("localhost")`,
		"time.now_ns":          `violations contains time.now_ns()`,
		"rand.intn":            `violations contains rand.intn("seed", 2)`,
		"uuid.rfc4122":         `violations contains uuid.rfc4122("seed")`,
		"trace":                `violations contains 1 if trace("x")`,
		"numbers.range":        `violations contains numbers.range(0, 1000000000)`,
		"regex.globs_match":    `violations contains regex.globs_match("a", "b")`,
		"crypto.x509":          `violations contains crypto.x509.parse_certificates("")`,
		"providers.aws.sign":   `violations contains providers.aws.sign_req({}, {}, 0)`,
		"rego.parse_module":    `violations contains rego.parse_module("a", "b")`,
		"internal.print":       `violations contains 1 if internal.print([{1}])`,
		"graphql.parse":        `violations contains graphql.parse("", "")`,
		"undeclared functions": `violations contains undeclared(1)`,
	} {
		t.Run(call, func(t *testing.T) {
			files := fstest.MapFS{"made.rego": &fstest.MapFile{Data: []byte(madeRule("made", body))}}
			_, err := newLibrary(files)
			if err == nil || !strings.Contains(err.Error(), "undefined function") {
				t.Errorf("error is %v, want an undefined function", err)
			}
		})
	}
}

// TestARuleMustDescribeItself: what the documents and messages rely on is asked for when rules are compiled.
func TestARuleMustDescribeItself(t *testing.T) {
	sound := madeRule("made", `violations := set()`)
	for name, c := range map[string]struct{ file, replace, by, want string }{
		"another package than file": {file: "other.rego", want: "must be named made.rego"},
		"no violations":             {replace: "violations :=", by: "result :=", want: "defines no violations"},
		"no title":                  {replace: "# title: a made rule\n", want: "METADATA has no title"},
		"no metadata":               {replace: "# METADATA\n", by: "#\n", want: "has no METADATA"},
		"unknown severity":          {replace: "severity: low", by: "severity: mild", want: `severity "mild"`},
		"unknown phase":             {replace: "phase: static", by: "phase: dynamic", want: `phase "dynamic"`},
		"a need that is no list":    {replace: "phase: static", by: "phase: static\n#   needs: keys", want: "METADATA needs must be a list"},
		"a need that nobody fills":  {replace: "phase: static", by: "phase: static\n#   needs: [weather]", want: `METADATA needs "weather"`},
		"a form left out":           {replace: "#     HelmChart: nothing\n", want: `says nothing of "HelmChart"`},
		"a form too many":           {replace: "#     HelmChart: nothing\n", by: "#     HelmChart: x\n#     Bucket: x\n", want: "names a form that is none"},
		"an open schema":            {replace: "additionalProperties: false", by: "additionalProperties: true", want: "additionalProperties: false"},
		"a broken schema":           {replace: "type: string", by: "type: text", want: "METADATA params"},
		"params that are no schema": {replace: "params:\n", by: "params: none\n#   x:\n", want: "must be a JSON schema"},
		"broken syntax":             {replace: "violations :=", by: "violations :::", want: "parse rule"},
		"an unused variable":        {replace: "violations := set()", by: "violations contains 1 if x := 1", want: "compile rules"},
	} {
		t.Run(name, func(t *testing.T) {
			file := "made.rego"
			if c.file != "" {
				file = c.file
			}
			if !strings.Contains(sound, c.replace) {
				t.Fatalf("%q is not in the rule", c.replace)
			}
			text := sound
			if c.replace != "" {
				text = strings.Replace(sound, c.replace, c.by, 1)
			}
			_, err := newLibrary(fstest.MapFS{file: &fstest.MapFile{Data: []byte(text)}})
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("error is %v, want one with %q", err, c.want)
			}
		})
	}
	if _, err := newLibrary(fstest.MapFS{"made.rego": &fstest.MapFile{Data: []byte(sound)}}); err != nil {
		t.Errorf("the sound rule: %v", err)
	}
}
