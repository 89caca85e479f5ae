package main

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestServeHelp(t *testing.T) {
	golden(t, "serve-help.txt", inProcess("", "serve", "--help").Stdout)
}

func TestServeRefusesSettingsThatCannotBe(t *testing.T) {
	cases := map[string]struct {
		args []string
		want string
	}{
		"no port":    {[]string{"--port", "0"}, "--port: 0 is no port, use 1 to 65535"},
		"no address": {[]string{"--metrics-addr", "8080"}, `--metrics-addr: "8080" is no address, use HOST:PORT or :PORT`},
		"no time":    {[]string{"--review-timeout", "0s"}, "--review-timeout: 0s is not between 0s and 30s, the longest that the API server waits"},
		"no CIDR":    {[]string{"--egress-allow", "127.0.0.1"}, `--egress-allow: "127.0.0.1" is no CIDR, use one like 127.0.0.0/8`},
		"no name": {
			[]string{"--default-service-account", "Puller"}, `--default-service-account: "Puller" is no name of a ServiceAccount: ` +
				"a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with " +
				"an alphanumeric character (e.g. 'example.com', regex used for validation is " +
				`'[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')`,
		},
		"two identities": {
			[]string{"--own-cloud-identity", "--default-service-account", "puller"},
			"--own-cloud-identity: no source uses it beside --default-service-account, leave one of them out",
		},
		"no cache":       {[]string{"--registry-cache-size", "0"}, "--registry-cache-size: 0 is not between 1 and 1000000"},
		"a cache of all": {[]string{"--registry-cache-size", "1000001"}, "--registry-cache-size: 1000001 is not between 1 and 1000000"},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			got := inProcess("", append([]string{"serve"}, c.args...)...)
			want := outcome{Code: 2, Stderr: "fluxgate: " + c.want + "\n"}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("outcome (-want +got):\n%s", diff)
			}
		})
	}
}
