package rulesdoc

import (
	"flag"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/fluxgate/fluxgate/policy"
)

var update = flag.Bool("update", false, "write the golden files anew")

// made are rules with something of each sort in them, so that a change to the shipped ones changes no golden file here.
func made() []policy.Rule {
	return []policy.Rule{
		{
			Name: "a-rule", Title: "nothing is <odd> & all is well", Severity: "low", Phase: policy.Facts, NeedsKeys: true, NeedsSignature: true,
			Description: "First paragraph,\nof two lines.\n\nSecond paragraph.", Remediation: "do the right thing", Example: "- rule: a-rule",
			Reads: []policy.Read{{Form: "OCIRepository", Fields: "spec.url"}, {Form: "HelmChart", Fields: "not applicable: it is none"}},
		},
		{
			Name: "longer-rule", Title: "limits are kept", Severity: "critical", Phase: policy.Static,
			Description: "It has parameters.", Remediation: "keep to them",
			Params: map[string]any{
				"type": "object", "additionalProperties": false, "required": []any{"names"},
				"properties": map[string]any{
					"names": map[string]any{
						"type": "array", "minItems": 1, "description": "names,\nor parts | of them",
						"items": map[string]any{"type": "string", "pattern": "^(a|b)$"},
					},
					"most": map[string]any{"type": "integer", "default": 3, "minimum": 0},
				},
			},
			Example: "- rule: longer-rule\n  params:\n\n    names: [a]",
			Reads:   []policy.Read{{Form: "OCIRepository", Fields: "spec.ref"}},
		},
	}
}

func TestGoldens(t *testing.T) {
	for golden, show := range map[string]func() (string, error){
		"list.txt":     func() (string, error) { return List(made(), "text") },
		"list.json":    func() (string, error) { return List(made(), "json") },
		"list.md":      func() (string, error) { return List(made(), "markdown") },
		"none.json":    func() (string, error) { return List(nil, "json") },
		"details.txt":  func() (string, error) { return Details(made()[1], "text") },
		"details.json": func() (string, error) { return Details(made()[1], "json") },
		"details.md":   func() (string, error) { return Details(made()[1], "markdown") },
		"plain.txt":    func() (string, error) { return Details(made()[0], "text") },
	} {
		t.Run(golden, func(t *testing.T) {
			got, err := show()
			if err != nil {
				t.Fatal(err)
			}
			path := filepath.Join("testdata", golden)
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
		})
	}
}

func TestUnknownFormatIsAnError(t *testing.T) {
	const want = `unknown output format "yaml": want text, json, markdown`
	_, list := List(made(), "yaml")
	_, details := Details(made()[0], "yaml")
	for name, err := range map[string]error{"asked before": CheckFormat("yaml"), "a list": list, "details": details} {
		if err == nil || err.Error() != want {
			t.Errorf("%s: got %v, want %s", name, err, want)
		}
	}
	for _, format := range Formats() {
		if err := CheckFormat(format); err != nil {
			t.Errorf("%s: %v", format, err)
		}
	}
}
