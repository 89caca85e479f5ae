package imagepolicy_test

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/sigstore/policy-controller/pkg/apis/policy/v1alpha1"
	"github.com/sigstore/policy-controller/pkg/apis/policy/v1beta1"
	pcconfig "github.com/sigstore/policy-controller/pkg/config"

	"github.com/fluxgate/fluxgate/verify/imagepolicy"
)

// secrets are the Secrets of policy-controller's namespace.
type secrets map[string]map[string][]byte

func (secrets) Namespace() string { return "cosign-system" }

func (s secrets) ReadSecret(_ context.Context, name string) (map[string][]byte, error) {
	if name == "unreachable" {
		return nil, errors.New("connection refused")
	}
	return s[name], nil
}

const (
	header = "apiVersion: policy.sigstore.dev/v1beta1\nkind: ClusterImagePolicy\nmetadata: {name: release}\n"
	images = header + "spec:\n  images: [{glob: \"**\"}]\n"
	public = "-----BEGIN PUBLIC KEY-----\\nMFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEOc6HkISHzVdUbtUsdjYtPuyPYBeg\\n" +
		"4FCemyVurIM4KEORQk4OAu8ZNwxvGSoY3eAabYaFIPPQ8ROAjrbdPwNdJw==\\n-----END PUBLIC KEY-----\\n"
	pinned = `key: {data: "` + public + `"}`
)

// authority is a document with one authority.
func authority(content string) string { return images + "  authorities: [{" + content + "}]\n" }

// policyOver is a document with a policy over its authority.
func policyOver(content string) string { return authority(pinned) + "  policy: {" + content + "}\n" }

func TestParseTellsAllThatIsWrong(t *testing.T) {
	const identities = `identities: [{issuer: "https://a.example", subject: b}]`
	for sentence, test := range map[string]struct {
		document string
		want     []string
	}{
		"nothing":       {"\n---\n", []string{"is empty"}},
		"comments only": {"# a\n---\n# b\n", []string{"is empty"}},
		"two documents": {authority(pinned) + "---\n" + authority(pinned), []string{"holds more than one document: write one policy"}},
		"no YAML":       {"{", []string{"is neither YAML nor JSON: line 1: did not find expected node content"}},
		"too much":      {strings.Repeat("#", 2<<20) + "\n", []string{"is larger than 2 MiB"}},
		"another kind": {"apiVersion: v1\nkind: Secret\nmetadata: {name: release}\n", []string{
			`apiVersion: is "v1": write policy.sigstore.dev/v1beta1 or policy.sigstore.dev/v1alpha1`, `kind: is "Secret": write ClusterImagePolicy`,
			"spec.authorities, spec.images: missing field(s)"}},
		"no name": {strings.Replace(authority(pinned), "name: release", "name: Release!", 1), []string{
			`metadata.name: is "Release!", which no object can have: a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', ` +
				`and must start and end with an alphanumeric character (e.g. 'example.com', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')`}},
		"unknown fields, and ones that are there twice": {
			strings.Replace(authority(pinned+", keyles: {}"), "spec:", "spec:\n  mod: warn", 1),
			[]string{`unknown field "spec.authorities[0].keyles"`, `unknown field "spec.mod"`}},
		"several mistakes at once": {
			header + "spec: {mode: loud, authorities: [{name: a}, {static: {action: maybe}}]}\n",
			[]string{"spec.authorities[0].key, spec.authorities[0].keyless, spec.authorities[0].static: expected exactly one, got neither",
				"spec.authorities[1].static.action: invalid value: maybe (unsupported action)", "spec.images: missing field(s)",
				"spec.mode: invalid value: loud (unsupported mode)"}},
		"no authorities, by which policy-controller may be told to admit everything": {images, []string{"spec.authorities: missing field(s)"}},
		"more authorities than are judged": {
			images + "  authorities: [" + strings.Repeat("{static: {action: pass}},", 33) + "]\n",
			[]string{"spec.authorities: are 33, and more than 32 are not judged"}},
		"two authorities of one name, of which the library would show one": {
			images + "  authorities: [{name: a, static: {action: pass}}, {name: a, static: {action: pass}}]\n",
			[]string{`spec.authorities[1].name: "a" is the name of another authority too`}},
		"a key that is none": {authority("key: {data: nothing}"), []string{"spec.authorities[0].key.data: holds no public key in PEM"}},
		"two keys in one, of which the library would take the first": {
			authority(`key: {data: "` + public + public + `"}`), []string{"spec.authorities[0].key.data: holds more than one key: write an authority for each"}},
		"no key at all": {authority("key: {}"), []string{"spec.authorities[0].key: write either data or secretRef"}},
		"a key and a hash that are none": {authority("key: {hashAlgorithm: md5, data: a}"), []string{
			"spec.authorities[0].key.data: holds no public key in PEM", "spec.authorities[0].key.hashAlgorithm: invalid value: md5"}},
		"a hash that is none": {authority(`key: {hashAlgorithm: md5, data: "` + public + `"}`), []string{
			"spec.authorities[0].key.hashAlgorithm: invalid value: md5"}},
		"a key of a key management service": {authority("key: {kms: \"gcpkms://a\"}"), []string{
			"spec.authorities[0].key.kms: no key management service is asked: write the public key into data"}},
		"a form of signatures that is none, which the library would take for legacy": {authority(pinned + ", signatureFormat: bundel"), []string{
			`spec.authorities[0].signatureFormat: is "bundel": write legacy or bundle`}},
		"signatures elsewhere, by another login": {authority(pinned + ", source: [{oci: ghcr.io/acme/signatures, signaturePullSecrets: [{name: a}]}]"), []string{
			"spec.authorities[0].source[0].oci: signatures are read from the repository of the artifact only: leave it out, and copy them there",
			"spec.authorities[0].source[0].signaturePullSecrets: signatures are read with the login of the artifact: leave it out"}},
		"trust roots of the cluster": {authority("keyless: {trustRootRef: a, " + identities + "}, ctlog: {trustRootRef: a}, rfc3161timestamp: {trustRootRef: a}"), []string{
			"spec.authorities[0].ctlog.trustRootRef: TrustRoot objects are not read: leave it out, and give Fluxgate the trusted root by --trusted-root",
			"spec.authorities[0].keyless.trustRootRef: TrustRoot objects are not read: leave it out, and give Fluxgate the trusted root by --trusted-root",
			"spec.authorities[0].rfc3161timestamp: TrustRoot objects are not read: leave it out, and give Fluxgate the trusted root by --trusted-root"}},
		"a log without a url, by which the library would ask none": {authority("keyless: {" + identities + "}, ctlog: {}"), []string{
			"spec.authorities[0].ctlog: has no url, by which policy-controller would ask no log at all: leave it out, or write url"}},
		"an authority's own certificate": {authority(`keyless: {ca-cert: {data: "` + public + `"}, ` + identities + "}"), []string{
			"spec.authorities[0].keyless.ca-cert: policy-controller 0.15.1 admits nothing by it: write url, and give Fluxgate the authority in the trusted root of --trusted-root"}},
		"no identity": {authority("keyless: {url: \"https://fulcio.sigstore.dev\"}"), []string{"spec.authorities[0].keyless.identities: missing field(s)"}},
		"a selector that selects nothing": {authority(pinned) + "  match: [{group: a, version: v1, resource: b, selector: {matchExpressions: [{key: a, operator: Is}]}}]\n", []string{
			`spec.match[0].selector: "Is" is not a valid label selector operator`}},
		"a policy of a ConfigMap": {policyOver("type: cue, configMapRef: {name: a, key: b}"), []string{
			"spec.policy.configMapRef: ConfigMaps are not read: write the policy into data"}},
		"a policy of a url": {authority(pinned + ", attestations: [{name: a, predicateType: \"https://a.example\", policy: {type: cue, remote: {url: \"https://a.example\", sha256sum: b}}}]"), []string{
			"spec.authorities[0].attestations[0].policy.remote: nothing is fetched from a url: write the policy into data"}},
		"a policy over more than signatures": {policyOver("type: cue, data: \"\", fetchConfigFile: true, includeSpec: true, includeObjectMeta: true, includeTypeMeta: true"), []string{
			"spec.policy.configMapRef, spec.policy.data, spec.policy.remote: missing field(s)",
			"spec.policy.fetchConfigFile: an artifact of Flux has no image configuration: leave it out",
			"spec.policy.includeObjectMeta: a verdict is kept by digest for all objects, so it may not depend on one: leave it out, and judge the object by a rule of a SourcePolicy, or select it by spec.match",
			"spec.policy.includeSpec: a verdict is kept by digest for all objects, so it may not depend on one: leave it out, and judge the object by a rule of a SourcePolicy, or select it by spec.match",
			"spec.policy.includeTypeMeta: a verdict is kept by digest for all objects, so it may not depend on one: leave it out, and judge the object by a rule of a SourcePolicy, or select it by spec.match"}},
		"CUE that is none":  {policyOver("type: cue, data: \"a: \"}"[:len("type: cue, data: \"a: \"")]), []string{"spec.policy.data: does not compile: expected operand, found 'EOF'"}},
		"Rego that is none": {policyOver("type: rego, data: \"package sigstore\\nisCompliant {\""), []string{"spec.policy.data: does not compile: sigstore.rego:2: rego_parse_error: unexpected eof token"}},
		"Rego of another package": {policyOver("type: rego, data: \"package acme\\nisCompliant { true }\""), []string{
			"spec.policy.data: is package acme, of which policy-controller asks nothing: write package sigstore, with a rule isCompliant"}},
		"Rego without the rule": {policyOver("type: rego, data: \"package sigstore\\nallow { true }\""), []string{"spec.policy.data: has no rule isCompliant, so nothing could comply"}},
		"Rego that asks a network": {policyOver("type: rego, data: \"package sigstore\\nisCompliant { http.send({\\\"method\\\": \\\"get\\\", \\\"url\\\": \\\"https://a.example\\\"}) }\""), []string{
			"spec.policy.data: does not compile: sigstore.rego:2: rego_type_error: undefined function http.send"}},
		"Rego that asks for the process's environment": {policyOver("type: rego, data: \"package sigstore\\nisCompliant { opa.runtime().env.HOME }\""), []string{
			"spec.policy.data: does not compile: sigstore.rego:2: rego_type_error: undefined function opa.runtime"}},
		"Rego that asks for addresses": {policyOver("type: rego, data: \"package sigstore\\nisCompliant { net.lookup_ip_addr(\\\"a.example\\\") }\""), []string{
			"spec.policy.data: does not compile: sigstore.rego:2: rego_type_error: undefined function net.lookup_ip_addr"}},
	} {
		t.Run(sentence, func(t *testing.T) {
			// What policy-controller can be configured to let pass is not for Fluxgate's context to say.
			ctx := pcconfig.ToContext(t.Context(), &pcconfig.PolicyControllerConfig{FailOnEmptyAuthorities: false})
			policy, err := imagepolicy.Parse(ctx, []byte(test.document), nil)
			var invalid *imagepolicy.InvalidError
			if !errors.As(err, &invalid) {
				t.Fatalf("got %v, %v, want an *InvalidError", policy, err)
			}
			var got []string
			for _, problem := range invalid.Problems {
				got = append(got, strings.TrimPrefix(problem.Path+": ", ": ")+problem.Text)
			}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("problems (-want +got):\n%s", diff)
			}
		})
	}
}

func TestParseReadsKeysOfSecrets(t *testing.T) {
	key, other := newKey(t), newKey(t)
	there := secrets{
		"acme": {"cosign.pub": key.public}, "two": {"a.pub": key.public, "b.pub": other.public}, "none": {"cosign.pub": []byte("secret text")}, "empty": {},
	}
	for sentence, test := range map[string]struct {
		ref, want string
		secrets   imagepolicy.SecretReader
	}{
		"the only entry":               {"{name: acme}", "", there},
		"in the namespace":             {"{name: acme, namespace: cosign-system}", "", there},
		"in another":                   {"{name: acme, namespace: apps}", `secretRef.namespace: is "apps", and Secrets are read from cosign-system only: leave it out, and put the Secret there`, there},
		"one that does not exist":      {"{name: nobody}", "secretRef: the Secret cosign-system/nobody does not exist", there},
		"one without entries":          {"{name: empty}", "secretRef: the Secret cosign-system/empty has 0 entries, and policy-controller wants one, which is the public key", there},
		"one with two":                 {"{name: two}", "secretRef: the Secret cosign-system/two has 2 entries, and policy-controller wants one, which is the public key", there},
		"one without a key":            {"{name: none}", `secretRef: the Secret cosign-system/none has under "cosign.pub" no public key in PEM`, there},
		"where Secrets cannot be read": {"{name: acme}", "secretRef: Secrets cannot be read here: write the public key into data", nil},
	} {
		t.Run(sentence, func(t *testing.T) {
			policy, err := imagepolicy.Parse(t.Context(), []byte(authority("key: {secretRef: "+test.ref+"}")), test.secrets)
			if test.want != "" {
				want := "ClusterImagePolicy release: spec.authorities[0].key." + test.want
				if err == nil || err.Error() != want {
					t.Errorf("got %v, want %s", err, want)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			inline, err := imagepolicy.Parse(t.Context(), []byte(authority("key: {data: "+key.PEM+"}")), nil)
			if err != nil {
				t.Fatal(err)
			}
			if policy.ID() != inline.ID() {
				t.Error("a key of a Secret and the same key inline are two policies")
			}
		})
	}
	var invalid *imagepolicy.InvalidError
	_, err := imagepolicy.Parse(t.Context(), []byte(authority("key: {secretRef: {name: unreachable}}")), there)
	if err == nil || errors.As(err, &invalid) {
		t.Errorf("a Secret that cannot be read: %v, want an infrastructure error", err)
	}
	if got, want := fmt.Sprint(err), "ClusterImagePolicy release: read Secret cosign-system/unreachable of spec.authorities[0].key: connection refused"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

// TestVersionsHaveTheSameFields: both are read as v1alpha1.
func TestVersionsHaveTheSameFields(t *testing.T) {
	if diff := cmp.Diff(fields(reflect.TypeFor[v1alpha1.ClusterImagePolicySpec]()), fields(reflect.TypeFor[v1beta1.ClusterImagePolicySpec]())); diff != "" {
		t.Errorf("fields (-v1alpha1 +v1beta1):\n%s", diff)
	}
}

// fields maps each path of JSON to the kind of what stands there.
func fields(of reflect.Type) map[string]string {
	found := map[string]string{}
	var walk func(path string, of reflect.Type)
	walk = func(path string, of reflect.Type) {
		for of.Kind() == reflect.Pointer || of.Kind() == reflect.Slice {
			path, of = path+"["+of.Kind().String()+"]", of.Elem()
		}
		if of.Kind() != reflect.Struct || !strings.HasPrefix(of.PkgPath(), "github.com/sigstore/") {
			found[path] = of.String()
			return
		}
		for i := range of.NumField() {
			walk(path+"."+of.Field(i).Tag.Get("json"), of.Field(i).Type)
		}
	}
	walk("", of)
	return found
}
