package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"

	"github.com/fluxgate/fluxgate/pin"
)

// everyRule is a policy with all rules of the library.
const everyRule = `
apiVersion: fluxgate.dev/v1alpha1
kind: SourcePolicy
metadata: {name: everything}
spec:
  match: {namespaces: ["prod-*"]}
  pin: {tags: OnChange, latest: OnChange, semver: Never}
  rules:
    - rule: registry-allowlist
      params: {allow: ["ghcr.io/acme/**", "registry.example.com/team-*/**"]}
    - rule: canonical-url
    - rule: require-verify
    - rule: require-digest
    - rule: digest-matches-ref
    - rule: forbid-insecure
    - rule: forbid-tags
      params: {tags: [latest, "*-rc*"]}
    - rule: allowed-source-kinds
    - rule: forbid-cross-namespace
    - rule: forbid-transport-overrides
    - rule: require-chart-ref
    - rule: require-service-account
    - rule: require-workload-identity
    - rule: interval-bounds
      params: {min: 1m, max: 24h}
    - rule: semver-bounds
    - rule: verify-identity
      params: {keys: ["` + fingerprint + `"]}
`

// fingerprint is that of the key in the Secret that every object of the benchmark names.
const fingerprint = "sha256:b41318ed454e1d572296630b4da665d1e728e8d6a1cb3ac193aa47864cbac1d1"

// testCase is one kind of call.
type testCase struct {
	name, path string
	body       []byte
	// unseen gives each call an object of another name, so that nothing is remembered of it.
	unseen bool
}

// vary returns the case as it is for call n.
func (c testCase) vary(n int) testCase {
	if c.unseen {
		c.body = bytes.ReplaceAll(c.body, []byte(`"name":"podinfo"`), fmt.Appendf(nil, `"name":"podinfo-%d"`, n))
	}
	return c
}

// cases are the calls, each beside the no-op that gets the same body.
func (s *server) cases() []testCase {
	pinned := s.object("")
	unchanged := review("UPDATE", s.object(`"finalizers":["finalizers.fluxcd.io"],`), pinned)
	labelled := review("UPDATE", s.object(`"labels":{"team":"acme"},`), pinned)
	created := review("CREATE", pinned, "null")
	return []testCase{
		{name: "no-op, update", path: "/noop", body: labelled},
		{name: "validate, update of an unchanged spec", path: "/validate", body: unchanged},
		{name: "validate, pinned, update, all rules", path: "/validate", body: labelled},
		{name: "validate, the same, object never seen before", path: "/validate", body: labelled, unseen: true},
		{name: "mutate, update of an unchanged spec", path: "/mutate", body: unchanged},
		{name: "mutate, pinned, update", path: "/mutate", body: labelled},
		{name: "no-op, create", path: "/noop", body: created},
		{name: "validate, pinned, create, all rules", path: "/validate", body: created},
		{name: "validate, the same, object never seen before", path: "/validate", body: created, unseen: true},
		{name: "mutate, pinned, create", path: "/mutate", body: created},
	}
}

// object is a pinned OCIRepository as the API server stores it, managed fields and status included: about 2.5 KB.
func (s *server) object(metadata string) string {
	inputs := pin.Inputs{URL: "oci://ghcr.io/" + repository, Tag: "v1.0.0"}
	record, err := json.Marshal(pin.Record{Digest: s.digest, Inputs: inputs})
	if err != nil {
		panic(err) // strings only
	}
	return fmt.Sprintf(`{"apiVersion":"source.toolkit.fluxcd.io/v1","kind":"OCIRepository","metadata":{"name":"podinfo","namespace":"prod-bench",
%s"annotations":{"fluxgate.dev/pin":%q},"creationTimestamp":"2026-01-01T00:00:00Z","generation":1,"resourceVersion":"4242","uid":"6d1a7b1e-0000-4000-8000-000000000001",
"managedFields":[{"apiVersion":"source.toolkit.fluxcd.io/v1","fieldsType":"FieldsV1","fieldsV1":{"f:spec":{"f:interval":{},"f:provider":{},"f:ref":{"f:tag":{}},"f:timeout":{},"f:url":{},"f:verify":{"f:provider":{},"f:secretRef":{"f:name":{}}}}},"manager":"kustomize-controller","operation":"Apply","time":"2026-01-01T00:00:00Z"},
{"apiVersion":"source.toolkit.fluxcd.io/v1","fieldsType":"FieldsV1","fieldsV1":{"f:metadata":{"f:finalizers":{".":{},"v:\"finalizers.fluxcd.io\"":{}}},"f:status":{"f:artifact":{".":{},"f:digest":{},"f:lastUpdateTime":{},"f:path":{},"f:revision":{},"f:size":{},"f:url":{}},"f:conditions":{},"f:observedGeneration":{},"f:url":{}}},"manager":"source-controller","operation":"Update","time":"2026-01-01T00:00:00Z"}]},
"spec":{"interval":"10m","provider":"generic","timeout":"60s","url":"oci://ghcr.io/%s","ref":{"tag":"v1.0.0","digest":%q},"verify":{"provider":"cosign","secretRef":{"name":"cosign-keys"}}},
"status":{"artifact":{"digest":"sha256:%s","lastUpdateTime":"2026-01-01T00:00:00Z","path":"ocirepository/prod-bench/podinfo/x.tar.gz","revision":%q,"size":1102,"url":"http://source-controller.flux-system.svc.cluster.local./ocirepository/prod-bench/podinfo/x.tar.gz"},"conditions":[{"lastTransitionTime":"2026-01-01T00:00:00Z","message":"stored artifact","observedGeneration":1,"reason":"Succeeded","status":"True","type":"Ready"}],"observedGeneration":1}}`,
		metadata, record, repository, s.digest, strings.Repeat("0", 64), s.digest)
}

func review(operation, object, old string) []byte {
	return fmt.Appendf(nil, `{"kind":"AdmissionReview","apiVersion":"admission.k8s.io/v1","request":{"uid":"705ab4f5-6393-11e8-b7cc-42010a800002",
"kind":{"group":"source.toolkit.fluxcd.io","version":"v1","kind":"OCIRepository"},"resource":{"group":"source.toolkit.fluxcd.io","version":"v1","resource":"ocirepositories"},
"requestKind":{"group":"source.toolkit.fluxcd.io","version":"v1","kind":"OCIRepository"},"requestResource":{"group":"source.toolkit.fluxcd.io","version":"v1","resource":"ocirepositories"},
"name":"podinfo","namespace":"prod-bench","operation":%q,"userInfo":{"username":"system:serviceaccount:flux-system:kustomize-controller","groups":["system:serviceaccounts","system:authenticated"]},
"object":%s,"oldObject":%s,"dryRun":false,"options":{"kind":"PatchOptions","apiVersion":"meta.k8s.io/v1","force":true,"fieldManager":"kustomize-controller"}}}`,
		operation, object, old)
}
