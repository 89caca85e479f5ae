package webhook_test

import (
	"bytes"
	"context"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/prometheus/client_golang/prometheus"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/controller-runtime/pkg/webhook/admission"

	"github.com/fluxgate/fluxgate/gate"
	"github.com/fluxgate/fluxgate/webhook"
)

// allowing is a gate that costs nothing, so that what is measured is the way to it and back.
type allowing struct{}

func (allowing) Validate(context.Context, gate.Request) (gate.Decision, error) {
	return gate.Decision{Verdict: gate.Allow}, nil
}

func (allowing) Mutate(_ context.Context, req gate.Request) (*unstructured.Unstructured, gate.Decision, error) {
	return req.Object, gate.Decision{Verdict: gate.Allow}, nil
}

// BenchmarkHandler measures an update of two objects of about 2 KB each, without the network, beside a webhook that does
// nothing.
func BenchmarkHandler(b *testing.B) {
	counters, err := webhook.NewMetrics(prometheus.NewRegistry())
	if err != nil {
		b.Fatal(err)
	}
	mux := http.NewServeMux()
	webhook.Register(registerer{mux}, webhook.Options{Reviewer: allowing{}, Metrics: counters})
	mux.Handle("/noop", &admission.Webhook{Handler: admission.HandlerFunc(
		func(context.Context, admission.Request) admission.Response { return admission.Allowed("") })})
	body := review("UPDATE", stored, stored)
	for _, path := range []string{"/noop", webhook.ValidatePath, webhook.MutatePath} {
		b.Run(path, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				req := httptest.NewRequest(http.MethodPost, path, bytes.NewReader(body))
				req.Header.Set("Content-Type", "application/json")
				mux.ServeHTTP(httptest.NewRecorder(), req)
			}
		})
	}
}

// stored is an object as the API server keeps it.
const stored = `{"apiVersion":"source.toolkit.fluxcd.io/v1","kind":"OCIRepository","metadata":{"name":"app","namespace":"prod",
"annotations":{"fluxgate.dev/pin":"{}"},"creationTimestamp":"2026-01-01T00:00:00Z","generation":1,"resourceVersion":"4242","uid":"6d1a7b1e-0000-4000-8000-000000000001",
"managedFields":[{"apiVersion":"source.toolkit.fluxcd.io/v1","fieldsType":"FieldsV1","fieldsV1":{"f:spec":{"f:interval":{},"f:provider":{},"f:ref":{"f:tag":{}},"f:timeout":{},"f:url":{},"f:verify":{"f:provider":{},"f:secretRef":{"f:name":{}}}}},"manager":"kustomize-controller","operation":"Apply","time":"2026-01-01T00:00:00Z"},
{"apiVersion":"source.toolkit.fluxcd.io/v1","fieldsType":"FieldsV1","fieldsV1":{"f:metadata":{"f:finalizers":{".":{}}},"f:status":{"f:artifact":{".":{},"f:digest":{},"f:path":{},"f:revision":{},"f:size":{},"f:url":{}},"f:conditions":{},"f:url":{}}},"manager":"source-controller","operation":"Update","time":"2026-01-01T00:00:00Z"}]},
"spec":{"interval":"10m","provider":"generic","timeout":"60s","url":"oci://ghcr.io/acme/app","ref":{"tag":"v1.0.0","digest":"sha256:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"},"verify":{"provider":"cosign","secretRef":{"name":"cosign-keys"}}},
"status":{"artifact":{"digest":"sha256:0","path":"ocirepository/prod/app/x.tar.gz","revision":"sha256:0","size":1102,"url":"http://source-controller/x.tar.gz"},"conditions":[{"lastTransitionTime":"2026-01-01T00:00:00Z","message":"stored artifact","observedGeneration":1,"reason":"Succeeded","status":"True","type":"Ready"}],"observedGeneration":1}}`
