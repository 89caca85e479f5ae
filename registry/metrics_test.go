package registry_test

import (
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/prometheus/client_golang/prometheus"

	"github.com/fluxgate/fluxgate/flux"
	"github.com/fluxgate/fluxgate/registry"
	"github.com/fluxgate/fluxgate/test/registrytest"
)

func TestMetricsCountWhatIsAskedWithoutNamingIt(t *testing.T) {
	const requests, resolves = "fluxgate_registry_requests_total", "fluxgate_registry_resolves_total"
	cases := map[string]struct {
		prepare func(*fixture)
		query   func(*registry.Query)
		want    []string
	}{
		"a tag, twice": {want: []string{
			requests + `{outcome="ok"} 2`, // the greeting, and HEAD
			resolves + `{answer="cache",outcome="ok"} 1`, resolves + `{answer="registry",outcome="ok"} 1`,
		}},
		"a tag that does not exist, twice": {
			query: func(q *registry.Query) { q.Source.Ref.Tag = "none" },
			want: []string{
				requests + `{outcome="not-found"} 2`, requests + `{outcome="ok"} 1`,
				resolves + `{answer="cache",outcome="not-found"} 1`, resolves + `{answer="registry",outcome="not-found"} 1`,
			},
		},
		"a token, and a password that is wrong": {
			prepare: func(f *fixture) {
				f.Require("ghcr.io", registrytest.Login{User: "robot", Password: "right", Realm: "https://auth.example.com/token"})
			},
			want: []string{
				requests + `{outcome="unauthorized"} 4`, // the challenge and the token server, for HEAD and for GET
				resolves + `{answer="cache",outcome="unauthorized"} 1`, resolves + `{answer="registry",outcome="unauthorized"} 1`,
			},
		},
		"a redirect to metadata": {
			prepare: func(f *fixture) { f.Break(app, registrytest.RedirectTo("https://169.254.169.254/")) },
			want: []string{
				requests + `{outcome="ok"} 1`, requests + `{outcome="redirect"} 1`,
				resolves + `{answer="cache",outcome="address-refused"} 1`, resolves + `{answer="registry",outcome="address-refused"} 1`,
			},
		},
		"a redirect to a name of metadata": {
			prepare: func(f *fixture) {
				f.resolves("cdn.example", "169.254.169.254")
				f.Break(app, registrytest.RedirectTo("https://cdn.example/"))
			},
			want: []string{
				requests + `{outcome="address-refused"} 1`, requests + `{outcome="ok"} 1`, requests + `{outcome="redirect"} 1`,
				resolves + `{answer="cache",outcome="address-refused"} 1`, resolves + `{answer="registry",outcome="address-refused"} 1`,
			},
		},
		"a pause": {
			prepare: func(f *fixture) { f.Break(app, registrytest.RateLimited(60)) },
			query:   func(q *registry.Query) { q.Fresh = true },
			want: []string{
				requests + `{outcome="ok"} 1`, requests + `{outcome="rate-limited"} 1`,
				resolves + `{answer="nobody",outcome="rate-limited"} 1`, resolves + `{answer="registry",outcome="rate-limited"} 1`,
			},
		},
		"a registry in trouble": {
			prepare: func(f *fixture) { f.Break("ghcr.io", registrytest.Status(http.StatusInternalServerError, "")) },
			want: []string{
				requests + `{outcome="unreachable"} 2`, // the greeting, for HEAD and for GET
				resolves + `{answer="cache",outcome="unreachable"} 1`, resolves + `{answer="registry",outcome="unreachable"} 1`,
			},
		},
		"a ref that cannot be read": {
			query: func(q *registry.Query) { q.Source.Ref = flux.Ref{Semver: "latest"} },
			want:  []string{resolves + `{answer="nobody",outcome="bad-reference"} 2`},
		},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			f := newFixture(t, "ghcr.io", "auth.example.com")
			f.MustPush(t, app, "v1")
			if c.prepare != nil {
				c.prepare(f)
			}
			registered := prometheus.NewRegistry()
			var err error
			if f.Options.Metrics, err = registry.NewMetrics(registered); err != nil {
				t.Fatal(err)
			}
			client, q := f.client(), tagged(t, app, "v1")
			if c.query != nil {
				c.query(&q)
			}
			for range 2 {
				var failure *registry.Error
				if _, err := resolve(t, client, q); err != nil && !errors.As(err, &failure) {
					t.Fatal(err)
				}
			}
			if diff := cmp.Diff(c.want, counted(t, registered)); diff != "" {
				t.Errorf("metrics (-want +got):\n%s", diff)
			}
		})
	}
}

// counted returns the samples, as /metrics shows them.
func counted(t *testing.T, from prometheus.Gatherer) []string {
	t.Helper()
	families, err := from.Gather()
	if err != nil {
		t.Fatal(err)
	}
	var lines []string
	for _, family := range families {
		for _, sample := range family.GetMetric() {
			var labels []string
			for _, label := range sample.GetLabel() {
				labels = append(labels, fmt.Sprintf("%s=%q", label.GetName(), label.GetValue()))
			}
			lines = append(lines, fmt.Sprintf("%s{%s} %v", family.GetName(), strings.Join(labels, ","), sample.GetCounter().GetValue()))
		}
	}
	return lines
}

func TestMetricsAreRegisteredOnce(t *testing.T) {
	registered := prometheus.NewRegistry()
	if _, err := registry.NewMetrics(registered); err != nil {
		t.Fatal(err)
	}
	if _, err := registry.NewMetrics(registered); err == nil {
		t.Error("got no error for metrics that are there already")
	}
}
