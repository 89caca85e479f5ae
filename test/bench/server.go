package main

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"time"

	"github.com/go-logr/logr"
	"github.com/prometheus/client_golang/prometheus"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/webhook"
	"sigs.k8s.io/controller-runtime/pkg/webhook/admission"

	"github.com/fluxgate/fluxgate/flux"
	"github.com/fluxgate/fluxgate/gate"
	"github.com/fluxgate/fluxgate/policy"
	"github.com/fluxgate/fluxgate/registry"
	"github.com/fluxgate/fluxgate/test/registrytest"
	kit "github.com/fluxgate/fluxgate/test/signing"
	"github.com/fluxgate/fluxgate/verify"
	"github.com/fluxgate/fluxgate/verify/verdicts"
	admit "github.com/fluxgate/fluxgate/webhook"
)

// server is controller-runtime's webhook server with Fluxgate's handlers and a no-op, and a registry to resolve from.
type server struct {
	url      string
	client   *http.Client
	registry *registrytest.Registry
	network  *network
	digest   string
	// key is the one in the Secret that every object of the benchmark names, and publicKey the same in PEM.
	key       verify.Key
	publicKey []byte
}

const repository = "acme/podinfo"

func startServer(ctx context.Context) (*server, error) {
	ctrl.SetLogger(logr.Discard())
	s := &server{}
	var err error
	if s.registry, err = registrytest.New("ghcr.io"); err != nil {
		return nil, err
	}
	context.AfterFunc(ctx, func() { _ = s.registry.Close() })
	s.network = &network{registry: s.registry}
	if s.digest, err = s.registry.Push("ghcr.io/"+repository, "v1.0.0"); err != nil {
		return nil, err
	}
	if err := s.sign(); err != nil {
		return nil, err
	}
	reviewer, err := s.gate()
	if err != nil {
		return nil, err
	}
	counters, err := admit.NewMetrics(prometheus.NewRegistry())
	if err != nil {
		return nil, err
	}
	certificate, err := newCertificate()
	if err != nil {
		return nil, err
	}
	port, err := freePort()
	if err != nil {
		return nil, err
	}
	hooks := webhook.NewServer(webhook.Options{Host: "127.0.0.1", Port: port, TLSOpts: []func(*tls.Config){func(c *tls.Config) {
		c.MinVersion = tls.VersionTLS13
		c.GetCertificate = func(*tls.ClientHelloInfo) (*tls.Certificate, error) { return certificate, nil }
	}}})
	hooks.Register("/noop", &admission.Webhook{Handler: admission.HandlerFunc(
		func(context.Context, admission.Request) admission.Response { return admission.Allowed("") })})
	admit.Register(hooks, admit.Options{Reviewer: reviewer, Metrics: counters})
	failed := make(chan error, 1)
	go func() { failed <- hooks.Start(ctx) }()

	s.url = fmt.Sprintf("https://127.0.0.1:%d", port)
	s.client = &http.Client{Transport: &http.Transport{
		TLSClientConfig:     &tls.Config{InsecureSkipVerify: true}, //nolint:gosec // its own server, on loopback
		MaxIdleConnsPerHost: connections, ForceAttemptHTTP2: false,
	}}
	return s, s.await(hooks, failed)
}

func (s *server) await(hooks webhook.Server, failed <-chan error) error {
	for range 100 {
		if hooks.StartedChecker()(nil) == nil {
			return nil
		}
		select {
		case err := <-failed:
			return err
		case <-time.After(50 * time.Millisecond):
		}
	}
	return errors.New("the webhook server does not start")
}

// gate is the real one, with every rule of the library and a real registry behind a real client.
func (s *server) gate() (*gate.Gate, error) {
	set, err := policy.Parse("bench.yaml", s.policies())
	if err != nil {
		return nil, err
	}
	labels := map[string]string{"team": "acme"}
	registries := registry.New(registry.Options{
		Roots: s.registry.Roots(),
		Proxy: func(*http.Request) (*url.URL, error) { return nil, nil },
		Dial:  s.network.dial, Lookup: s.network.lookup,
		Cache: registry.CacheOptions{Found: time.Hour},
	})
	return gate.New(gate.Options{
		Policies:   func() *policy.Set { return set },
		Lookup:     flux.LookupFunc(nil),  // no object of this benchmark refers to another
		Keys:       gate.KeysFunc(s.keys), // a look-up in memory: what the API server takes is not Fluxgate's
		Namespaces: gate.NamespacesFunc(func(context.Context, string) (map[string]string, error) { return labels, nil }),
		Resolver:   registries,
		Signatures: verdicts.New(verdicts.Options{Registry: registries, Secrets: s, Good: time.Hour}),
	}), nil
}

func (s *server) keys(context.Context, string, string, string) ([]verify.Key, error) {
	return []verify.Key{s.key}, nil
}

// Material implements verdicts.Secrets, as keys does.
func (s *server) Material(context.Context, string, string) (map[string][]byte, error) {
	return map[string][]byte{s.key.Entry: s.publicKey}, nil
}

// sign signs the artifact with a bundle, by a new key.
func (s *server) sign() error {
	key, err := kit.NewKey(kit.ECDSA)
	if err != nil {
		return err
	}
	if s.publicKey, err = key.Public(); err != nil {
		return err
	}
	parsed, err := verify.ParsePublicKey(s.publicKey)
	if err != nil {
		return err
	}
	s.key = verify.Key{Entry: "cosign.pub", Fingerprint: parsed.Fingerprint}
	place, err := kit.In(s.registry, "ghcr.io/"+repository)
	if err != nil {
		return err
	}
	return place.SignBundle(s.digest, key)
}

func freePort() (int, error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return 0, err
	}
	defer listener.Close()
	return listener.Addr().(*net.TCPAddr).Port, nil
}
