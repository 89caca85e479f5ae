package policytest

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// tableOf is a PolicyTest of policy.yaml, with something between its head and its cases.
func tableOf(between, cases string) string {
	return "apiVersion: fluxgate.dev/v1alpha1\nkind: PolicyTest\npolicies: [policy.yaml]\n" + between + "cases:\n" + cases
}

// caseOf creates an OCIRepository of a name; violations are flow mappings.
func caseOf(name, object, verdict, violations string) string {
	return "- name: " + name + "\n  object: " + ociOf(object, "ref: {tag: v1}") + "\n  expect: {verdict: " + verdict + ", violations: [" + violations + "]}\n"
}

func ociOf(name, spec string) string {
	return "{apiVersion: source.toolkit.fluxcd.io/v1, kind: OCIRepository, metadata: {name: " + name + ", namespace: prod}, " +
		"spec: {interval: 10m, url: 'oci://ghcr.io/acme/app', " + spec + "}}"
}

const (
	evil = "{policy: p, rule: named, action: Deny, path: metadata.name}"
	// pinning pins tags and ranges, and compares digests.
	pinning = "apiVersion: fluxgate.dev/v1alpha1\nkind: SourcePolicy\nmetadata: {name: pinning}\n" +
		"spec: {pin: {tags: OnChange, latest: OnChange, semver: OnChange}, rules: [{rule: digest-matches-ref}]}\n"
	one   = "sha256:1111111111111111111111111111111111111111111111111111111111111111"
	other = "sha256:2222222222222222222222222222222222222222222222222222222222222222"
)

func TestTableCases(t *testing.T) {
	own := policyOf("p", map[string]string{"named": named("evil")})
	pins := func(spec, facts, expect string) string {
		return "- name: it\n  object: " + ociOf("app", spec) + "\n  facts: {resolved: {" + facts + "}}\n  expect: {" + expect + "}\n"
	}
	for name, c := range map[string]struct {
		policy, table string
		failures      []string
		notJudged     []string
	}{
		"what is expected":    {own, tableOf("", caseOf("it", "evil", "deny", evil)), nil, nil},
		"a part of a message": {own, tableOf("", caseOf("it", "evil", "deny", strings.Replace(evil, "}", ", message: is evil}", 1))), nil, nil},
		"another message": {own, tableOf("", caseOf("it", "evil", "deny", strings.Replace(evil, "}", ", message: is good}", 1))), []string{
			`want, and is not there: deny [p/named] metadata.name, with "is good" in its message`,
			"is there, and not wanted: deny [p/named] metadata.name: the name is evil",
		}, nil},
		"another verdict, and nothing of the violation": {own, tableOf("", caseOf("it", "evil", "allow", "")), []string{
			"verdict: want allow, got deny", "is there, and not wanted: deny [p/named] metadata.name: the name is evil",
		}, nil},
		"a violation that is not there": {own, tableOf("", caseOf("it", "good", "allow", evil)), []string{
			"want, and is not there: deny [p/named] metadata.name",
		}, nil},
		"a deny that is dated": {
			strings.Replace(own, "spec:", "spec:\n  enforceFrom: \"2026-12-01T00:00:00Z\"", 1),
			tableOf("now: \"2026-11-30T23:59:59Z\"\n", caseOf("it", "evil", "warn", "{policy: p, rule: named, action: Warn, path: metadata.name, message: \"denied from 2026-12-01T00:00:00Z on\"}")), nil, nil,
		},
		"a deny on its date": {
			strings.Replace(own, "spec:", "spec:\n  enforceFrom: \"2026-12-01T00:00:00Z\"", 1),
			tableOf("now: \"2026-12-01T00:00:00Z\"\n", caseOf("it", "evil", "deny", evil)), nil, nil,
		},
		"an update": {own, tableOf("", "- name: it\n  operation: UPDATE\n  object: "+ociOf("evil", "ref: {tag: v2}")+"\n  old: "+ociOf("evil", "ref: {tag: v1}")+
			"\n  expect: {verdict: deny, violations: ["+evil+"]}\n"), nil, nil},
		"an update that changes nothing": {own, tableOf("", "- name: it\n  operation: UPDATE\n  object: "+ociOf("evil", "")+"\n  old: "+ociOf("evil", "")+
			"\n  expect: {verdict: allow}\n"), nil, nil},
		"a namespace's label decides": {
			strings.Replace(own, "spec:", "spec:\n  match: {namespaceSelector: {matchLabels: {tier: prod}}}", 1),
			tableOf("", caseOf("it", "evil", "deny", evil)+"  with: [{apiVersion: v1, kind: Namespace, metadata: {name: prod, labels: {tier: prod}}}]\n"), nil, nil,
		},
		"a source that it refers to": {
			"apiVersion: fluxgate.dev/v1alpha1\nkind: SourcePolicy\nmetadata: {name: p}\nspec: {rules: [{rule: forbid-insecure}]}\n",
			tableOf("", "- name: it\n  object: {apiVersion: helm.toolkit.fluxcd.io/v2, kind: HelmRelease, metadata: {name: r, namespace: prod}, spec: {interval: 1m, chartRef: {kind: OCIRepository, name: app}}}\n"+
				"  with: ["+ociOf("app", "insecure: true")+"]\n  expect: {verdict: deny, violations: [{policy: p, rule: forbid-insecure, action: Deny, path: spec.chartRef}]}\n"), nil, nil,
		},
		"a tag is pinned":           {pinning, tableOf("", pins("ref: {tag: v1}", "'ghcr.io/acme/app:v1': '"+one+"'", "verdict: allow, pins: [{path: spec.ref.digest, digest: '"+one+"'}]")), nil, nil},
		"no tag is latest":          {pinning, tableOf("", pins("", "'ghcr.io/acme/app:latest': '"+one+"'", "verdict: allow, pins: [{path: spec.ref.digest, digest: '"+one+"'}]")), nil, nil},
		"a range selects a tag":     {pinning, tableOf("", pins("ref: {semver: '>=1'}", "'ghcr.io/acme/app:>=1': 'v1.2.3@"+one+"'", "verdict: allow, pins: [{path: spec.ref.digest, digest: '"+one+"'}]")), nil, nil},
		"pins that nobody asks for": {pinning, tableOf("", pins("ref: {tag: v1}", "'ghcr.io/acme/app:v1': '"+one+"'", "verdict: allow")), nil, nil},
		"another pin is asked for": {pinning, tableOf("", pins("ref: {tag: v1}", "'ghcr.io/acme/app:v1': '"+one+"'", "verdict: allow, pins: [{path: spec.ref.digest, digest: '"+other+"'}]")),
			[]string{"want, and is not there: pin spec.ref.digest: " + other, "is there, and not wanted: pin spec.ref.digest: " + one}, nil},
		"no pin is asked for": {pinning, tableOf("", pins("ref: {tag: v1}", "'ghcr.io/acme/app:v1': '"+one+"'", "verdict: allow, pins: []")),
			[]string{"is there, and not wanted: pin spec.ref.digest: " + one}, nil},
		"a policy in Audit pins nothing": {strings.Replace(pinning, "spec: {", "spec: {action: Audit, ", 1),
			tableOf("", pins("ref: {tag: v1}", "'ghcr.io/acme/app:v1': '"+one+"'", "verdict: allow, violations: [{policy: pinning, rule: pin, action: Audit, path: spec.ref.digest}], pins: [{path: spec.ref.digest, digest: '"+one+"', dry: true}]")), nil, nil},
		"a digest that is another": {pinning, tableOf("", pins("ref: {tag: v1, digest: '"+other+"'}", "'ghcr.io/acme/app:v1': '"+one+"'", "verdict: deny, violations: [{policy: pinning, rule: digest-matches-ref, action: Deny, path: spec.ref.digest, message: '"+one+"'}], pins: []")), nil, nil},
		"a registry that is down": {pinning, tableOf("", pins("ref: {tag: v1}", "'ghcr.io/acme/app:v1': unreachable", "verdict: error")), nil,
			[]string{"[pinning] spec.ref: ghcr.io/acme/app:v1: unreachable: so say the facts of the test"}},
		"nothing is known, and it is told": {pinning, tableOf("", pins("ref: {tag: v1}", "'ghcr.io/acme/app:v2': '"+one+"'", "verdict: allow")), nil,
			[]string{"[pinning] spec.ref: ghcr.io/acme/app:v1: offline: facts.resolved does not list it"}},
		"two violations in another order": {
			"apiVersion: fluxgate.dev/v1alpha1\nkind: SourcePolicy\nmetadata: {name: p}\nspec: {rules: [{rule: forbid-insecure}, {rule: require-verify, action: Warn}]}\n",
			tableOf("", "- name: it\n  object: "+ociOf("app", "insecure: true")+"\n  expect: {verdict: deny, violations: [{policy: p, rule: require-verify, action: Warn, path: spec.verify}, {policy: p, rule: forbid-insecure, action: Deny, path: spec.insecure}]}\n"),
			nil, nil,
		},
	} {
		t.Run(name, func(t *testing.T) {
			report, err := runFiles(t, files{"policy.yaml": c.policy, "cases.yaml": c.table}, Options{})
			if err != nil {
				t.Fatal(err)
			}
			want := Test{Name: "it", File: "cases.yaml", Kind: Case, Result: Pass, Failures: c.failures, NotJudged: c.notJudged}
			want.Line = strings.Count(strings.Split(c.table, "- name")[0], "\n") + 1
			if len(c.failures) > 0 {
				want.Result = Fail
			}
			if diff := cmp.Diff([]Test{want}, report.Tests); diff != "" || len(report.Unreadable) > 0 {
				t.Errorf("tests (-want +got):\n%s\nunreadable: %v", diff, report.Unreadable)
			}
		})
	}
}

// TestTablesThatCannotBeRead say what is wrong with each case, and where.
func TestTablesThatCannotBeRead(t *testing.T) {
	const head = "cases.yaml: document 1: line 5: "
	it := func(rest string) string { return "- name: it\n  " + rest + "\n" }
	good := caseOf("it", "good", "allow", "")
	object := "object: " + ociOf("app", "ref: {tag: v1}")
	for name, c := range map[string]struct {
		table string
		want  []string
	}{
		"a slip":             {tableOf("", strings.Replace(good, "expect", "expct", 1)), []string{"cases.yaml: document 1: line 1: cases[0].expct: unknown field: did you mean expect?"}},
		"a key twice":        {tableOf("cases: []\n", good), []string{`cases.yaml: document 1: line 6: key "cases" already set in map`}},
		"no policies":        {strings.Replace(tableOf("", good), "policies: [policy.yaml]\n", "", 1), []string{"cases.yaml: document 1: line 1: policies: name the files of the policies, seen from this file's folder"}},
		"a policy too far":   {strings.Replace(tableOf("", good), "policy.yaml", "/etc/policy.yaml", 1), []string{`cases.yaml: document 1: line 1: policies[0]: "/etc/policy.yaml" is an absolute path: write it as it is seen from this file's folder`}},
		"a policy in vain":   {strings.Replace(tableOf("", good), "policy.yaml", "polcy.yaml", 1), []string{"cases.yaml: document 1: line 1: policies: polcy.yaml: no such file or directory"}},
		"no cases":           {"apiVersion: fluxgate.dev/v1alpha1\nkind: PolicyTest\npolicies: [policy.yaml]\ncases: []\n", []string{"cases.yaml: document 1: line 1: cases: there are 0: write between 1 and 1000, or several documents"}},
		"a date":             {tableOf("now: tomorrow\n", good), []string{`cases.yaml: document 1: line 1: now: is no time: parsing time "tomorrow" as "2006-01-02T15:04:05Z07:00": cannot parse "tomorrow" as "2006"`}},
		"two of one name":    {tableOf("", good+good), []string{"cases.yaml: document 1: line 8: cases[1].name: another case is called the same: tell what is different about this one"}},
		"nothing but a name": {tableOf("", it("operation: CREATE")), []string{head + "cases[0].object: is required", head + `cases[0].expect.verdict: is "": write one of allow, warn, deny, error`}},
		"no name":            {tableOf("", strings.Replace(good, "it\n", `""`+"\n", 1)), []string{head + "cases[0].name: is required, and has at most 200 bytes: say in a sentence what happens"}},
		"another kind":       {tableOf("", it("object: {apiVersion: v1, kind: Secret, metadata: {name: x}}\n  expect: {verdict: allow}")), []string{head + "cases[0].object: Secret is not judged: write one of OCIRepository, HelmRelease, HelmRepository, HelmChart, Kustomization"}},
		"no object at all":   {tableOf("", it("object: [x]\n  expect: {verdict: allow}")), []string{head + "cases[0].object: must be an object"}},
		"an object without a name": {tableOf("", it("object: {apiVersion: source.toolkit.fluxcd.io/v1, kind: OCIRepository, metadata: {}}\n  expect: {verdict: allow}")),
			[]string{head + "cases[0].object: OCIRepository: metadata.name: is missing"}},
		"an object that Flux would not take": {tableOf("", it("object: {apiVersion: source.toolkit.fluxcd.io/v1, kind: OCIRepository, metadata: {name: x}, spec: {url: 5}}\n  expect: {verdict: allow}")),
			[]string{head + `"it": object: spec.url: must be a string, is a number`}},
		"operations":            {tableOf("", it(object+"\n  operation: DELETE\n  expect: {verdict: allow}")), []string{head + `cases[0].operation: "DELETE" is unknown: write CREATE or UPDATE`}},
		"old without an update": {tableOf("", it(object+"\n  old: {}\n  expect: {verdict: allow}")), []string{head + "cases[0].old: is there on UPDATE only: add operation: UPDATE"}},
		"an update of nothing":  {tableOf("", it(object+"\n  operation: UPDATE\n  expect: {verdict: allow}")), []string{head + "cases[0].old: is required"}},
		"an update of another":  {tableOf("", it(object+"\n  operation: UPDATE\n  old: "+ociOf("b", "")+"\n  expect: {verdict: allow}")), []string{head + "cases[0].old: is OCIRepository prod/b, and the object is OCIRepository prod/app: write the same object as it was"}},
		"with what is no object": {tableOf("", it(object+"\n  with: [{kind: Namespace}, {apiVersion: v1, kind: Namespace, metadata: {name: x}}, {apiVersion: v1, kind: Namespace, metadata: {name: x}}]\n  expect: {verdict: allow}")), []string{
			head + "cases[0].with[0]: is no object: apiVersion or kind is missing",
			head + "cases[0].with[2]: Namespace /x is also in with[1]; check what is applied, for example: kustomize build DIR | fluxgate check -",
		}},
		"facts": {tableOf("", it(object+"\n  facts: {resolved: {ghcr.io/acme/app: x, 'ghcr.io/acme/app:v1': sha256:12, 'GHCR.io/acme/app:v1': timeout, 'ghcr.io/acme/app:v2': bad-reference}}\n  expect: {verdict: allow}")), []string{
			head + `cases[0].facts.resolved["GHCR.io/acme/app:v1"]: the repository is called ghcr.io/acme/app here`,
			head + `cases[0].facts.resolved["ghcr.io/acme/app"]: names no tag: write repository:tag, as in ghcr.io/acme/app:v1.0.0`,
			head + `cases[0].facts.resolved["ghcr.io/acme/app:v1"]: "sha256:12" is no answer: write sha256: and 64 hexadecimal digits, for a range behind the tag that it selects (v1.2.3@sha256:…), or the class of an error: unreachable, timeout, unauthorized, not-found, rate-limited, malformed-answer, address-refused, credentials, cloud-identity, no-version, offline`,
			head + `cases[0].facts.resolved["ghcr.io/acme/app:v2"]: "bad-reference" is no answer: write sha256: and 64 hexadecimal digits, for a range behind the tag that it selects (v1.2.3@sha256:…), or the class of an error: unreachable, timeout, unauthorized, not-found, rate-limited, malformed-answer, address-refused, credentials, cloud-identity, no-version, offline`,
		}},
		"expectations": {tableOf("", it(object+"\n  expect: {verdict: denied, violations: [{rule: x, action: deny}], pins: [{path: spec.ref.digest, digest: x}]}")), []string{
			head + `cases[0].expect.pins[0]: path and digest (sha256: and 64 hexadecimal digits) are required`,
			head + `cases[0].expect.verdict: is "denied": write one of allow, warn, deny, error`,
			head + `cases[0].expect.violations[0].action: is "deny": write one of Deny, Warn, Audit, Skip`,
			head + `cases[0].expect.violations[0].path: is required`,
			head + `cases[0].expect.violations[0].policy: is required`,
		}},
	} {
		t.Run(name, func(t *testing.T) {
			report, err := runFiles(t, files{"policy.yaml": policyOf("p", map[string]string{"named": named("evil")}), "cases.yaml": c.table}, Options{})
			if err != nil {
				t.Fatal(err)
			}
			var got []string
			for _, wrong := range report.Unreadable {
				got = append(got, wrong.Error())
			}
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Errorf("unreadable (-want +got):\n%s", diff)
			}
		})
	}
}
