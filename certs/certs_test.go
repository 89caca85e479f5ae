package certs

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	admissionregistrationv1 "k8s.io/api/admissionregistration/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/client/fake"
	"sigs.k8s.io/controller-runtime/pkg/client/interceptor"
)

var start = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

// clock is a clock that tests move by hand.
type clock struct{ time.Time }

func newClock() *clock { return &clock{start} }

func (c *clock) now() time.Time           { return c.Time }
func (c *clock) advance(by time.Duration) { c.Time = c.Add(by) }

func mutating() *admissionregistrationv1.MutatingWebhookConfiguration {
	return &admissionregistrationv1.MutatingWebhookConfiguration{
		ObjectMeta: metav1.ObjectMeta{Name: "fluxgate"},
		Webhooks:   []admissionregistrationv1.MutatingWebhook{{Name: "one.fluxgate.dev"}, {Name: "two.fluxgate.dev"}},
	}
}

func validating() *admissionregistrationv1.ValidatingWebhookConfiguration {
	return &admissionregistrationv1.ValidatingWebhookConfiguration{
		ObjectMeta: metav1.ObjectMeta{Name: "fluxgate"},
		Webhooks:   []admissionregistrationv1.ValidatingWebhook{{Name: "one.fluxgate.dev"}},
	}
}

// cluster is a fake cluster edge that holds both shipped webhook configurations and whatever else is given.
func cluster(funcs interceptor.Funcs, objects ...client.Object) client.Client {
	objects = append(objects, mutating(), validating())
	return fake.NewClientBuilder().WithObjects(objects...).WithInterceptorFuncs(funcs).Build()
}

func replica(t *testing.T, c client.Client, at *clock) *Certs {
	t.Helper()
	certs, err := New(Options{
		Now:    at.now,
		Client: c, Namespace: "fluxgate-system", Secret: "fluxgate-tls",
		Names:          append(ServiceNames("fluxgate", "fluxgate-system"), "127.0.0.1"),
		Configurations: []string{"fluxgate"},
	})
	if err != nil {
		t.Fatal(err)
	}
	return certs
}

func ensure(t *testing.T, certs *Certs) {
	t.Helper()
	if err := certs.Ensure(t.Context()); err != nil {
		t.Fatal(err)
	}
}

func served(t *testing.T, certs *Certs) *tls.Certificate {
	t.Helper()
	cert, err := certs.GetCertificate(nil)
	if err != nil {
		t.Fatal(err)
	}
	return cert
}

func secretOf(t *testing.T, c client.Client) *corev1.Secret {
	t.Helper()
	secret := &corev1.Secret{}
	if err := c.Get(t.Context(), client.ObjectKey{Namespace: "fluxgate-system", Name: "fluxgate-tls"}, secret); err != nil {
		t.Fatal(err)
	}
	return secret
}

// bundles gives every published caBundle, mutating ones first.
func bundles(t *testing.T, c client.Client) [][]byte {
	t.Helper()
	var all [][]byte
	for _, live := range []configuration{newMutating(), newValidating()} {
		if err := c.Get(t.Context(), client.ObjectKey{Name: "fluxgate"}, live.object); err != nil {
			t.Fatal(err)
		}
		for _, webhook := range live.webhooks() {
			all = append(all, webhook.CABundle)
		}
	}
	return all
}

// trusted asserts that an API server, which knows the published bundles only, would accept what certs serves.
func trusted(t *testing.T, c client.Client, certs *Certs) {
	t.Helper()
	leaf := served(t, certs).Leaf
	for i, bundle := range bundles(t, c) {
		roots := x509.NewCertPool()
		roots.AppendCertsFromPEM(bundle)
		for _, name := range []string{"fluxgate.fluxgate-system.svc", "fluxgate.fluxgate-system.svc.cluster.local", "127.0.0.1"} {
			_, err := leaf.Verify(x509.VerifyOptions{
				Roots: roots, DNSName: name, CurrentTime: certs.options.Now(),
				KeyUsages: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
			})
			if err != nil {
				t.Errorf("webhook %d does not trust the served leaf as %s: %v", i, name, err)
			}
		}
	}
}

func TestFirstRoundMakesWhatAnAPIServerTrusts(t *testing.T) {
	at := newClock()
	c := cluster(interceptor.Funcs{})
	certs := replica(t, c, at)
	if err := certs.Ready(); err == nil {
		t.Error("ready before the first round")
	}
	if got := certs.Expiry(); !got.IsZero() {
		t.Errorf("expiry before the first round: %s", got)
	}
	ensure(t, certs)
	trusted(t, c, certs)
	if err := certs.Ready(); err != nil {
		t.Error(err)
	}
	if diff := cmp.Diff(start.Add(leafLife), certs.Expiry()); diff != "" {
		t.Errorf("expiry (-want +got):\n%s", diff)
	}
	leaf := served(t, certs).Leaf
	if want := []net.IP{net.IPv4(127, 0, 0, 1).To4()}; !cmp.Equal(want, leaf.IPAddresses) || leaf.IsCA {
		t.Errorf("leaf: addresses %v, CA %t", leaf.IPAddresses, leaf.IsCA)
	}
}

func TestASecondRoundWritesNothing(t *testing.T) {
	at := newClock()
	c := cluster(interceptor.Funcs{})
	certs := replica(t, c, at)
	ensure(t, certs)
	before := served(t, certs).Leaf
	certs.options.Client = interceptor.NewClient(c.(client.WithWatch), refuseWrites(t))
	at.advance(100 * 24 * time.Hour)
	ensure(t, certs)
	if !served(t, certs).Leaf.Equal(before) {
		t.Error("the leaf changed")
	}
}

func refuseWrites(t *testing.T) interceptor.Funcs {
	t.Helper()
	return interceptor.Funcs{
		Create: func(context.Context, client.WithWatch, client.Object, ...client.CreateOption) error {
			t.Error("unexpected create")
			return nil
		},
		Update: func(context.Context, client.WithWatch, client.Object, ...client.UpdateOption) error {
			t.Error("unexpected update")
			return nil
		},
		Patch: func(context.Context, client.WithWatch, client.Object, client.Patch, ...client.PatchOption) error {
			t.Error("unexpected patch")
			return nil
		},
	}
}

func TestContradictoryOptionsAreRefused(t *testing.T) {
	complete := func() Options {
		return Options{
			Client: cluster(interceptor.Funcs{}), Namespace: "n", Secret: "s",
			Names: []string{"a.b.svc"}, Configurations: []string{"fluxgate"},
		}
	}
	for name, test := range map[string]struct {
		change func(*Options)
		want   string
	}{
		"no client":                         {func(o *Options) { o.Client = nil }, "client is required"},
		"no namespace":                      {func(o *Options) { o.Namespace = "" }, "namespace and name"},
		"no secret":                         {func(o *Options) { o.Secret = "" }, "namespace and name"},
		"no names":                          {func(o *Options) { o.Names = nil }, "at least one DNS name"},
		"no configuration":                  {func(o *Options) { o.Configurations = nil }, "at least one webhook configuration"},
		"a name that no leaf can prove":     {func(o *Options) { o.Names = []string{"*.svc"} }, `"*.svc" is neither`},
		"a name with a port":                {func(o *Options) { o.Names = []string{"a.svc:443"} }, `"a.svc:443" is neither`},
		"a name in upper case is ambiguous": {func(o *Options) { o.Names = []string{"A.svc"} }, `"A.svc" is neither`},
	} {
		t.Run(name, func(t *testing.T) {
			options := complete()
			test.change(&options)
			_, err := New(options)
			if err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("want an error with %q, got %v", test.want, err)
			}
		})
	}
	if _, err := New(complete()); err != nil {
		t.Errorf("complete options: %v", err)
	}
}
