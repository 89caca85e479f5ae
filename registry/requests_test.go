package registry_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/fluxgate/fluxgate/flux"
	"github.com/fluxgate/fluxgate/registry"
	"github.com/fluxgate/fluxgate/test/registrytest"
)

// Beside the registry's greeting and the login, a tag costs one HEAD.
func TestWhatAColdResolveSends(t *testing.T) {
	const (
		ping  = "GET ghcr.io/v2/"
		head  = "HEAD ghcr.io/v2/acme/app/manifests/1.0.0"
		token = "GET auth.example.com/token?scope=repository%3Aacme%2Fapp%3Apull&service=ghcr.io"
		tags  = "GET ghcr.io/v2/acme/app/tags/list?n=1000"
	)
	cases := map[string]struct {
		ref     flux.Ref
		prepare func(*fixture)
		want    []string
	}{
		"a tag": {ref: flux.Ref{Tag: "1.0.0"}, want: []string{ping, head}},
		"a tag where HEAD is refused": {
			ref:     flux.Ref{Tag: "1.0.0"},
			prepare: func(f *fixture) { f.Break(app, registrytest.NoHead()) },
			want:    []string{ping, head, "GET ghcr.io/v2/acme/app/manifests/1.0.0"},
		},
		"a tag that does not exist": {
			ref:  flux.Ref{Tag: "none"},
			want: []string{ping, "HEAD ghcr.io/v2/acme/app/manifests/none", "GET ghcr.io/v2/acme/app/manifests/none"},
		},
		"a tag behind a token": {
			ref: flux.Ref{Tag: "1.0.0"},
			prepare: func(f *fixture) {
				f.Require("ghcr.io", registrytest.Login{User: "robot", Password: "right", Realm: "https://auth.example.com/token"})
			},
			want: []string{ping, token, head},
		},
		"a tag behind a password": {
			ref:     flux.Ref{Tag: "1.0.0"},
			prepare: func(f *fixture) { f.Require("ghcr.io", registrytest.Login{User: "robot", Password: "right"}) },
			want:    []string{ping, head},
		},
		"a range": {ref: flux.Ref{Semver: "1.x"}, want: []string{ping, tags, head}},
		"a range over two pages of tags": {
			ref:     flux.Ref{Semver: "1.x"},
			prepare: func(f *fixture) { f.SetPageSize(1) },
			want:    []string{ping, tags, "GET ghcr.io/v2/acme/app/tags/list?last=0.9.0&n=1", head},
		},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			f := newFixture(t, "ghcr.io", "auth.example.com")
			f.MustPush(t, app, "0.9.0")
			f.MustPush(t, app, "1.0.0")
			if c.prepare != nil {
				c.prepare(f)
			}
			f.Options.Credentials = objects(secrets{"apps/pull": pullSecret("ghcr.io", "right")}, nil)
			client := f.client()
			q := withSecret(t, "apps", "pull")
			q.Source.Ref = c.ref
			for range 2 { // the second time the answer is known
				_, err := resolve(t, client, q)
				if missing := c.ref.Tag == "none"; missing {
					wantClass(t, err, registry.ClassNotFound)
				} else if err != nil {
					t.Fatalf("resolve: %v", err)
				}
			}
			if diff := cmp.Diff(c.want, sent(f)); diff != "" {
				t.Errorf("requests (-want +got):\n%s", diff)
			}
		})
	}
}

func sent(f *fixture) []string {
	var sent []string
	for _, req := range f.Requests() {
		line := req.Method + " " + req.Host + req.Path
		if req.Query != "" {
			line += "?" + req.Query
		}
		sent = append(sent, line)
	}
	return sent
}
