package notation_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	ocispec "github.com/opencontainers/image-spec/specs-go/v1"

	"github.com/fluxgate/fluxgate/registry"
	"github.com/fluxgate/fluxgate/test/registrytest"
	"github.com/fluxgate/fluxgate/test/signing"
	"github.com/fluxgate/fluxgate/verify"
	"github.com/fluxgate/fluxgate/verify/notation"
)

// TestAFailureIsNoVerdict: whatever part of it the registry does not answer.
func TestAFailureIsNoVerdict(t *testing.T) {
	for _, place := range []string{"/referrers", "/manifests", "/blobs"} {
		for sentence, fault := range map[string]registrytest.Fault{
			"500": registrytest.Status(http.StatusInternalServerError, "UNKNOWN"), "down": registrytest.Down(),
			"401": registrytest.Status(http.StatusUnauthorized, "UNAUTHORIZED"), "429": registrytest.RateLimited(1),
			"breaks off": breaksOff(),
		} {
			t.Run(strings.TrimPrefix(place, "/")+" "+sentence, func(t *testing.T) {
				f := newFixture(t)
				f.sign(t, signing.NotationSignature{})
				session := f.open(t)
				f.Break(repository+place, fault)
				got, err := notation.Compile(f.material(t), notation.Options{}).Verify(t.Context(), session, f.digest)
				compare(t, verify.Signature{}, got)
				failure := (*registry.Error)(nil)
				if !errors.As(err, &failure) {
					t.Errorf("got error %v, which is none of the session", err)
				}
			})
		}
	}
}

// TestARegistryInTroubleIsNotAskedOn: what it does not say of one signature, it says of none.
func TestARegistryInTroubleIsNotAskedOn(t *testing.T) {
	f := newFixture(t)
	for range 3 {
		f.authority.Signer(t, "builder").Sign(t, f.Registry, repository, f.digest, signing.NotationSignature{})
	}
	session := f.open(t)
	f.Break(repository+"/blobs", registrytest.Down())
	if _, err := notation.Compile(f.material(t), notation.Options{}).Verify(t.Context(), session, f.digest); err == nil {
		t.Error("got no error")
	}
	if diff := cmp.Diff(append([]string{list}, signature()...), f.asked(t)); diff != "" {
		t.Errorf("requests (-want +got):\n%s", diff)
	}
}

// TestTheEndOfTheContextIsNoVerdict: neither before an answer nor within one. The session does not call it a failure of the
// registry, and another Visit need not.
func TestTheEndOfTheContextIsNoVerdict(t *testing.T) {
	f := newFixture(t)
	f.sign(t, signing.NotationSignature{})
	check := func(sentence string, end func(cancel func()) verify.Visit) {
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		got, err := notation.Compile(f.material(t), notation.Options{}).Verify(ctx, end(cancel), f.digest)
		compare(t, verify.Signature{}, got)
		if !errors.Is(err, context.Canceled) {
			t.Errorf("%s: got error %v", sentence, err)
		}
	}
	check("within an answer", func(cancel func()) verify.Visit {
		return direct{silent{t, repository}, &ending{f.Transport(), cancel}}
	})
	check("before an answer", func(cancel func()) verify.Visit {
		session := f.open(t)
		f.Break(repository+"/blobs", func(http.Handler) http.Handler {
			return http.HandlerFunc(func(_ http.ResponseWriter, req *http.Request) {
				cancel()
				<-req.Context().Done()
			})
		})
		return session
	})
}

// direct is a Visit that reports no failure.
type direct struct {
	silent
	transport http.RoundTripper
}

func (d direct) Transport() http.RoundTripper { return d.transport }

// ending ends a context once the envelope of a signature is being read.
type ending struct {
	http.RoundTripper
	end func()
}

func (e *ending) RoundTrip(req *http.Request) (*http.Response, error) {
	resp, err := e.RoundTripper.RoundTrip(req)
	if err == nil && strings.Contains(req.URL.Path, "/blobs/") {
		resp.Body = &endingBody{resp.Body, e.end}
	}
	return resp, err
}

type endingBody struct {
	io.ReadCloser
	end func()
}

func (b *endingBody) Read([]byte) (int, error) {
	b.end()
	return 0, context.Canceled
}

// TestAnAnswerThatNeverCameIsNoVerdict: even where the Visit does not say so.
func TestAnAnswerThatNeverCameIsNoVerdict(t *testing.T) {
	gone := errors.New("the connection is lost")
	got, err := notation.Compile(material(policy(t, statement(nil)), signing.NewNotationAuthority(t, "Acme")), notation.Options{}).
		Verify(t.Context(), lost{silent{t, repository}, gone}, "sha256:"+strings.Repeat("a", 64))
	compare(t, verify.Signature{}, got)
	if !errors.Is(err, gone) {
		t.Errorf("got error %v", err)
	}
}

func TestNoDigestIsNothingToVerify(t *testing.T) {
	verifier := notation.Compile(material(policy(t, statement(nil)), signing.NewNotationAuthority(t, "Acme")), notation.Options{})
	for _, digest := range []string{"", "v1", "sha256:", "sha256:../../x", "sha256:" + strings.Repeat("A", 64), strings.Repeat("a", 64)} {
		got, err := verifier.Verify(t.Context(), silent{t, repository}, digest)
		if err != nil {
			t.Error(err)
		}
		compare(t, verify.Unverified(verify.ReasonNoDigest, "has no digest of the form sha256:…"), got)
	}
}

type lost struct {
	silent
	err error
}

func (l lost) Transport() http.RoundTripper { return l }

func (l lost) RoundTrip(*http.Request) (*http.Response, error) { return nil, l.err }

// breaksOff begins an answer.
func breaksOff() registrytest.Fault {
	return func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
			w.Header().Set("Content-Type", ocispec.MediaTypeImageManifest)
			if strings.Contains(req.URL.Path, "/referrers/") {
				w.Header().Set("Content-Type", ocispec.MediaTypeImageIndex)
			}
			_, _ = w.Write([]byte(`{"layers":[`))
			_ = http.NewResponseController(w).Flush() // it comes to an end before its end
			panic(http.ErrAbortHandler)
		})
	}
}
