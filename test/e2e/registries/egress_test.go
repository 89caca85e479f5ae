package registries_test

import (
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"testing"

	"golang.org/x/sync/errgroup"

	"github.com/fluxgate/fluxgate/test/registrytest"
)

// metadata is where clouds keep the credentials of the machine.
const metadata = "169.254.169.254"

// attack is what a tenant who owns a registry, or only writes an object, tries.
type attack struct {
	url  string
	more spec
	// realm is what the registry says of its token server; empty means that it asks for no token.
	realm string
	// at is where the registry, or its token server, does what fault says; empty means that it does nothing.
	at    string
	fault registrytest.Fault
}

// attacks have a host each where they take all of it.
func attacks() map[string]attack {
	ranged := spec{"ref": spec{"semver": "1.x"}}
	token := func(host, realm string, fault registrytest.Fault) attack {
		return attack{url: host + "/acme/app", realm: "https://evil.example.com/" + realm, at: "evil.example.com/" + realm, fault: fault}
	}
	return map[string]attack{
		"the registry is a metadata service":              {url: metadata + "/latest/meta-data"},
		"the registry is one over plain http":             {url: metadata + "/latest/meta-data", more: spec{"insecure": true}},
		"the registry is one with a port":                 {url: metadata + ":80/latest/meta-data", more: spec{"insecure": true}},
		"the registry is one in IPv6":                     {url: "[fd00:ec2::254]:80/latest/meta-data", more: spec{"insecure": true}},
		"the registry is one by name":                     {url: "metadata.google.internal/computemetadata/v1"},
		"the registry is one by name, over plain http":    {url: "metadata.google.internal/computemetadata/v1", more: spec{"insecure": true}},
		"the manifest is redirected to one":               {url: "ghcr.io/evil/redirect", at: "ghcr.io/evil/redirect", fault: registrytest.RedirectTo("https://" + metadata + "/")},
		"the manifest is redirected to one by plain http": {url: "ghcr.io/evil/plain", at: "ghcr.io/evil/plain", fault: registrytest.RedirectTo("http://" + metadata + "/")},
		"insecure, and redirected to one by plain http":   {url: "ghcr.io/evil/insecure", more: spec{"insecure": true}, at: "ghcr.io/evil/insecure", fault: registrytest.RedirectTo("http://" + metadata + "/")},
		"the next page of tags is one":                    {url: "ghcr.io/evil/page", more: ranged, at: "ghcr.io/evil/page", fault: nextPage("https://" + metadata + "/v2/")},
		"the pages of tags never end":                     {url: "ghcr.io/evil/pages", more: ranged, at: "ghcr.io/evil/pages", fault: nextPage("/v2/evil/pages/tags/list?last=1.0.0")},
		"a tag of the list is no tag":                     {url: "ghcr.io/evil/tags", more: ranged, at: "ghcr.io/evil/tags", fault: tags("1.0.0-../../../../latest/meta-data")},
		"the tokens are given out by one":                 {url: "quay.io/acme/app", realm: "https://" + metadata + "/token"},
		"the tokens are given out by one over plain http": {url: "registry.gitlab.com/acme/app", realm: "http://" + metadata + "/token"},
		"the token server redirects to one":               token("harbor.example.com", "redirect", registrytest.RedirectTo("https://"+metadata+"/")),
		"the token server redirects for ever":             token("registry.example.com", "loop", registrytest.RedirectLoop()),
		"the token server never ends its answer":          token("acme.azurecr.io", "drip", w.Registry.Drip()),
		"the token server never answers":                  token("europe-docker.pkg.dev", "slow", w.Registry.Slow()),
		"the token server sends 100 MB":                   token("hub.example.com", "huge", registrytest.Huge(100<<20)),
	}
}

// nextPage lists a version and says where the next ones are.
func nextPage(url string) registrytest.Fault {
	return func(http.Handler) http.Handler {
		return http.HandlerFunc(func(answer http.ResponseWriter, _ *http.Request) {
			answer.Header().Set("Link", fmt.Sprintf("<%s>; rel=%q", url, "next"))
			_, _ = fmt.Fprint(answer, `{"name":"evil","tags":["1.0.0"]}`) // the client tells
		})
	}
}

func tags(tag string) registrytest.Fault {
	return func(http.Handler) http.Handler {
		return http.HandlerFunc(func(answer http.ResponseWriter, _ *http.Request) {
			_, _ = fmt.Fprintf(answer, `{"name":"evil","tags":[%q]}`, tag) // the client tells
		})
	}
}

// TestNoObjectLeadsToReservedAddresses lets tenants try. Whatever Fluxgate dials but loopback goes to the stack's proxy, which
// leads nowhere else and keeps a record: none of it may be there. The golden file has what the tenants read: no more than a
// class, wherever it was that they aimed at.
func TestNoObjectLeadsToReservedAddresses(t *testing.T) {
	team := newTenant(t, "attackers")
	all := attacks()
	for _, a := range all {
		if a.realm != "" {
			host, _, _ := strings.Cut(a.url, "/")
			w.Registry.Require(host, registrytest.Login{Realm: a.realm})
		}
		if a.at != "" {
			w.Registry.Break(a.at, a.fault)
		}
	}
	names := slices.Sorted(maps.Keys(all))
	said := make([]string, len(names))
	var group errgroup.Group // they wait for what never ends
	for i, name := range names {
		group.Go(func() error {
			said[i] = indent(name, team.apply(t, all[name].url, all[name].more))
			return nil
		})
	}
	if err := group.Wait(); err != nil {
		t.Fatal(err)
	}
	golden(t, "attacks.txt", strings.Join(said, ""))
	for _, asked := range w.Proxy.Asked() {
		if strings.Contains(asked, metadata) || strings.Contains(asked, "metadata") || strings.Contains(asked, "fd00") {
			t.Errorf("%s was dialled", asked)
		}
	}
	for name, a := range all {
		if a.at != "" && w.Registry.Count("", a.at) == 0 {
			t.Errorf("%s: nobody came to %s", name, a.at)
		}
	}
}
