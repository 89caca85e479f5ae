package registry

import (
	"errors"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/fluxgate/fluxgate/flux"
)

// A tag that is accepted asks for a manifest of the repository and for nothing else, however a server reads the path.
func FuzzAcceptedTagsStayInTheirRepository(f *testing.F) {
	for _, tag := range []string{"v1.0.0", "..", "../../evil/manifests/v1", "sha256:abc", "a%2fb", "a?b", "a#b", "-a", "a\n"} {
		f.Add(tag)
	}
	f.Fuzz(func(t *testing.T, tag string) {
		p, err := newPlan(Query{Source: flux.Source{
			Path: "spec", Repository: flux.Repository{Host: "ghcr.io", Path: "acme/app"}, Ref: flux.Ref{Tag: tag},
		}})
		if err != nil {
			var bad *flux.ObjectError
			if !errors.As(err, &bad) || len(err.Error()) > 1024 {
				t.Errorf("error %v", err)
			}
			return
		}
		const manifests = "https://ghcr.io/v2/acme/app/manifests/"
		req, err := http.NewRequest(http.MethodGet, manifests+p.tag, nil)
		if err != nil {
			t.Fatal(err)
		}
		if got := req.URL.JoinPath().String(); got != manifests+p.tag || strings.Trim(p.tag, ".") == "" {
			t.Errorf("tag %q asks for %s", tag, got)
		}
	})
}

func TestRetryAfterIsReadInBothForms(t *testing.T) {
	now := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	cases := map[string]time.Duration{
		"": 0, "30": 30 * time.Second, "-1": 0, "soon": 0, "99999999999999999999": 0,
		"Thu, 01 Jan 2026 00:01:00 GMT": time.Minute, "Wed, 31 Dec 2025 00:00:00 GMT": 0,
	}
	for header, want := range cases {
		if got := retryAfter(header, now); got != want {
			t.Errorf("%q: got %v, want %v", header, got, want)
		}
	}
}
