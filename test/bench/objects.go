package main

import (
	"encoding/json"
	"fmt"
	"strings"

	"github.com/fluxgate/fluxgate/pin"
)

const (
	// pinning, leaving and signing are namespaces of the three policies.
	pinning, leaving, signing = "pinned-bench", "free-bench", "signed-bench"
	// team is a label more: a change that is judged, and leaves the spec as it is.
	team = `"labels":{"team":"acme"},`
)

// stored is an OCIRepository as the API server stores it, managed fields and status included: about 2.5 KB.
type stored struct {
	namespace string
	// digest is what it is pinned to; empty where it is not.
	digest string
}

func (o stored) json() string { return o.with("") }

// with returns the object with more metadata.
func (o stored) with(metadata string) string {
	ref := `{"tag":"v1.0.0"}`
	if o.digest != "" {
		record, err := json.Marshal(pin.Record{Digest: o.digest, Inputs: pin.Inputs{URL: "oci://ghcr.io/" + repository, Tag: "v1.0.0"}})
		if err != nil {
			panic(err) // strings only
		}
		metadata += fmt.Sprintf(`"annotations":{"fluxgate.dev/pin":%q},`, record)
		ref = fmt.Sprintf(`{"tag":"v1.0.0","digest":%q}`, o.digest)
	}
	zeros := "sha256:" + strings.Repeat("0", 64)
	return fmt.Sprintf(`{"apiVersion":"source.toolkit.fluxcd.io/v1","kind":"OCIRepository","metadata":{"name":"podinfo","namespace":%q,
%s"creationTimestamp":"2026-01-01T00:00:00Z","generation":1,"resourceVersion":"4242","uid":"6d1a7b1e-0000-4000-8000-000000000001",
"managedFields":[{"apiVersion":"source.toolkit.fluxcd.io/v1","fieldsType":"FieldsV1","fieldsV1":{"f:spec":{"f:interval":{},"f:provider":{},"f:ref":{"f:tag":{}},"f:timeout":{},"f:url":{},"f:verify":{"f:provider":{},"f:secretRef":{"f:name":{}}}}},"manager":"kustomize-controller","operation":"Apply","time":"2026-01-01T00:00:00Z"},
{"apiVersion":"source.toolkit.fluxcd.io/v1","fieldsType":"FieldsV1","fieldsV1":{"f:metadata":{"f:finalizers":{".":{},"v:\"finalizers.fluxcd.io\"":{}}},"f:status":{"f:artifact":{".":{},"f:digest":{},"f:lastUpdateTime":{},"f:path":{},"f:revision":{},"f:size":{},"f:url":{}},"f:conditions":{},"f:observedGeneration":{},"f:url":{}}},"manager":"source-controller","operation":"Update","time":"2026-01-01T00:00:00Z"}]},
"spec":{"interval":"10m","provider":"generic","timeout":"60s","url":"oci://ghcr.io/%s","ref":%s,"verify":{"provider":"cosign","secretRef":{"name":"cosign-keys"}}},
"status":{"artifact":{"digest":%q,"lastUpdateTime":"2026-01-01T00:00:00Z","path":"ocirepository/bench/podinfo/x.tar.gz","revision":%q,"size":1102,"url":"http://source-controller.flux-system.svc.cluster.local./ocirepository/bench/podinfo/x.tar.gz"},"conditions":[{"lastTransitionTime":"2026-01-01T00:00:00Z","message":"stored artifact","observedGeneration":1,"reason":"Succeeded","status":"True","type":"Ready"}],"observedGeneration":1}}`,
		o.namespace, metadata, repository, ref, zeros, zeros)
}

// review is what the API server sends of an update, or of a create where old is null.
func review(namespace, object, old string) []byte {
	operation := "UPDATE"
	if old == "null" {
		operation = "CREATE"
	}
	return fmt.Appendf(nil, `{"kind":"AdmissionReview","apiVersion":"admission.k8s.io/v1","request":{"uid":"705ab4f5-6393-11e8-b7cc-42010a800002",
"kind":{"group":"source.toolkit.fluxcd.io","version":"v1","kind":"OCIRepository"},"resource":{"group":"source.toolkit.fluxcd.io","version":"v1","resource":"ocirepositories"},
"requestKind":{"group":"source.toolkit.fluxcd.io","version":"v1","kind":"OCIRepository"},"requestResource":{"group":"source.toolkit.fluxcd.io","version":"v1","resource":"ocirepositories"},
"name":"podinfo","namespace":%q,"operation":%q,"userInfo":{"username":"system:serviceaccount:flux-system:kustomize-controller","groups":["system:serviceaccounts","system:authenticated"]},
"object":%s,"oldObject":%s,"dryRun":false,"options":{"kind":"PatchOptions","apiVersion":"meta.k8s.io/v1","force":true,"fieldManager":"kustomize-controller"}}}`,
		namespace, operation, object, old)
}
