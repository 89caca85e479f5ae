package crds_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// list repeats an entry n times, %d standing for its number.
func list(n int, entry string) string {
	entries := make([]string, 0, n)
	for i := range n {
		entries = append(entries, strings.ReplaceAll(entry, "%d", fmt.Sprint(i)))
	}
	return "[" + strings.Join(entries, ", ") + "]"
}

func text(n int) string { return strings.Repeat("a", n) }

// What the API server says before ours.
const (
	glob      = "can match no namespace: write lower-case letters, digits and hyphens, and the wildcards * and ?"
	ruleName  = "is no name of a rule: write lower-case letters, digits and hyphens, as in require-verify"
	duration  = "must be a second or longer, in hours, minutes and seconds, as in 720h or 1h30m"
	rfc3339   = "must be a time in RFC 3339, as in 2027-01-31T17:00:00Z"
	noJudging = "the policy has neither rules nor pin nor rego nor signatures, so it would judge nothing: add one of them"
	noPinning = "pins nothing, as every mode is Never: set tags, latest or semver to OnChange"
	noName    = "is no name for a rule: write lower-case letters, digits and hyphens, as in team-label"
)

func TestWrongPoliciesAreRefused(t *testing.T) {
	const ok = "rules: [{rule: canonical-url}]"
	for sentence, test := range map[string]struct {
		spec string
		want []string
	}{
		"nothing to judge":           {`{action: Deny}`, []string{`spec.rules: Invalid value: ` + noJudging}},
		"lists with nothing in them": {`{rules: [], rego: []}`, []string{`spec.rules: Invalid value: ` + noJudging}},
		"a spec of another type":     {`everything`, []string{`spec: Invalid value: "string": spec in body must be of type object: "string"`}},
		"unknown values": {`{action: deny, onError: Audit, missingSources: Allow, pin: {tags: Always, latest: onchange}, rules: [{rule: a, action: Block}]}`, []string{
			`spec.action: Unsupported value: "deny": supported values: "Deny", "Warn", "Audit"`,
			`spec.missingSources: Unsupported value: "Allow": supported values: "Deny", "Warn", "Audit"`,
			`spec.onError: Unsupported value: "Audit": supported values: "Deny", "Warn", "Allow"`,
			`spec.pin.latest: Unsupported value: "onchange": supported values: "Never", "OnChange"`,
			`spec.pin.tags: Unsupported value: "Always": supported values: "Never", "OnChange"`,
			`spec.rules[0].action: Unsupported value: "Block": supported values: "Deny", "Warn", "Audit"`,
		}},
		"a date that is none": {`{enforceFrom: soon, ` + ok + `}`, []string{
			`spec.enforceFrom: Invalid value: "soon": spec.enforceFrom in body must be of type date-time: "soon"`}},
		"a date that only the format takes": {`{enforceFrom: "2027-01-31T17:00:00x5Z", ` + ok + `}`, []string{
			`spec.enforceFrom: Invalid value: "string": Invalid date-time formatted string 2027-01-31T17:00:00x5Z: ` +
				`parsing time "2027-01-31T17:00:00x5Z": extra text: "x5Z" evaluating rule: ` + rfc3339}},
		"globs that match nothing": {`{match: {namespaces: [Prod, "a/*", ""], excludedNamespaces: ["a b"]}, ` + ok + `}`, []string{
			`spec.match.excludedNamespaces[0]: Invalid value: "a b": ` + glob,
			`spec.match.namespaces[0]: Invalid value: "Prod": ` + glob,
			`spec.match.namespaces[1]: Invalid value: "a/*": ` + glob,
			`spec.match.namespaces[2]: Invalid value: "": ` + glob,
		}},
		"a glob that is too long": {`{match: {namespaces: [` + text(129) + `]}, ` + ok + `}`, []string{
			`spec.match.namespaces[0]: Too long: may not be more than 128 bytes`}},
		"too many globs": {`{match: {namespaces: ` + list(257, "n%d") + `}, ` + ok + `}`, []string{
			`spec.match.namespaces: Too many: 257: must have at most 256 items`}},
		"unknown kinds": {`{match: {kinds: [OciRepository]}, ` + ok + `}`, []string{
			`spec.match.kinds[0]: Unsupported value: "OciRepository": supported values: "OCIRepository", "HelmRelease", "HelmRepository", "HelmChart", "Kustomization"`}},
		"existing objects, and never a pin":          {`{pin: {existing: true, tags: Never}}`, []string{`spec.pin.existing: Invalid value: ` + noPinning}},
		"exceptions from nothing":                    {`{exceptions: {rules: [], maxDuration: 1h}, ` + ok + `}`, []string{`spec.exceptions.rules: Invalid value: 0: spec.exceptions.rules in body should have at least 1 items`}},
		"exceptions without end":                     {`{exceptions: {rules: [pin]}, ` + ok + `}`, []string{`spec.exceptions.maxDuration: Required value`}},
		"exceptions that are over before they begin": {`{exceptions: {rules: [pin], maxDuration: 0.5s}, ` + ok + `}`, []string{`spec.exceptions.maxDuration: Invalid value: "0.5s": ` + duration}},
		"a duration without a unit":                  {`{exceptions: {rules: [pin], maxDuration: "30"}, ` + ok + `}`, []string{`spec.exceptions.maxDuration: Invalid value: "30": ` + duration}},
		"a duration of nothing":                      {`{exceptions: {rules: [pin], maxDuration: ""}, ` + ok + `}`, []string{`spec.exceptions.maxDuration: Invalid value: "": ` + duration}},
		"a duration of a unit that there is not":     {`{exceptions: {rules: [pin], maxDuration: 30d}, ` + ok + `}`, []string{`spec.exceptions.maxDuration: Invalid value: "30d": ` + duration}},
		"a duration that no clock counts":            {`{exceptions: {rules: [pin], maxDuration: 9999999h}, ` + ok + `}`, []string{`spec.exceptions.maxDuration: Invalid value: "9999999h": ` + duration}},
		"a duration that is a number": {`{exceptions: {rules: [pin], maxDuration: 30}, ` + ok + `}`, []string{
			`spec.exceptions.maxDuration: Invalid value: "integer": spec.exceptions.maxDuration in body must be of type string: "integer"`}},
		"an exception from a name that is none": {`{exceptions: {rules: [Require Verify], maxDuration: 1h}, ` + ok + `}`, []string{`spec.exceptions.rules[0]: Invalid value: "Require Verify": ` + ruleName}},
		"a rule twice":                          {`{rules: [{rule: forbid-tags}, {rule: forbid-tags, action: Warn}]}`, []string{`spec.rules[1]: Duplicate value: {"rule":"forbid-tags"}`}},
		"a rule without a name":                 {`{rules: [{action: Deny}]}`, []string{`spec.rules[0].rule: Required value`}},
		"a rule whose name is hostile": {`{rules: [{rule: "a\nb\e[31m"}]}`, []string{
			`spec.rules[0].rule: Invalid value: "a\nb\x1b[31m": is no name of a rule: write lower-case letters, digits and hyphens, as in registry-allowlist`}},
		"a rule of another type": {`{rules: [canonical-url]}`, []string{
			`spec.rules[0]: Invalid value: "canonical-url": must be an object for an array of list-type map`,
			`spec.rules[0]: Invalid value: "string": spec.rules[0] in body must be of type object: "string"`}},
		"too many rules": {`{rules: ` + list(65, "{rule: r%d}") + `}`, []string{`spec.rules: Too many: 65: must have at most 64 items`}},
		"parameters that are a list": {`{rules: [{rule: forbid-tags, params: [latest]}]}`, []string{
			`spec.rules[0].params: Invalid value: "array": spec.rules[0].params in body must be of type object: "array"`}},
		"a demand that trusts nobody": {`{signatures: [{name: a, repositories: [ghcr.io/acme/**]}]}`, []string{
			`spec.signatures[0]: Invalid value: it trusts nobody, so nothing could meet it: set keys, identities or clusterImagePolicies`}},
		"a demand that trusts twice": {`{signatures: [{name: a, keys: [x], clusterImagePolicies: {names: ["*"]}}]}`, []string{
			`spec.signatures[0]: Invalid value: clusterImagePolicies say themselves whom they trust: write keys, identities and trustedRoot into a demand of their own`}},
		"a root for nobody": {`{signatures: [{name: a, keys: [x], trustedRoot: x}]}`, []string{
			`spec.signatures[0]: Invalid value: trustedRoot is for identities, and there are none`}},
		"an identity by half": {`{signatures: [{name: a, identities: [{issuer: i, issuerRegExp: j}]}]}`, []string{
			`spec.signatures[0].identities[0]: Invalid value: set either issuer or issuerRegExp`,
			`spec.signatures[0].identities[0]: Invalid value: set either subject or subjectRegExp`}},
		"no image policy": {`{signatures: [{name: a, clusterImagePolicies: {}}]}`, []string{
			`spec.signatures[0].clusterImagePolicies: Invalid value: names no policy: set names or inline`}},
		"a demand twice": {`{signatures: [{name: a, keys: [x]}, {name: a, keys: [z]}]}`, []string{`spec.signatures[1]: Duplicate value: {"name":"a"}`}},
		"a demand for no repository": {`{signatures: [{name: a, keys: [x], repositories: ["oci://ghcr.io"]}]}`, []string{
			`spec.signatures[0].repositories[0]: Invalid value: "oci://ghcr.io": is no pattern of repositories: write a host and a path in lower case, as in ghcr.io/acme/**`}},
		"a module twice":      {`{rego: [{name: a, module: x}, {name: a, module: z}]}`, []string{`spec.rego[1]: Duplicate value: {"name":"a"}`}},
		"a module of no name": {`{rego: [{name: My_Rule, module: x}]}`, []string{`spec.rego[0].name: Invalid value: "My_Rule": ` + noName}},
		"a module by the name of a violation of Fluxgate's": {`{rego: [{name: stale-pin, module: x}]}`, []string{
			`spec.rego[0].name: Invalid value: "stale-pin": is what Fluxgate calls a violation of its own: choose another name`}},
		"an empty module":        {`{rego: [{name: a, module: ""}]}`, []string{`spec.rego[0].module: Invalid value: "": spec.rego[0].module in body should be at least 1 chars long`}},
		"no module":              {`{rego: [{name: a}]}`, []string{`spec.rego[0].module: Required value`}},
		"a module beyond 64 KiB": {`{rego: [{name: a, module: ` + text(65537) + `}]}`, []string{`spec.rego[0].module: Too long: may not be more than 65536 bytes`}},
		"more modules than 32":   {`{rego: ` + list(33, "{name: m%d, module: x}") + `}`, []string{`spec.rego: Too many: 33: must have at most 32 items`}},
		"modules beyond 512 KiB": {`{rego: ` + list(9, "{name: m%d, module: "+text(65536)+"}") + `}`, []string{
			`spec.rego: Invalid value: the modules of a policy may have 524288 characters together: divide them among several policies`}},
	} {
		t.Run(sentence, func(t *testing.T) {
			if diff := cmp.Diff(test.want, complaints(t, try(t, policyOf(t, test.spec)))); diff != "" {
				t.Errorf("complaints (-want +got):\n%s", diff)
			}
		})
	}
}
