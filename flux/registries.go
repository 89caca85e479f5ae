package flux

import (
	"net/netip"
	"strings"

	sourcev1 "github.com/fluxcd/source-controller/api/v1"
)

// Cloud says whose registry the host is: aws, gcp, azure, or generic for every other; the values of a source's
// provider. It mirrors ParseArtifactRepository of fluxcd/pkg's auth/aws, auth/gcp and auth/azure, anchored, so that no
// look-alike host passes for a cloud's.
func (r Repository) Cloud() string {
	switch {
	case isECR(r.Host):
		return sourcev1.AmazonOCIProvider
	case r.Host == "gcr.io" || r.Host == "docker.s3nsregistry.fr" || hasSuffix(r.Host, ".gcr.io", "-docker.pkg.dev"):
		return sourcev1.GoogleOCIProvider
	case hasSuffix(r.Host, ".azurecr.io", ".azurecr.cn", ".azurecr.de", ".azurecr.us"):
		return sourcev1.AzureOCIProvider
	default:
		return sourcev1.GenericOCIProvider
	}
}

// isECR matches <account>.dkr.ecr[-fips].<region>.<partition>, the same with dkr-ecr for the names that have IPv6 too, and
// the public registry under both its names.
func isECR(host string) bool {
	if host == "public.ecr.aws" || host == "ecr-public.aws.com" {
		return true
	}
	account, rest, _ := strings.Cut(host, ".")
	service, found := strings.CutPrefix(rest, "dkr.ecr")
	if !found {
		service, found = strings.CutPrefix(rest, "dkr-ecr")
	}
	place, dot := strings.CutPrefix(strings.TrimPrefix(service, "-fips"), ".")
	if !found || !dot || len(account) != 12 || strings.Trim(account, "0123456789") != "" {
		return false
	}
	region, partition, _ := strings.Cut(place, ".")
	if region == "" || region[0] == '-' || region[0] == '_' {
		return false
	}
	switch partition {
	case "amazonaws.com", "amazonaws.com.cn", "amazonaws.eu", "on.aws", "on.amazonwebservices.com.cn",
		"sc2s.sgov.gov", "c2s.ic.gov", "cloud.adc-e.uk", "csp.hci.ic.gov":
		return true
	}
	return false
}

// SilentHTTP reports whether some supported version of Flux reaches the host by plain http although nothing in the
// object says so.
func (r Repository) SilentHTTP() bool { return silentHTTP(r.Host) }

// silentHTTP is the union of go-containerregistry's Registry.Scheme over the versions in supported Flux. 0.22 has
// private IPv4 addresses, localhost with a port, *.localhost, 127.0.0.1 and ::1; 0.21 has every host that contains
// 127.0.0.1 or ::1, and up to 0.21.5 *.local.
func silentHTTP(host string) bool {
	if strings.Contains(host, "127.0.0.1") || strings.Contains(host, "::1") {
		return true
	}
	name, _, port := strings.Cut(host, ":")
	if name == "localhost" && port || hasSuffix(name, ".localhost", ".local") {
		return true
	}
	address, err := netip.ParseAddr(name)
	return err == nil && address.Is4() && address.IsPrivate()
}

// hasSuffix reports whether s ends with one of the suffixes and has something before it.
func hasSuffix(s string, suffixes ...string) bool {
	for _, suffix := range suffixes {
		if len(s) > len(suffix) && strings.HasSuffix(s, suffix) {
			return true
		}
	}
	return false
}
