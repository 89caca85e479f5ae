package check

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// oci is an OCIRepository as one document.
func oci(namespace, name string) string {
	return fmt.Sprintf(`apiVersion: source.toolkit.fluxcd.io/v1
kind: OCIRepository
metadata: {name: %q, namespace: %q}
spec: {url: "oci://ghcr.io/acme/app"}
`, name, namespace)
}

// readStdin reads a text as standard input.
func readStdin(text string) *Inventory {
	return Read(ReadOptions{Paths: []string{Stdin}, Stdin: strings.NewReader(text)})
}

// judgedNames lists what is to be judged as "Kind namespace/name line".
func judgedNames(i *Inventory) []string {
	var names []string
	for _, found := range i.judged {
		u := found.object
		names = append(names, fmt.Sprintf("%s %s/%s line %d", u.GetKind(), u.GetNamespace(), u.GetName(), found.line))
	}
	return names
}

func TestReadSortsDocuments(t *testing.T) {
	const release = `{"apiVersion":"helm.toolkit.fluxcd.io/v2","kind":"HelmRelease","metadata":{"name":"r"}}`
	cases := map[string]struct {
		text    string
		judged  []string
		summary InputSummary
	}{
		"nothing": {
			text:    "# nothing\n---\n",
			summary: InputSummary{Files: 1},
		},
		"documents of every sort": {
			text: oci("prod", "a") + "---\n# a note\n" + oci("prod", "b") + "---\n" +
				"apiVersion: v1\nkind: Namespace\nmetadata: {name: prod, labels: {environment: prod}}\n---\n" +
				"apiVersion: v1\nkind: ConfigMap\nmetadata: {name: c}\n---\n" +
				"apiVersion: source.toolkit.fluxcd.io/v1\nkind: GitRepository\nmetadata: {name: g, namespace: prod}\n",
			judged:  []string{"OCIRepository prod/a line 1", "OCIRepository prod/b line 7"},
			summary: InputSummary{Files: 1, OtherObjects: 3},
		},
		"what is no manifest": {
			text: "replicas: 2\n---\napiVersion: kustomize.config.k8s.io/v1beta1\nkind: Kustomization\nresources: [a.yaml]\n---\n" +
				"- a\n- list\n---\njust text\n---\nkind: OCIRepository\nmetadata: {name: x}\n",
			summary: InputSummary{Files: 1, PassedOver: 5},
		},
		"every kind that is judged, in any version": {
			text: strings.Join([]string{
				`{"apiVersion":"source.toolkit.fluxcd.io/v1beta2","kind":"OCIRepository","metadata":{"name":"a","namespace":"x"}}`,
				`{"apiVersion":"source.toolkit.fluxcd.io/v1","kind":"HelmRepository","metadata":{"name":"a","namespace":"x"}}`,
				`{"apiVersion":"source.toolkit.fluxcd.io/v1","kind":"HelmChart","metadata":{"name":"a","namespace":"x"}}`,
				`{"apiVersion":"kustomize.toolkit.fluxcd.io/v1","kind":"Kustomization","metadata":{"name":"a","namespace":"x"}}`,
			}, "\n"),
			judged: []string{
				"OCIRepository x/a line 1", "HelmRepository x/a line 2", "HelmChart x/a line 3", "Kustomization x/a line 4",
			},
			summary: InputSummary{Files: 1},
		},
		"json without a namespace": {
			text:    release,
			judged:  []string{"HelmRelease default/r line 1"},
			summary: InputSummary{Files: 1, NamespaceAssumed: 1},
		},
		"json with what yaml does not know": {
			text: `{"apiVersion":"source.toolkit.fluxcd.io/v1","kind":"OCIRepository","metadata":{"name":"a","namespace":"x",` +
				`"annotations":{"face":"\ud83d\ude00"}}}`,
			judged:  []string{"OCIRepository x/a line 1"},
			summary: InputSummary{Files: 1},
		},
		"json between documents of yaml": {
			text:    oci("x", "a") + "---\n" + release + "\n---\n" + oci("x", "b"),
			judged:  []string{"OCIRepository x/a line 1", "HelmRelease default/r line 6", "OCIRepository x/b line 8"},
			summary: InputSummary{Files: 1, NamespaceAssumed: 1},
		},
		"a list, with a list and a number in it": {
			text:    `{"apiVersion":"v1","kind":"List","items":[` + release + `,{"apiVersion":"v1","kind":"List","items":[]},5]}`,
			judged:  []string{"HelmRelease default/r line 1"},
			summary: InputSummary{Files: 1, PassedOver: 1, NamespaceAssumed: 1},
		},
		"a typed list whose items leave their kind to it": {
			text: "apiVersion: source.toolkit.fluxcd.io/v1\nkind: OCIRepositoryList\nitems:\n" +
				"- metadata: {name: a, namespace: x}\n- metadata: {name: b, namespace: x}\n",
			judged:  []string{"OCIRepository x/a line 1", "OCIRepository x/b line 1"},
			summary: InputSummary{Files: 1},
		},
		"items do not make an object a list": {
			text:    oci("x", "a") + "items: []\n",
			judged:  []string{"OCIRepository x/a line 1"},
			summary: InputSummary{Files: 1},
		},
		"generated names do not clash": {
			text: strings.Repeat("apiVersion: source.toolkit.fluxcd.io/v1\nkind: OCIRepository\n"+
				"metadata: {generateName: a-, namespace: x}\n---\n", 2),
			judged:  []string{"OCIRepository x/ line 1", "OCIRepository x/ line 5"},
			summary: InputSummary{Files: 1},
		},
		"a byte order mark": {
			text:    "\uFEFF" + oci("x", "a"),
			judged:  []string{"OCIRepository x/a line 1"},
			summary: InputSummary{Files: 1},
		},
		"anchors in reason": {
			text: "apiVersion: source.toolkit.fluxcd.io/v1\nkind: OCIRepository\n" +
				"metadata: {name: &n a, namespace: x, labels: {app: *n}}\n",
			judged:  []string{"OCIRepository x/a line 1"},
			summary: InputSummary{Files: 1},
		},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			got := readStdin(c.text)
			if diff := cmp.Diff([]*InputError(nil), got.Unreadable); diff != "" {
				t.Errorf("unreadable (-want +got):\n%s", diff)
			}
			if diff := cmp.Diff(c.judged, judgedNames(got)); diff != "" {
				t.Errorf("judged (-want +got):\n%s", diff)
			}
			if diff := cmp.Diff(c.summary, got.Summary); diff != "" {
				t.Errorf("summary (-want +got):\n%s", diff)
			}
		})
	}
}

func TestReadRefusesWithFileDocumentAndLine(t *testing.T) {
	const clash = "is also in stdin, document 1, line 1; check what is applied, for example: kustomize build DIR | fluxgate check -"
	object := func(metadata string) string {
		return "apiVersion: source.toolkit.fluxcd.io/v1\nkind: OCIRepository\nmetadata: " + metadata + "\n"
	}
	cases := map[string]struct {
		text string
		want InputError
	}{
		"broken yaml in the second document": {
			text: oci("x", "a") + "---\na: 1\nb: [1\nc: 2\n",
			want: InputError{Document: 2, Line: 7, Message: "did not find expected ',' or ']'"},
		},
		"a tab for indentation": {
			text: "a:\n\tb: 1\n",
			want: InputError{Document: 1, Line: 2, Message: "found character that cannot start any token"},
		},
		"a key that stands twice in yaml": {
			text: "---\n" + oci("x", "a") + "spec: {}\n",
			want: InputError{Document: 1, Line: 6, Message: `key "spec" already set in map`},
		},
		"a key that stands twice in json": {
			text: oci("x", "a") + "---\n\n{\"kind\": \"OCIRepository\", \"kind\": \"ConfigMap\"}",
			want: InputError{Document: 2, Line: 7, Message: `duplicate field "kind"`},
		},
		"an unknown anchor": {
			text: "a: *b\n",
			want: InputError{Document: 1, Line: 1, Message: "unknown anchor 'b' referenced"},
		},
		"truncated json": {
			text: `{"apiVersion": "v1",`,
			want: InputError{Document: 1, Line: 1, Message: "did not find expected node content"},
		},
		"a template": {
			text: "kind: {{ .Values.kind }}\n",
			want: InputError{Document: 1, Line: 1, Message: `invalid map key: map[interface {}]interface {}{".Values.kind":interface {}(nil)}`},
		},
		"an infinite number": {
			text: "a: .inf\n",
			want: InputError{Document: 1, Line: 1, Message: "json: unsupported value: +Inf"},
		},
		"the same object twice, in two versions": {
			text: oci("x", "a") + "---\n" + strings.Replace(oci("x", "a"), "/v1", "/v1beta2", 1),
			want: InputError{Document: 2, Line: 6, Message: "OCIRepository x/a " + clash},
		},
		"the same object twice, once without its namespace": {
			text: oci("default", "a") + "---\n" + object("{name: a}"),
			want: InputError{Document: 2, Line: 6, Message: "OCIRepository default/a " + clash},
		},
		"the same namespace twice": {
			text: strings.Repeat("apiVersion: v1\nkind: Namespace\nmetadata: {name: x}\n---\n", 2),
			want: InputError{Document: 2, Line: 5, Message: "Namespace /x " + clash},
		},
		"no metadata": {
			text: "apiVersion: v1\nkind: Namespace\n",
			want: InputError{Document: 1, Line: 1, Message: "Namespace: metadata: is missing or not a mapping"},
		},
		"no name": {
			text: object("{namespace: x}"),
			want: InputError{Document: 1, Line: 1, Message: "OCIRepository: metadata.name: is missing"},
		},
		"labels that are no labels": {
			text: "apiVersion: v1\nkind: Namespace\nmetadata: {name: x, labels: {environment: [prod]}}\n",
			want: InputError{Document: 1, Line: 1, Message: "Namespace: metadata: json: cannot unmarshal array into Go struct field ObjectMeta.labels of type string"},
		},
		"an item of a list without a name": {
			text: "apiVersion: v1\nkind: List\nitems:\n- {apiVersion: v1, kind: Namespace, metadata: {}}\n",
			want: InputError{Document: 1, Line: 1, Message: "Namespace: metadata.name: is missing"},
		},
		"utf-16": {
			text: "\xff\xfea\x00:\x00",
			want: InputError{Message: "is not UTF-8 text; save it as UTF-8"},
		},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			c.want.File = "stdin"
			if diff := cmp.Diff([]*InputError{&c.want}, readStdin(c.text).Unreadable); diff != "" {
				t.Errorf("unreadable (-want +got):\n%s", diff)
			}
		})
	}
}

func TestReadGoesOnPastWhatIsBroken(t *testing.T) {
	got := readStdin("a: [\n---\n" + oci("x", "a") + "---\nb: ]\n---\n" + oci("x", "b"))
	if len(got.Unreadable) != 2 {
		t.Errorf("want both broken documents named, got %v", got.Unreadable)
	}
	want := []string{"OCIRepository x/a line 3", "OCIRepository x/b line 10"}
	if diff := cmp.Diff(want, judgedNames(got)); diff != "" {
		t.Errorf("judged (-want +got):\n%s", diff)
	}
}

func TestReadTakesAwayWhatOnlyTheServerSets(t *testing.T) {
	got := readStdin("apiVersion: source.toolkit.fluxcd.io/v1\nkind: OCIRepository\n" +
		"metadata: {name: a, namespace: x, uid: u, deletionTimestamp: \"2026-01-01T00:00:00Z\", deletionGracePeriodSeconds: 0}\n")
	want := map[string]any{"name": "a", "namespace": "x"}
	if diff := cmp.Diff(want, got.judged[0].object.Object["metadata"]); diff != "" {
		t.Errorf("metadata (-want +got):\n%s", diff)
	}
}
