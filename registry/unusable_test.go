package registry_test

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"k8s.io/apimachinery/pkg/types"

	"github.com/fluxgate/fluxgate/flux"
	"github.com/fluxgate/fluxgate/registry"
)

// secretText is in every Secret here, and must be in no message.
const secretText = "s3cr3t"

func opaque(data map[string]string) *registry.Secret {
	secret := &registry.Secret{Type: "Opaque", Data: map[string][]byte{}}
	for key, value := range data {
		secret.Data[key] = []byte(value)
	}
	return secret
}

// unusable is a cluster in which nothing that logs in is as it should be, but for the Secret called pull.
func unusable(certificate, key string) (secrets, accounts) {
	dockerConfig := func(content string) *registry.Secret {
		return &registry.Secret{Type: dockerConfigJSON, Data: map[string][]byte{".dockerconfigjson": []byte(content)}}
	}
	return secrets{
			"apps/opaque":           opaque(map[string]string{".dockerconfigjson": `{}`}),
			"apps/empty":            {Type: dockerConfigJSON},
			"apps/malformed":        dockerConfig(`{"auths":{"ghcr.io":{"auth":"` + secretText + `!"}}}`),
			"apps/not-json":         dockerConfig(secretText),
			"apps/bad-host":         pullSecret("https://user:"+secretText+"@[::1/", secretText),
			"apps/pull":             pullSecret("ghcr.io", secretText),
			"apps/no-certificates":  opaque(map[string]string{"unknown.pem": secretText}),
			"apps/no-ca":            opaque(map[string]string{"ca.crt": secretText}),
			"apps/no-private-key":   opaque(map[string]string{"tls.crt": certificate}),
			"apps/no-certificate":   opaque(map[string]string{"keyFile": key}),
			"apps/no-pair":          opaque(map[string]string{"tls.crt": secretText, "tls.key": key}),
			"apps/large":            opaque(map[string]string{"ca.crt": strings.Repeat(certificate, 1000)}),
			"apps/no-address":       opaque(map[string]string{"username": secretText}),
			"apps/no-scheme":        opaque(map[string]string{"address": secretText + ".example.com:3128"}),
			"apps/other-scheme":     opaque(map[string]string{"address": "ftp://" + secretText + ".example.com"}),
			"apps/no-host":          opaque(map[string]string{"address": "http://:3128"}),
			"apps/not-a-url":        opaque(map[string]string{"address": "http://user:" + secretText + "@[::1/"}),
			"apps/too-long-a-proxy": opaque(map[string]string{"address": "http://" + strings.Repeat(secretText, 400)}),
		}, accounts{
			"apps/puller":  {},
			"apps/half":    {PullSecrets: []string{"pull", "gone"}},
			"apps/opaque":  {PullSecrets: []string{"opaque"}},
			"apps/listing": {PullSecrets: slices.Repeat([]string{"pull"}, 17)},
		}
}

func foreign(s *flux.Source) {
	s.Origin = &flux.Key{Kind: "OCIRepository", NamespacedName: types.NamespacedName{Namespace: "apps", Name: "app"}}
}

func unusables() map[string]func(*flux.Source) {
	cases := map[string]func(*flux.Source){
		"provider, another host":                     func(s *flux.Source) { s.Provider = "aws" },
		"provider of another cloud":                  func(s *flux.Source) { s.Provider, s.Repository.Host = "gcp", "acme.azurecr.io" },
		"provider, a host that looks like it":        func(s *flux.Source) { s.Provider, s.Repository.Host = "azure", "acme.azurecr.io.evil.com" },
		"provider, and no cloud":                     func(s *flux.Source) { s.Provider, s.Repository.Host = "azure", "acme.azurecr.io" },
		"ServiceAccount that does not exist":         func(s *flux.Source) { s.ServiceAccountName = "gone" },
		"ServiceAccount that may not be read":        func(s *flux.Source) { s.ServiceAccountName = "forbidden" },
		"ServiceAccount, a Secret does not exist":    func(s *flux.Source) { s.ServiceAccountName = "half" },
		"ServiceAccount, a Secret of the wrong type": func(s *flux.Source) { s.ServiceAccountName = "opaque" },
		"ServiceAccount with too many Secrets":       func(s *flux.Source) { s.ServiceAccountName = "listing" },
		"ServiceAccount missing, secretRef right":    func(s *flux.Source) { s.ServiceAccountName, s.SecretRef = "gone", "pull" },
		"another namespace's secretRef":              func(s *flux.Source) { s.SecretRef = "gone"; foreign(s) },
		"another namespace's certSecretRef":          func(s *flux.Source) { s.CertSecretRef = "no-ca"; foreign(s) },
		"another namespace's proxySecretRef":         func(s *flux.Source) { s.ProxySecretRef = "gone"; foreign(s) },
		"another namespace's ServiceAccount":         func(s *flux.Source) { s.ServiceAccountName = "gone"; foreign(s) },
		"another namespace's ServiceAccount's":       func(s *flux.Source) { s.ServiceAccountName = "half"; foreign(s) },
	}
	for _, name := range []string{"gone", "forbidden", "opaque", "empty", "malformed", "not-json", "bad-host"} {
		cases["secretRef "+name] = func(s *flux.Source) { s.SecretRef = name }
	}
	for _, name := range []string{"gone", "forbidden", "no-certificates", "no-ca", "no-private-key", "no-certificate", "no-pair", "large"} {
		cases["certSecretRef "+name] = func(s *flux.Source) { s.CertSecretRef, s.SecretRef = name, "pull" }
	}
	for _, name := range []string{"gone", "no-address", "no-scheme", "other-scheme", "no-host", "not-a-url", "too-long-a-proxy"} {
		cases["proxySecretRef "+name] = func(s *flux.Source) { s.ProxySecretRef, s.SecretRef = name, "pull" }
	}
	return cases
}

func TestCredentialsThatCannotBeUsedAreNamed(t *testing.T) {
	f := newFixture(t, "ghcr.io")
	certificate, key := f.MustIssue(t, "apps")
	f.Options.Credentials = objects(unusable(string(certificate), string(key)))
	client := f.client()
	cases := unusables()
	var golden strings.Builder
	for _, name := range slices.Sorted(maps.Keys(cases)) {
		q := tagged(t, app, "v1")
		cases[name](&q.Source)
		_, err := resolve(t, client, q)
		failure := failureOf(t, err, registry.ClassCredentials)
		fmt.Fprintf(&golden, "%s:\n  %s\n", name, failure)
		if text := fmt.Sprint(failure, failure.Err); strings.Contains(text, secretText) || strings.Contains(text, "PRIVATE KEY") {
			t.Errorf("%s: the secret is in %q", name, text)
		}
	}
	f.wantCount(t, "", "ghcr.io", 0)
	compareGolden(t, "credentials.golden", golden.String())
}
