package certs

import (
	"bytes"
	"context"
	"crypto"
	"errors"
	"maps"
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/client/interceptor"
)

func tlsSecret(data map[string][]byte) *corev1.Secret {
	return &corev1.Secret{
		ObjectMeta: metav1.ObjectMeta{Namespace: "fluxgate-system", Name: "fluxgate-tls"},
		Data:       data,
	}
}

// sound is a Secret's data as Fluxgate writes it.
func sound(t testing.TB, names ...string) map[string][]byte {
	t.Helper()
	found, _, err := renew(nil, names, start)
	if err != nil {
		t.Fatal(err)
	}
	data, err := found.encode()
	if err != nil {
		t.Fatal(err)
	}
	return data
}

func TestUnsoundContentIsReplacedAsNarrowlyAsCanBe(t *testing.T) {
	names := append(ServiceNames("fluxgate", "fluxgate-system"), "127.0.0.1")
	good, other := sound(t, names...), sound(t, names...)
	with := func(changes map[string][]byte) map[string][]byte {
		data := maps.Clone(good)
		maps.Copy(data, changes)
		return data
	}
	for name, test := range map[string]struct {
		data    map[string][]byte
		keepsCA bool
		keeps   bool
	}{
		"sound":                      {good, true, true},
		"empty":                      {nil, false, false},
		"CA garbled":                 {with(map[string][]byte{authorityCert: []byte("-----BEGIN CERTIFICATE-----\nAAAA")}), false, false},
		"CA is no CA":                {with(map[string][]byte{authorityCert: good[leafCert]}), false, false},
		"CA key missing":             {with(map[string][]byte{authorityKey: nil}), false, false},
		"CA key of another CA":       {with(map[string][]byte{authorityKey: other[authorityKey]}), false, false},
		"leaf garbled":               {with(map[string][]byte{leafCert: []byte("garbage")}), true, false},
		"leaf key missing":           {with(map[string][]byte{leafKey: nil}), true, false},
		"leaf key of another leaf":   {with(map[string][]byte{leafKey: other[leafKey]}), true, false},
		"leaf of another CA":         {with(map[string][]byte{leafCert: other[leafCert], leafKey: other[leafKey]}), true, false},
		"leaf without all the names": {sound(t, names[0]), true, false},
	} {
		t.Run(name, func(t *testing.T) {
			c := cluster(interceptor.Funcs{}, tlsSecret(test.data))
			certs := replica(t, c, newClock())
			ensure(t, certs)
			trusted(t, c, certs)
			after := secretOf(t, c).Data
			if got := bytes.Equal(after[authorityCert], test.data[authorityCert]); got != test.keepsCA {
				t.Errorf("keeps the CA: %t, want %t", got, test.keepsCA)
			}
			if got := bytes.Equal(after[leafCert], test.data[leafCert]); got != test.keeps {
				t.Errorf("keeps the leaf: %t, want %t", got, test.keeps)
			}
		})
	}
}

func TestOfTwoFirstReplicasTheFirstWriterWins(t *testing.T) {
	at := newClock()
	var winner *Certs
	c := cluster(interceptor.Funcs{
		Create: func(ctx context.Context, under client.WithWatch, obj client.Object, opts ...client.CreateOption) error {
			if winner == nil { // the other replica gets in between our read and our write
				winner = replica(t, under, at)
				ensure(t, winner)
			}
			return under.Create(ctx, obj, opts...)
		},
	})
	loser := replica(t, c, at)
	ensure(t, loser)
	if !served(t, winner).Leaf.Equal(served(t, loser).Leaf) {
		t.Error("the replicas serve different leaves")
	}
	trusted(t, c, loser)
}

func TestOfTwoRenewingReplicasTheFirstWriterWins(t *testing.T) {
	at := newClock()
	var winner *Certs
	c := cluster(interceptor.Funcs{
		Update: func(ctx context.Context, under client.WithWatch, obj client.Object, opts ...client.UpdateOption) error {
			if winner == nil {
				winner = replica(t, under, at)
				ensure(t, winner)
			}
			return under.Update(ctx, obj, opts...)
		},
	}, tlsSecret(sound(t, "outdated.svc")))
	loser := replica(t, c, at)
	ensure(t, loser)
	if winner == nil || !served(t, winner).Leaf.Equal(served(t, loser).Leaf) {
		t.Error("the replicas serve different leaves")
	}
}

func TestInfrastructureErrorsAreReportedAndNothingIsServed(t *testing.T) {
	down := errors.New("connection refused")
	for name, test := range map[string]struct {
		funcs interceptor.Funcs
		want  string
	}{
		"the API server is away": {interceptor.Funcs{
			Get: func(context.Context, client.WithWatch, client.ObjectKey, client.Object, ...client.GetOption) error {
				return down
			},
		}, "secret fluxgate-system/fluxgate-tls: connection refused"},
		"the namespace is missing": {interceptor.Funcs{
			Create: func(context.Context, client.WithWatch, client.Object, ...client.CreateOption) error {
				return apierrors.NewNotFound(corev1.Resource("namespaces"), "fluxgate-system")
			},
		}, `secret fluxgate-system/fluxgate-tls: namespaces "fluxgate-system" not found`},
		"others write all the time": {interceptor.Funcs{
			Create: func(context.Context, client.WithWatch, client.Object, ...client.CreateOption) error {
				return apierrors.NewAlreadyExists(corev1.Resource("secrets"), "fluxgate-tls")
			},
		}, "secret fluxgate-system/fluxgate-tls: " + errContended.Error()},
		"the bundle may not be written": {interceptor.Funcs{
			Patch: func(context.Context, client.WithWatch, client.Object, client.Patch, ...client.PatchOption) error {
				return down
			},
		}, "webhook configuration fluxgate: connection refused"},
	} {
		t.Run(name, func(t *testing.T) {
			certs := replica(t, cluster(test.funcs), newClock())
			err := certs.Ensure(t.Context())
			if err == nil || err.Error() != test.want {
				t.Errorf("error\n got: %v\nwant: %s", err, test.want)
			}
			if certs.Ready() == nil {
				t.Error("ready, though nothing was published")
			}
			if err != nil && strings.Contains(err.Error(), "PRIVATE KEY") {
				t.Error("a key in an error")
			}
		})
	}
}

// FuzzDecodingTakesNothingUnsound leaves the renewal out: its random keys would make the coverage random too.
func FuzzDecodingTakesNothingUnsound(f *testing.F) {
	good := sound(f, "a.svc")
	f.Add(good[authorityCert], good[authorityKey], good[leafCert], good[leafKey])
	f.Add([]byte("-----BEGIN CERTIFICATE-----\n"), []byte{}, good[authorityCert], good[authorityKey])
	f.Fuzz(func(t *testing.T, ca, caKey, leaf, key []byte) {
		data := map[string][]byte{authorityCert: ca, authorityKey: caKey, leafCert: leaf, leafKey: key}
		authorities, signer := decodeAuthority(data, start)
		if signer == nil {
			return
		}
		if public, ok := authorities[0].PublicKey.(interface{ Equal(crypto.PublicKey) bool }); !ok || !public.Equal(signer.Public()) {
			t.Error("a key that is not the CA's")
		}
		serving, err := decodeLeaf(data, authorities[0], []string{"a.svc"})
		if err != nil {
			return
		}
		if err := serving.Leaf.CheckSignatureFrom(authorities[0]); err != nil {
			t.Error(err)
		}
		if err := serving.Leaf.VerifyHostname("a.svc"); err != nil {
			t.Error(err)
		}
	})
}
