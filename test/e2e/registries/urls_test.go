package registries_test

import (
	"strings"
	"testing"
)

// TestWhereAURLLeads writes urls as tenants may. The golden file has where each leads Fluxgate, and where it leads Flux: whatever
// Fluxgate pins is what Flux pulls. A url that could mean another place to another reader is refused.
func TestWhereAURLLeads(t *testing.T) {
	for _, repository := range []string{"ghcr.io/acme/urls", "index.docker.io/acme/urls", "index.docker.io/library/urls"} {
		digest, err := w.Registry.Push(repository, "v1")
		if err != nil {
			t.Fatal(err)
		}
		w.artifacts[digest] = repository + ":v1"
	}
	team, flux := newTenant(t, "urls"), newTenant(t, "flux-urls")
	urls := []string{
		"ghcr.io/acme/urls", "acme/urls", "urls", "docker.io/acme/urls", "docker.io/urls", "index.docker.io/acme/urls",
		"registry-1.docker.io/acme/urls", "ghcr.io:443/acme/urls", "GHCR.IO/acme/urls", "ghcr.io./acme/urls", "ghcr.io/acme/urls/",
		"ghcr.io/acme//urls", "ghcr.io/acme/./urls", "ghcr.io/ACME/urls", "ghcr.io/acme/urls:v1",
	}
	pulls := make([]func() string, len(urls))
	for i, url := range urls {
		_, pulls[i] = flux.leave(t, url, nil)
	}
	var said strings.Builder
	for i, url := range urls {
		fluxgate, flux := team.apply(t, url, nil), pulls[i]()
		said.WriteString(indent("oci://"+url, fluxgate+"\nFlux "+flux))
		if strings.HasPrefix(fluxgate, "pinned") {
			alike(t, url, fluxgate, flux)
		}
	}
	golden(t, "urls.txt", said.String())
}
