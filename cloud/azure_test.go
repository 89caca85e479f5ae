package cloud_test

import (
	"testing"

	"github.com/fluxgate/fluxgate/registry"
	"github.com/fluxgate/fluxgate/test/registrytest"
)

// A registry of Azure exchanges the login itself, so that a token goes to a host that the object names.
func TestTheExchangeAtARegistryIsGuarded(t *testing.T) {
	const identity = "the cloud gave no login; look at the annotations of ServiceAccount apps/puller, at its role in the cloud, " +
		"and whether Fluxgate may create its tokens"
	const refused = "the host, or one that it refers to, is at a private or reserved address or asks for plain http; " +
		"an administrator can permit the address"
	cases := map[string]struct {
		address string
		fault   registrytest.Fault
		class   registry.Class
		advice  string
		// asked is how often the registry is asked, by whatever name.
		asked int
	}{
		"it is at the metadata service":    {address: "169.254.169.254", class: registry.ClassRefused, advice: refused},
		"it is at loopback":                {address: "127.0.0.1", class: registry.ClassRefused, advice: refused},
		"it redirects to metadata":         {fault: registrytest.RedirectTo("https://169.254.169.254/"), class: registry.ClassIdentity, advice: identity, asked: 1},
		"it redirects to another registry": {fault: registrytest.RedirectTo("https://" + acrUS + "/"), class: registry.ClassIdentity, advice: identity, asked: 1},
		"it answers with 100 MB":           {fault: registrytest.Huge(100 << 20), class: registry.ClassIdentity, advice: identity, asked: 1},
		"it has trouble":                   {fault: registrytest.Status(500, ""), class: registry.ClassIdentity, advice: identity, asked: 1},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			f := newFixture(t)
			q, _ := prepare(t, f, acr, map[string]string{tenant: "their-tenant", client: "apps"})
			world.Forget()
			if c.address != "" {
				f.addresses[acr] = c.address
			}
			if c.fault != nil {
				world.Break(acr+"/oauth2/exchange", c.fault)
			}
			_, err := f.client.Resolve(t.Context(), q)
			wantFailure(t, err, c.class, c.advice)
			if asked := world.Count("", acr) + world.Count("", acrUS); asked != c.asked {
				t.Errorf("registries were asked %d times, want %d: %v", asked, c.asked, world.Requests())
			}
		})
	}
}

// Where Azure's Private Link gives a registry an address inside, the exchange takes no allow-list: the name is Azure's.
func TestARegistryOfAzureMayBeInside(t *testing.T) {
	f := newFixture(t)
	q, digest := prepare(t, f, acr, map[string]string{tenant: "their-tenant", client: "apps"})
	f.addresses[acr] = "10.0.0.5"
	q.AllowPrivate = true
	if got, err := f.client.Resolve(t.Context(), q); err != nil || got.Digest != digest {
		t.Errorf("got %v, %v, want %s", got, err, digest)
	}
}
