package flux

import "testing"

func TestCloud(t *testing.T) {
	for host, want := range map[string]string{
		"123456789012.dkr.ecr.eu-west-1.amazonaws.com":                "aws",
		"123456789012.dkr.ecr-fips.us-gov-west-1.amazonaws.com":       "aws",
		"123456789012.dkr.ecr.cn-north-1.amazonaws.com.cn":            "aws",
		"123456789012.dkr.ecr.us-iso-east-1.c2s.ic.gov":               "aws",
		"123456789012.dkr-ecr.eu-west-1.on.aws":                       "aws",
		"123456789012.dkr-ecr-fips.us-east-1.on.aws":                  "aws",
		"123456789012.dkr-ecr.cn-north-1.on.amazonwebservices.com.cn": "aws",
		"public.ecr.aws":                         "aws",
		"ecr-public.aws.com":                     "aws",
		"europe-docker.pkg.dev":                  "gcp",
		"us-central1-docker.pkg.dev":             "gcp",
		"gcr.io":                                 "gcp",
		"eu.gcr.io":                              "gcp",
		"docker.s3nsregistry.fr":                 "gcp",
		"acme.azurecr.io":                        "azure",
		"acme.azurecr.cn":                        "azure",
		"acme.azurecr.us":                        "azure",
		"acme.azurecr.de":                        "azure",
		"acme.eastus.data.azurecr.io":            "azure",
		"ghcr.io":                                "generic",
		"docker.io":                              "generic",
		"registry.gitlab.com":                    "generic",
		"harbor.example.com:8443":                "generic",
		"":                                       "generic",
		"evilgcr.io":                             "generic",
		"gcr.io.evil.com":                        "generic",
		"azurecr.io":                             "generic",
		".azurecr.io":                            "generic",
		"acme.azurecr.io.evil.com":               "generic",
		"acme.azurecr.io:8443":                   "generic",
		"evil-docker.pkg.dev.evil.com":           "generic",
		"docker.pkg.dev":                         "generic",
		"public.ecr.aws.evil.com":                "generic",
		"x.public.ecr.aws":                       "generic",
		"x.ecr-public.aws.com":                   "generic",
		"x.docker.s3nsregistry.fr":               "generic",
		"1234.dkr-ecr.eu-west-1.on.aws":          "generic",
		"1234.dkr.ecr.eu-west-1.amazonaws.com":   "generic",
		"evil-account.dkr.ecr.a.amazonaws.com":   "generic",
		"123456789012.dkr.ecr.amazonaws.com":     "generic",
		"123456789012.dkr.ecr._.amazonaws.com":   "generic",
		"123456789012.dkr.ecr.a.b.amazonaws.com": "generic",
		"123456789012.dkr.ecr.eu-west-1.amazonaws.com.evil.com":  "generic",
		"123456789012.dkr-ecr.eu-west-1.on.aws.evil.com":         "generic",
		"123456789012.dkr.ecrx.eu-west-1.amazonaws.com":          "generic",
		"evil.com.123456789012.dkr.ecr.eu-west-1.amazonaws.com":  "generic",
		"123456789012.dkr.ecr.eu-west-1.amazonaws.com.dkr.ecr.x": "generic",
	} {
		if got := (Repository{Host: host, Path: "app"}).Cloud(); got != want {
			t.Errorf("%q is of %s, want %s", host, got, want)
		}
	}
}

func TestSilentHTTP(t *testing.T) {
	for host, want := range map[string]bool{
		"10.0.0.5":                        true,
		"10.255.255.255:5000":             true,
		"172.16.0.1":                      true,
		"172.31.255.255":                  true,
		"192.168.1.1:443":                 true,
		"localhost:5000":                  true,
		"registry.localhost":              true,
		"registry.localhost:5000":         true,
		"registry.local":                  true,
		"registry.flux.svc.cluster.local": true,
		"registry.svc.cluster.local:5000": true,
		"127.0.0.1":                       true,
		"127.0.0.1:5000":                  true,
		"127.0.0.1.nip.io":                true,
		"app-127.0.0.1.example.com:5000":  true,
		"[::1]":                           true,
		"[::1]:5000":                      true,
		"[2001:db8::1]":                   true,
		"[2001:db8::1f]:5000":             true,
		"ghcr.io":                         false,
		"docker.io":                       false,
		"localhost":                       false,
		"localhost.example.com":           false,
		"mylocalhost:5000":                false,
		"mylocal":                         false,
		"registry.local.example.com":      false,
		"registry:5000":                   false,
		"registry.svc:5000":               false,
		"127.0.0.2":                       false,
		"9.255.255.255":                   false,
		"11.0.0.1":                        false,
		"172.32.0.1":                      false,
		"172.15.255.255":                  false,
		"192.169.0.1":                     false,
		"169.254.169.254":                 false,
		"10.0.0.5.example.com":            false,
		"[fd00::5]":                       false,
		"[2001:db8::5]":                   false,
		"":                                false,
	} {
		if got := (Repository{Host: host, Path: "app"}).SilentHTTP(); got != want {
			t.Errorf("%q: %t, want %t", host, got, want)
		}
	}
}
