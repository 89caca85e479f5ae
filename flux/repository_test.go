package flux

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-containerregistry/pkg/name"
)

func TestParseRepositoryAcceptsWhatHasOneReading(t *testing.T) {
	for sentence, test := range map[string]struct {
		url  string
		want Repository
	}{
		"GitHub":                               {"oci://ghcr.io/stefanprodan/manifests/podinfo", Repository{"ghcr.io", "stefanprodan/manifests/podinfo"}},
		"Docker Hub, official image":           {"oci://podinfo", Repository{"docker.io", "library/podinfo"}},
		"Docker Hub, official image with host": {"oci://docker.io/podinfo", Repository{"docker.io", "library/podinfo"}},
		"Docker Hub, official image at index":  {"oci://index.docker.io/podinfo", Repository{"docker.io", "library/podinfo"}},
		"Docker Hub, library written out":      {"oci://library/podinfo", Repository{"docker.io", "library/podinfo"}},
		"Docker Hub without a host":            {"oci://org/app", Repository{"docker.io", "org/app"}},
		"Docker Hub with its host":             {"oci://docker.io/org/app", Repository{"docker.io", "org/app"}},
		"Docker Hub with the host dialled":     {"oci://index.docker.io/org/app", Repository{"docker.io", "org/app"}},
		"Docker Hub's registry by its own name": {
			"oci://registry-1.docker.io/bitnamicharts/nginx", Repository{"registry-1.docker.io", "bitnamicharts/nginx"}},
		"a single label is an account":       {"oci://registry/foo", Repository{"docker.io", "registry/foo"}},
		"a single label with a port is host": {"oci://registry:5000/foo", Repository{"registry:5000", "foo"}},
		"a single label keeps port 443, without which it is an account": {
			"oci://registry:443/foo", Repository{"registry:443", "foo"}},
		"Amazon ECR": {
			"oci://123456789012.dkr.ecr.eu-west-1.amazonaws.com/team/app",
			Repository{"123456789012.dkr.ecr.eu-west-1.amazonaws.com", "team/app"}},
		"Google Artifact Registry": {
			"oci://europe-docker.pkg.dev/project/repo/app", Repository{"europe-docker.pkg.dev", "project/repo/app"}},
		"Azure Container Registry": {"oci://acme.azurecr.io/app", Repository{"acme.azurecr.io", "app"}},
		"Harbor with a port":       {"oci://harbor.example.com:8443/library/app", Repository{"harbor.example.com:8443", "library/app"}},
		"GitLab":                   {"oci://registry.gitlab.com/group/sub.group/my_app", Repository{"registry.gitlab.com", "group/sub.group/my_app"}},
		"upper-case host":          {"oci://GHCR.IO/acme/app", Repository{"ghcr.io", "acme/app"}},
		"trailing dot":             {"oci://ghcr.io./acme/app", Repository{"ghcr.io", "acme/app"}},
		"default port":             {"oci://ghcr.io:443/acme/app", Repository{"ghcr.io", "acme/app"}},
		"all three at once":        {"oci://Ghcr.io.:443/acme/app", Repository{"ghcr.io", "acme/app"}},
		"punycode":                 {"oci://xn--ghr-7cd.io/acme/app", Repository{"xn--ghr-7cd.io", "acme/app"}},
		"an underscore in a host":  {"oci://my_registry.internal/app", Repository{"my_registry.internal", "app"}},
		"dots within a segment":    {"oci://ghcr.io/acme/.a..b", Repository{"ghcr.io", "acme/.a..b"}},
		"public IPv4":              {"oci://192.0.2.1/app", Repository{"192.0.2.1", "app"}},
		"public IPv4, port 443":    {"oci://192.0.2.1:443/app", Repository{"192.0.2.1", "app"}},
		"metadata service":         {"oci://169.254.169.254/app", Repository{"169.254.169.254", "app"}},
		"port 443 kept where Flux speaks http": {
			"oci://10.0.0.5:443/app", Repository{"10.0.0.5:443", "app"}},
		"IPv6":                         {"oci://[2001:db8::5]:5000/app", Repository{"[2001:db8::5]:5000", "app"}},
		"IPv6, default port":           {"oci://[2001:db8::5]:443/app", Repository{"[2001:db8::5]", "app"}},
		"IPv6 in upper case":           {"oci://[2001:DB8::5]/app", Repository{"[2001:db8::5]", "app"}},
		"localhost with a port":        {"oci://localhost:5000/app", Repository{"localhost:5000", "app"}},
		"a label of digits before one": {"oci://127.1.example.com/app", Repository{"127.1.example.com", "app"}},
		"the longest path":             {"oci://ghcr.io/" + strings.Repeat("a", 255), Repository{"ghcr.io", strings.Repeat("a", 255)}},
	} {
		t.Run(sentence, func(t *testing.T) {
			got, err := ParseRepository(test.url)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
			flux, err := name.NewRepository(strings.TrimPrefix(test.url, "oci://"))
			if err != nil {
				t.Fatal(err)
			}
			agree(t, flux, got)
		})
	}
}

func TestParseRepositoryRefusesWhatCouldBeReadOtherwise(t *testing.T) {
	urls := map[string]string{
		"empty":                               "",
		"no scheme":                           "ghcr.io/acme/app",
		"scheme in upper case":                "OCI://ghcr.io/acme/app",
		"another scheme":                      "https://ghcr.io/acme/app",
		"scheme only":                         "oci://",
		"host only":                           "oci://ghcr.io",
		"host and port only":                  "oci://ghcr.io:5000",
		"single label and port only":          "oci://registry:5000",
		"host and slash only":                 "oci://ghcr.io/",
		"slash only":                          "oci:///",
		"a slash too many after the scheme":   "oci:///ghcr.io/acme/app",
		"localhost only":                      "oci://localhost",
		"localhost without a port":            "oci://localhost/org/app",
		"localhost in upper case":             "oci://LOCALHOST/org/app",
		"localhost in upper case with a port": "oci://LocalHost:5000/app",
		"localhost with a trailing dot":       "oci://localhost./app",
		"dot segment":                         "oci://ghcr.io/acme/./app",
		"dot-dot segment":                     "oci://ghcr.io/acme/../evil/x",
		"dot-dot segment at the end":          "oci://ghcr.io/acme/app/..",
		"dot-dot segment as host":             "oci://../app",
		"dot segment as host":                 "oci://./app",
		"empty segment":                       "oci://ghcr.io/acme//app",
		"trailing slash":                      "oci://ghcr.io/acme/app/",
		"trailing slash on Docker Hub":        "oci://podinfo/",
		"upper-case repository":               "oci://ghcr.io/Acme/app",
		"upper-case account of Docker Hub":    "oci://Org/app",
		"tag":                                 "oci://ghcr.io/acme/app:v1",
		"tag without a host":                  "oci://podinfo:v1",
		"digest":                              "oci://ghcr.io/acme/app@sha256:" + strings.Repeat("0", 64),
		"userinfo":                            "oci://user:hunter2@ghcr.io/acme/app",
		"userinfo that looks like the host":   "oci://ghcr.io@evil.com/acme/app",
		"backslash":                           `oci://ghcr.io\@evil.com/acme/app`,
		"backslash as slash":                  `oci://ghcr.io\acme/app`,
		"query":                               "oci://ghcr.io/acme/app?x=y",
		"query before the path":               "oci://evil.com?ghcr.io/acme/app",
		"fragment":                            "oci://evil.com#ghcr.io/acme/app",
		"escaped dot-dot":                     "oci://ghcr.io/acme/%2e%2e/evil",
		"escaped slash":                       "oci://ghcr.io%2facme/app",
		"Cyrillic host":                       "oci://ghсr.io/acme/app",
		"full-width host":                     "oci://ｇｈｃｒ.io/acme/app",
		"ideographic full stop":               "oci://ghcr。io/acme/app",
		"Kelvin sign, whose lower case is k":  "oci://\u212Aghcr.io/acme/app",
		"invalid UTF-8":                       "oci://ghcr\xff.io/acme/app",
		"zero-width space":                    "oci://ghcr.io\u200b/acme/app",
		"soft hyphen":                         "oci://gh\u00adcr.io/acme/app",
		"right-to-left override":              "oci://ghcr.io/\u202eppa",
		"line break":                          "oci://ghcr.io/acme\n/app",
		"NUL":                                 "oci://ghcr.io\x00.evil.com/acme/app",
		"DEL":                                 "oci://ghcr.io\x7f/acme/app",
		"space":                               "oci://ghcr.io /acme/app",
		"tab at the end":                      "oci://ghcr.io/acme/app\t",
		"another character in the path":       "oci://ghcr.io/acme/app+x",
		"another character in the host":       "oci://ghcr.io,evil.com/acme/app",
		"wildcard in the host":                "oci://*.ghcr.io/acme/app",
		"asterisk in the path":                "oci://ghcr.io/acme/**",
		"Docker Hub in upper case":            "oci://DOCKER.IO/podinfo",
		"Docker Hub with its port":            "oci://docker.io:443/podinfo",
		"Docker Hub with a trailing dot":      "oci://docker.io./org/app",
		"Docker Hub's index with its port":    "oci://index.docker.io:443/podinfo",
		"empty port":                          "oci://ghcr.io:/acme/app",
		"leading zero in the port":            "oci://ghcr.io:0443/acme/app",
		"port 0":                              "oci://ghcr.io:0/acme/app",
		"port out of range":                   "oci://ghcr.io:65536/acme/app",
		"port that wraps to 443":              "oci://ghcr.io:65979/acme/app",
		"port with a sign":                    "oci://ghcr.io:+443/acme/app",
		"port that is a word":                 "oci://ghcr.io:https/acme/app",
		"two ports":                           "oci://ghcr.io:443:5000/acme/app",
		"host that begins with a dot":         "oci://.ghcr.io/acme/app",
		"doubled dot in the host":             "oci://ghcr..io/acme/app",
		"two trailing dots":                   "oci://ghcr.io../acme/app",
		"label that begins with a hyphen":     "oci://-ghcr.io/acme/app",
		"label that ends with a hyphen":       "oci://ghcr-.io/acme/app",
		"label too long":                      "oci://" + strings.Repeat("a", 64) + ".io/app",
		"host too long":                       "oci://" + strings.Repeat("abcdefg.", 32) + "io/app",
		"single label with a trailing dot":    "oci://registry./app",
		"single label, trailing dot and port": "oci://registry.:5000/app",
		"path too long":                       "oci://ghcr.io/" + strings.Repeat("a", 256),
		"path too long with library/":         "oci://" + strings.Repeat("a", 250),
		"url too long":                        "oci://ghcr.io/" + strings.Repeat("a", 1<<20),
		"short IPv4":                          "oci://127.1/app",
		"IPv4 of three parts":                 "oci://192.168.1/app",
		"hexadecimal part":                    "oci://0x7f.1/app",
		"hexadecimal address":                 "oci://0x7f000001:80/app",
		"hexadecimal last label":              "oci://ghcr.0x7f/app",
		"decimal address":                     "oci://2130706433:80/app",
		"octal part":                          "oci://0177.0.0.1/app",
		"part with a leading zero":            "oci://10.0.0.05/app",
		"part out of range":                   "oci://10.0.0.256/app",
		"five parts":                          "oci://10.0.0.0.1/app",
		"IPv4 with a trailing dot":            "oci://10.0.0.1./app",
		"numeric last label":                  "oci://ghcr.io.1/app",
		"http host in upper case":             "oci://Registry.LOCAL/app",
		"http host with a trailing dot":       "oci://registry.local./app",
		"IPv6 without brackets":               "oci://::1/app",
		"IPv6 without the end":                "oci://[::1/app",
		"IPv6 with something after it":        "oci://[::1]evil.com/app",
		"IPv6 written out":                    "oci://[0:0:0:0:0:0:0:1]/app",
		"IPv6 with leading zeros":             "oci://[2001:0db8::5]/app",
		"IPv6 with a zone":                    "oci://[fe80::1%25eth0]/app",
		"IPv4 mapped into IPv6":               "oci://[::ffff:169.254.169.254]/app",
		"IPv4 mapped into IPv6, hexadecimal":  "oci://[::ffff:a9fe:a9fe]/app",
		"IPv4 in the old IPv6 form":           "oci://[::169.254.169.254]/app",
		"IPv4 in brackets":                    "oci://[127.0.0.1]:80/app",
		"name in brackets":                    "oci://[ghcr.io]/app",
	}
	var messages strings.Builder
	for _, sentence := range slices.Sorted(maps.Keys(urls)) {
		r, err := ParseRepository(urls[sentence])
		if err == nil || !r.IsZero() {
			t.Errorf("%s: %s is read as %q, %v", sentence, urls[sentence], r, err)
			continue
		}
		fmt.Fprintf(&messages, "%s\n\t%s\n\t%s\n", sentence, quote(urls[sentence]), err)
	}
	golden(t, "refused-urls.txt", messages.String())
}

func TestParseRepositoryQuotesNoCredentials(t *testing.T) {
	for _, url := range []string{
		"oci://user:hunter2@ghcr.io/acme/app", "oci://user:hunter2/@ghcr.io/acme/app", "oci://user:Hunter2%@ghcr.io/acme",
		"oci://ghcr.io/acme:hunter2@x", `oci://user\hunter2:443@ghcr.io/acme/app`,
	} {
		if _, err := ParseRepository(url); err == nil || strings.Contains(strings.ToLower(err.Error()), "hunter2") {
			t.Errorf("the answer to %s is: %v", url, err)
		}
	}
}

func TestZeroRepository(t *testing.T) {
	if !(Repository{}).IsZero() || (Repository{Host: "ghcr.io"}).IsZero() {
		t.Error("IsZero is true for the zero value only")
	}
	if got := (Repository{Host: "ghcr.io"}).String(); got != "ghcr.io" {
		t.Errorf("a bare host is shown as %q", got)
	}
}

// agree fails where Flux would dial another repository than the one judged. flux is the library's reading of the url as
// written; Repository.String is what fluxgate itself dials.
func agree(t *testing.T, flux name.Repository, judged Repository) {
	t.Helper()
	ours, err := name.NewRepository(judged.String())
	if err != nil {
		t.Fatalf("the library refuses %q: %v", judged, err)
	}
	if ours.RepositoryStr() != flux.RepositoryStr() {
		t.Errorf("Flux pulls repository %q, judged is %q", flux.RepositoryStr(), ours.RepositoryStr())
	}
	if ours.Scheme() != flux.Scheme() {
		t.Errorf("Flux speaks %s, fluxgate %s", flux.Scheme(), ours.Scheme())
	}
	if was, is := dialled(flux.Registry), dialled(ours.Registry); was != is {
		t.Errorf("Flux dials %q, fluxgate %q", was, is)
	}
}

// dialled is the host and port of a registry as a resolver and a socket have it.
func dialled(r name.Registry) string {
	host, port := strings.ToLower(r.RegistryStr()), map[string]string{"http": "80", "https": "443"}[r.Scheme()]
	if at := strings.LastIndex(host, ":"); at > strings.LastIndex(host, "]") {
		host, port = host[:at], host[at+1:]
	}
	return strings.TrimSuffix(host, ".") + ":" + port
}

// TestParseRepositoryAgreesWithFluxOnCombinations tries every spelling of many hosts, so that agreement does not rest on
// what a fuzzer happens to find.
func TestParseRepositoryAgreesWithFluxOnCombinations(t *testing.T) {
	hosts := []string{
		"", "ghcr.io", "docker.io", "index.docker.io", "registry", "localhost", "x.localhost", "x.local", "10.0.0.1", "127.0.0.1",
		"127.1", "0x7f.1", "8.8.8.8", "[::1]", "[2001:db8::5]", "[::ffff:1.2.3.4]", "127.0.0.1.nip.io", "a_b", "-", "..",
	}
	accepted := 0
	for _, host := range hosts {
		for _, spelled := range []string{host, strings.ToUpper(host), host + ".", "." + host} {
			for _, port := range []string{"", ":", ":443", ":80", ":5000", ":0443", ":x"} {
				for _, path := range []string{"", "/", "/app", "/library/app", "/App", "//app", "/app/", "/../app", "/app:v1", "/a@b", "/a%2fb"} {
					url := "oci://" + spelled + port + path
					judged, err := ParseRepository(url)
					if err != nil {
						continue
					}
					accepted++
					flux, err := name.NewRepository(strings.TrimPrefix(url, "oci://"))
					if err != nil {
						t.Fatalf("Flux refuses %s: %v", url, err)
					}
					agree(t, flux, judged)
				}
			}
		}
	}
	if accepted < 100 {
		t.Errorf("only %d urls were accepted: the comparison says little", accepted)
	}
}
