package controlplane

import (
	"context"
	"crypto/tls"
	"net"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"sigs.k8s.io/controller-runtime/pkg/webhook/admission"

	"github.com/fluxgate/fluxgate/certs"
)

// recorder is an admission webhook that allows everything and remembers what it was asked.
type recorder struct {
	mu    sync.Mutex
	calls []string
}

func (r *recorder) Handle(ctx context.Context, request admission.Request) admission.Response {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.calls = append(r.calls, strings.Join([]string{
		strings.TrimPrefix(ctx.Value(pathKey{}).(string), "/"), string(request.Operation),
		request.Resource.Version + "/" + request.Resource.Resource, request.Namespace + "/" + request.Name,
	}, " "))
	response := admission.Allowed("")
	response.AuditAnnotations = map[string]string{"decision": "allow"}
	return response
}

// during returns what was asked while do ran, sorted, each once: a mutating webhook may be invoked again.
func (r *recorder) during(do func()) []string {
	r.mu.Lock()
	r.calls = nil
	r.mu.Unlock()
	do()
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Compact(slices.Sorted(slices.Values(r.calls)))
}

type pathKey struct{}

func (r *recorder) serve(t *testing.T, listener net.Listener, keeper *certs.Certs) {
	t.Helper()
	handler, err := admission.StandaloneWebhook(&admission.Webhook{
		Handler: r,
		WithContextFunc: func(ctx context.Context, request *http.Request) context.Context {
			return context.WithValue(ctx, pathKey{}, request.URL.Path)
		},
	}, admission.StandaloneOptions{})
	if err != nil {
		t.Fatal(err)
	}
	server := &http.Server{Handler: handler, ReadHeaderTimeout: time.Minute}
	server.SetKeepAlivesEnabled(false) // so that each call checks the certificate
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		_ = server.Serve(tls.NewListener(listener, &tls.Config{
			GetCertificate: keeper.GetCertificate, MinVersion: tls.VersionTLS13, NextProtos: []string{"http/1.1"},
		}))
	}()
	t.Cleanup(func() {
		if err := server.Close(); err != nil {
			t.Error(err)
		}
		<-ended
	})
}
