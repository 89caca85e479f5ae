package registry

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/google/go-containerregistry/pkg/authn"
	"github.com/google/go-containerregistry/pkg/name"
)

func TestEntriesMatchAsForTheKubelet(t *testing.T) {
	cases := map[string]struct {
		entries    []string
		repository string
		want       string // the entry; empty: anonymous
	}{
		"the host":                          {[]string{"ghcr.io"}, "ghcr.io/acme/app", "ghcr.io"},
		"another host":                      {[]string{"ghcr.io"}, "quay.io/acme/app", ""},
		"a longer host":                     {[]string{"ghcr.io"}, "ghcr.io.evil.com/acme/app", ""},
		"a path":                            {[]string{"ghcr.io/acme"}, "ghcr.io/acme/app", "ghcr.io/acme"},
		"another path":                      {[]string{"ghcr.io/acme"}, "ghcr.io/other/app", ""},
		"a path is a plain prefix":          {[]string{"ghcr.io/acme"}, "ghcr.io/acme-evil/app", "ghcr.io/acme"},
		"the longest path first":            {[]string{"ghcr.io", "ghcr.io/acme/app", "ghcr.io/acme"}, "ghcr.io/acme/app", "ghcr.io/acme/app"},
		"with scheme":                       {[]string{"https://ghcr.io"}, "ghcr.io/acme/app", "https://ghcr.io"},
		"with the version of the protocol":  {[]string{"https://ghcr.io/v2/"}, "ghcr.io/acme/app", "https://ghcr.io/v2/"},
		"Docker Hub":                        {[]string{"https://index.docker.io/v1/"}, "docker.io/library/redis", "https://index.docker.io/v1/"},
		"a glob for a label":                {[]string{"*.dkr.ecr.eu-west-1.amazonaws.com"}, "123456789012.dkr.ecr.eu-west-1.amazonaws.com/app", "*.dkr.ecr.eu-west-1.amazonaws.com"},
		"a glob is one label":               {[]string{"*.example.com"}, "a.b.example.com/app", ""},
		"the port":                          {[]string{"registry.example.com:5000"}, "registry.example.com:5000/app", "registry.example.com:5000"},
		"another port":                      {[]string{"registry.example.com:5000"}, "registry.example.com/app", ""},
		"of two spellings always the same":  {[]string{"https://ghcr.io/", "ghcr.io"}, "ghcr.io/acme/app", "ghcr.io"},
		"of two spellings, the other order": {[]string{"ghcr.io", "https://ghcr.io/"}, "ghcr.io/acme/app", "ghcr.io"},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			for _, key := range []string{".dockerconfigjson", ".dockercfg"} {
				if got := loginOf(t, key, c.entries, c.repository); got != c.want {
					t.Errorf("%s: got the login of %q, want that of %q", key, got, c.want)
				}
			}
		})
	}
}

// loginOf returns the entry whose login is used; each entry's user is its own name.
func loginOf(t *testing.T, key string, entries []string, repository string) string {
	t.Helper()
	auths := map[string]authn.AuthConfig{}
	for _, entry := range entries {
		auths[entry] = authn.AuthConfig{Username: strings.ReplaceAll(entry, ":", ";"), Password: "x"}
	}
	var content any = map[string]any{"auths": auths}
	if key == ".dockercfg" {
		content = auths
	}
	raw, err := json.Marshal(content)
	if err != nil {
		t.Fatal(err)
	}
	ring, err := parseKeyring(key, raw)
	if err != nil {
		t.Fatal(err)
	}
	target, err := name.NewRepository(repository)
	if err != nil {
		t.Fatal(err)
	}
	login, err := ring.Resolve(target)
	if err != nil {
		t.Fatal(err)
	}
	config, err := login.Authorization()
	if err != nil {
		t.Fatal(err)
	}
	return strings.ReplaceAll(config.Username, ";", ":")
}

func FuzzKeyringErrorsQuoteNothing(f *testing.F) {
	f.Add([]byte(`{"auths":{"ghcr.io":{"auth":"!"}}}`))
	f.Add([]byte(`{"auths":{"https://u:p@[::1/":{}}}`))
	f.Add([]byte(`{"auths":{"[a-":{"username":"u","password":"p"}}}`))
	target, err := name.NewRepository("ghcr.io/acme/app")
	if err != nil {
		f.Fatal(err)
	}
	permitted := map[string]bool{
		"it is not JSON of the expected shape, or an auth is not base64 of user:password": true,
		"an entry of auths does not begin with a host":                                    true,
	}
	f.Fuzz(func(t *testing.T, content []byte) {
		for _, key := range []string{".dockerconfigjson", ".dockercfg"} {
			ring, err := parseKeyring(key, content)
			if err != nil {
				if !permitted[err.Error()] {
					t.Errorf("error %q", err)
				}
				continue
			}
			if _, err := ring.Resolve(target); err != nil {
				t.Errorf("resolve: %v", err)
			}
		}
	})
}
