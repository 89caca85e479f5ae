package cloud_test

import (
	"testing"

	"github.com/fluxcd/pkg/auth"
	"github.com/fluxcd/pkg/auth/aws"
	"github.com/fluxcd/pkg/auth/azure"
	"github.com/fluxcd/pkg/auth/gcp"

	"github.com/fluxgate/fluxgate/flux"
)

// What the rules and the identities go by is what Flux's own library takes for a registry of each cloud, sovereign clouds,
// public registries and look-alikes included.
func TestWhoseRegistryItIsIsSaidAsByFlux(t *testing.T) {
	providers := []auth.ArtifactRegistryCredentialsProvider{aws.Provider{}, azure.Provider{}, gcp.Provider{}}
	seen := map[string]int{}
	for _, host := range hosts() {
		repository, err := flux.ParseRepository("oci://" + host + "/acme/app")
		if err != nil {
			seen["never dialled"]++
			continue
		}
		want := "generic"
		for _, provider := range providers {
			if _, err := provider.ParseArtifactRepository(repository.String()); err == nil {
				want = provider.GetName()
			}
		}
		if got := repository.Cloud(); got != want {
			t.Errorf("%s is a registry of %s to Fluxgate, and of %s to Flux", repository.Host, got, want)
		}
		seen[want]++
	}
	for _, whose := range []string{"aws", "azure", "gcp", "generic", "never dialled"} {
		if seen[whose] == 0 {
			t.Errorf("no host of the test is %s", whose)
		}
	}
}

// hosts are registries of clouds, and what looks like them.
func hosts() []string {
	hosts := []string{
		"public.ecr.aws", "ecr-public.aws.com", "x.public.ecr.aws", "gallery.ecr.aws", "public.ecr.aws:8443", "public.ecr.aws.",
		"acme.eastus.data.azurecr.io", "mcr.microsoft.com", "registry.k8s.io", "docker.io", "ghcr.io",
	}
	product := func(parts ...[]string) {
		all := []string{""}
		for _, part := range parts {
			var longer []string
			for _, begin := range all {
				for _, end := range part {
					longer = append(longer, begin+end)
				}
			}
			all = longer
		}
		hosts = append(hosts, all...)
	}
	product(
		[]string{"123456789012", "12345678901", "1234567890123", "12345678901a", "x.123456789012", ""},
		[]string{".dkr.ecr", ".dkr-ecr", ".dkr.ecr-fips", ".dkr-ecr-fips", ".dkr.ecrx", ".dkr_ecr", ".dkr.ecr.dkr-ecr"},
		[]string{"", ".eu-west-1", ".cn-north-1", ".us-gov-west-1", ".eusc-de-east-1", "._", ".-", ".a_b", ".a.b", ".fips.a"},
		[]string{
			".amazonaws.com", ".amazonaws.com.cn", ".amazonaws.eu", ".on.aws", ".on.amazonwebservices.com.cn", ".sc2s.sgov.gov",
			".c2s.ic.gov", ".cloud.adc-e.uk", ".csp.hci.ic.gov", ".amazonaws.cn", ".aws", ".amazonaws.com.evil.com", ".amazonaws.com:8443",
		},
	)
	product(
		[]string{"", "acme", "acme.eastus", "eu", "europe-docker", "-docker", "docker", "a.b-docker"},
		[]string{"", ".", "-"},
		[]string{
			"azurecr.io", "azurecr.cn", "azurecr.de", "azurecr.us", "azurecr.com", "gcr.io", "pkg.dev", "s3nsregistry.fr",
			"azurecr.io.evil.com", "gcr.io.evil.com", "pkg.dev.evil.com", "azurecr.us:8443", "gcr.io:8443",
		},
	)
	return hosts
}
