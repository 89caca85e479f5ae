package certs

import (
	"context"
	"encoding/json"
	"testing"

	"github.com/google/go-cmp/cmp"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/client/fake"
	"sigs.k8s.io/controller-runtime/pkg/client/interceptor"
)

func TestAResetBundleIsPutBackAndGarbageIsDropped(t *testing.T) {
	for name, bundle := range map[string]string{
		"reset":       "",
		"garbage":     "not PEM at all",
		"cut":         "-----BEGIN CERTIFICATE-----\nMIIB",
		"a wrong one": string(sound(t, "x.svc")[leafCert]),
	} {
		t.Run(name, func(t *testing.T) {
			c := cluster(interceptor.Funcs{})
			certs := replica(t, c, newClock())
			ensure(t, certs)
			want := bundles(t, c)
			live := mutating()
			if err := c.Get(t.Context(), client.ObjectKeyFromObject(live), live); err != nil {
				t.Fatal(err)
			}
			live.Webhooks[0].ClientConfig.CABundle = []byte(bundle)
			if err := c.Update(t.Context(), live); err != nil {
				t.Fatal(err)
			}
			ensure(t, certs)
			if diff := cmp.Diff(want, bundles(t, c)); diff != "" {
				t.Errorf("bundles (-want +got):\n%s", diff)
			}
		})
	}
}

func TestOnlyTheBundleIsPatched(t *testing.T) {
	var patched []string
	c := cluster(interceptor.Funcs{
		Patch: func(ctx context.Context, under client.WithWatch, obj client.Object, patch client.Patch, opts ...client.PatchOption) error {
			data, err := patch.Data(obj)
			if err != nil {
				return err
			}
			var body struct {
				Webhooks []struct {
					ClientConfig map[string]string
				}
			}
			if err := json.Unmarshal(data, &body); err != nil {
				return err
			}
			for _, webhook := range body.Webhooks {
				for field := range webhook.ClientConfig {
					patched = append(patched, field)
				}
			}
			return under.Patch(ctx, obj, patch, opts...)
		},
	})
	ensure(t, replica(t, c, newClock()))
	if diff := cmp.Diff([]string{"caBundle", "caBundle", "caBundle"}, patched); diff != "" {
		t.Errorf("fields patched (-want +got):\n%s", diff)
	}
}

func TestAConflictingPatchStartsFromTheNewState(t *testing.T) {
	others := sound(t, "other.svc")[authorityCert]
	interfered := false
	c := cluster(interceptor.Funcs{
		Patch: func(ctx context.Context, under client.WithWatch, obj client.Object, patch client.Patch, opts ...client.PatchOption) error {
			if !interfered {
				interfered = true
				live := mutating()
				if err := under.Get(ctx, client.ObjectKeyFromObject(live), live); err != nil {
					return err
				}
				live.Webhooks[1].ClientConfig.CABundle = others
				if err := under.Update(ctx, live); err != nil {
					return err
				}
			}
			return under.Patch(ctx, obj, patch, opts...)
		},
	})
	certs := replica(t, c, newClock())
	ensure(t, certs)
	trusted(t, c, certs)
	if got := len(parseBundle(bundles(t, c)[1], start)); got != 2 {
		t.Errorf("%d CAs in the bundle that another replica wrote into, want 2", got)
	}
}

func TestWithoutAnyConfigurationNothingIsServed(t *testing.T) {
	certs := replica(t, fake.NewClientBuilder().Build(), newClock())
	want := "webhook configuration fluxgate: " + errNoConfiguration.Error()
	if err := certs.Ensure(t.Context()); err == nil || err.Error() != want {
		t.Errorf("error\n got: %v\nwant: %s", err, want)
	}
	if certs.Ready() == nil {
		t.Error("ready, though nothing was published")
	}
}

func TestOneConfigurationOfTheNameIsEnough(t *testing.T) {
	c := fake.NewClientBuilder().WithObjects(validating()).Build()
	certs := replica(t, c, newClock())
	ensure(t, certs)
	if err := certs.Ready(); err != nil {
		t.Error(err)
	}
}
