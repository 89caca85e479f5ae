package crds_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestWrongExceptionsAreRefused(t *testing.T) {
	const until, rest = `until: "2027-01-31T17:00:00Z"`, `rules: [require-verify], names: [app], reason: because`
	const object = "can match no object: write a name, or namespace/name, in lower-case letters, digits, hyphens and dots; wildcards * and ? stand in the name only"
	for sentence, test := range map[string]struct {
		spec string
		want []string
	}{
		"nothing at all": {`{}`, []string{
			`spec.names: Required value`, `spec.policy: Required value`, `spec.reason: Required value`, `spec.rules: Required value`, `spec.until: Required value`,
		}},
		"no end":                  {`{policy: p, ` + rest + `}`, []string{`spec.until: Required value`}},
		"an end that is no time":  {`{policy: p, ` + rest + `, until: tomorrow}`, []string{`spec.until: Invalid value: "tomorrow": spec.until in body must be of type date-time: "tomorrow"`}},
		"an end that is a day":    {`{policy: p, ` + rest + `, until: "2027-01-31"}`, []string{`spec.until: Invalid value: "2027-01-31": spec.until in body must be of type date-time: "2027-01-31"`}},
		"an end out of all times": {`{policy: p, ` + rest + `, until: "9999-12-31T23:59:59-14:00"}`, []string{`spec.until: Invalid value: "9999-12-31T23:59:59-14:00": ` + rfc3339}},
		"an end in no time zone": {`{policy: p, ` + rest + `, until: "2027-01-31T17:00:00+99:99"}`, []string{
			`spec.until: Invalid value: "string": Invalid date-time formatted string 2027-01-31T17:00:00+99:99: ` +
				`parsing time "2027-01-31T17:00:00+99:99": extra text: "+99:99" evaluating rule: ` + rfc3339}},
		"an end that is too long": {`{policy: p, ` + rest + `, until: "2027-01-31T17:00:00.` + strings.Repeat("0", 100) + `Z"}`, []string{
			`spec.until: Too long: may not be more than 35 bytes`}},
		"names of nothing": {`{policy: Production, rules: [""], names: [""], reason: " \n", ` + until + `}`, []string{
			`spec.names[0]: Invalid value: "": ` + object,
			`spec.policy: Invalid value: "Production": is no name of a SourcePolicy: write the metadata.name of one`,
			`spec.reason: Invalid value: " \n": is empty: say why the exception is needed`,
			`spec.rules[0]: Invalid value: "": ` + ruleName,
		}},
		"names of other places": {`{policy: p, rules: [a], names: ["a/b/c", "/a", "a/", "App", "prod-*/app"], reason: because, ` + until + `}`, []string{
			`spec.names[0]: Invalid value: "a/b/c": ` + object, `spec.names[1]: Invalid value: "/a": ` + object,
			`spec.names[2]: Invalid value: "a/": ` + object, `spec.names[3]: Invalid value: "App": ` + object,
			`spec.names[4]: Invalid value: "prod-*/app": ` + object,
		}},
		"empty lists": {`{policy: p, rules: [], names: [], reason: because, ` + until + `}`, []string{
			`spec.names: Invalid value: 0: spec.names in body should have at least 1 items`,
			`spec.rules: Invalid value: 0: spec.rules in body should have at least 1 items`,
		}},
		"an unknown kind": {`{policy: p, kinds: [Deployment], ` + rest + `, ` + until + `}`, []string{
			`spec.kinds[0]: Unsupported value: "Deployment": supported values: "OCIRepository", "HelmRelease", "HelmRepository", "HelmChart", "Kustomization"`}},
		"too much of everything": {`{policy: ` + text(254) + `, rules: ` + list(65, "r%d") + `, names: ` + list(65, "n%d") + `, reason: ` + text(1025) + `, ` + until + `}`, []string{
			`spec.names: Too many: 65: must have at most 64 items`, `spec.policy: Too long: may not be more than 253 bytes`,
			`spec.reason: Too long: may not be more than 1024 bytes`, `spec.rules: Too many: 65: must have at most 64 items`,
		}},
		"names that are too long": {`{policy: p, rules: [` + text(64) + `], names: [` + text(321) + `], reason: because, ` + until + `}`, []string{
			`spec.names[0]: Too long: may not be more than 320 bytes`, `spec.rules[0]: Too long: may not be more than 63 bytes`,
		}},
	} {
		t.Run(sentence, func(t *testing.T) {
			if diff := cmp.Diff(test.want, complaints(t, try(t, exceptionOf(t, test.spec)))); diff != "" {
				t.Errorf("complaints (-want +got):\n%s", diff)
			}
		})
	}
}
