package notation_test

import (
	"crypto/x509"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/fluxgate/fluxgate/test/signing"
	"github.com/fluxgate/fluxgate/verify"
	"github.com/fluxgate/fluxgate/verify/notation"
)

const (
	logIt      = `; write "log" at signatureVerification.override.revocation in the trustpolicy.json of its verify block`
	notAsked   = "has a signature by a certificate whose revocation is not known, as Fluxgate asks no OCSP or CRL server" + logIt
	notKnown   = "has a signature by a certificate of which its OCSP or CRL server does not know whether it is revoked" + logIt
	isRevoked  = "has a signature by a certificate that is revoked; sign it anew with another"
	timeRevoke = "has a timestamp by a certificate whose revocation is not known, as Fluxgate asks no OCSP or CRL server; take a timestamp of another authority"
)

// authorityServer is the server that the certificates of an authority name, on loopback.
type authorityServer struct {
	*httptest.Server
	handler http.HandlerFunc
	asked   atomic.Int64
}

// newAuthorityServer lets the fixture's authority name a server, and sign anew.
func newAuthorityServer(t *testing.T, f *fixture) *authorityServer {
	t.Helper()
	s := &authorityServer{}
	s.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		s.asked.Add(1)
		s.handler(w, req)
	}))
	t.Cleanup(s.Close)
	f.authority.RevocationList = s.URL + "/list"
	f.signer = f.authority.Signer(t, "builder")
	f.sign(t, signing.NotationSignature{})
	return s
}

func serves(content []byte) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write(content) } // a client that went away fails by itself
}

func status(code int) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(code) }
}

// TestNobodyIsAskedAboutRevocationUnlessThereIsAWay: the servers that certificates name are their signers' choice.
func TestNobodyIsAskedAboutRevocationUnlessThereIsAWay(t *testing.T) {
	for sentence, test := range map[string]struct {
		override string
		want     func(*testing.T, *fixture) verify.Signature
	}{
		"and it must be known": {want: refused(verify.ReasonRevoked, notAsked)},
		"and it is logged":     {override: "log", want: func(t *testing.T, f *fixture) verify.Signature { return by(t, f.authority, f.signer) }},
		"and it is skipped":    {override: "skip", want: func(t *testing.T, f *fixture) verify.Signature { return by(t, f.authority, f.signer) }},
	} {
		t.Run(sentence, func(t *testing.T) {
			f := newFixture(t)
			server := newAuthorityServer(t, f)
			server.handler = serves(f.authority.Revoke(t, 0))
			trusted := f.material(t)
			if test.override != "" {
				trusted = edited(`"level":"strict"`, `"level":"strict","override":{"revocation":"`+test.override+`"}`)(t, f)
			}
			compare(t, test.want(t, f), f.verify(t, trusted))
			if n := server.asked.Load(); n != 0 {
				t.Errorf("the server was asked %d times", n)
			}
		})
	}
}

func TestTimestampsOfCertificatesThatNobodyIsAskedAbout(t *testing.T) {
	f := newFixture(t)
	clock := signing.NewNotationAuthority(t, "Clock")
	clock.RevocationList = "http://clock.example.com/list"
	f.sign(t, signing.NotationSignature{At: time.Now().Add(-30 * time.Minute), Timestamp: clock})
	trusted := material(edited(`"ca:acme"`, `"ca:acme","tsa:acme"`)(t, f).TrustPolicy, f.authority, clock)
	compare(t, verify.Unverified(verify.ReasonRevoked, timeRevoke), f.verify(t, trusted))
}

// TestRevocation: by the way that is given, and no other.
func TestRevocation(t *testing.T) {
	counts := func(t *testing.T, f *fixture) verify.Signature { return by(t, f.authority, f.signer) }
	for sentence, test := range map[string]struct {
		serve  func(t *testing.T, f *fixture) http.HandlerFunc
		log    bool // the trust policy logs, and does not enforce
		change func(*x509.Certificate)
		want   func(*testing.T, *fixture) verify.Signature // nil where it is an error
		asked  int64
	}{
		"not revoked": {
			serve: func(t *testing.T, f *fixture) http.HandlerFunc { return serves(f.authority.Revoke(t, 0)) }, want: counts, asked: 1},
		"revoked": {
			serve: func(t *testing.T, f *fixture) http.HandlerFunc { return serves(f.authority.Revoke(t, 0, f.signer)) },
			want:  refused(verify.ReasonRevoked, isRevoked), asked: 1},
		"revoked, which is logged": {
			serve: func(t *testing.T, f *fixture) http.HandlerFunc { return serves(f.authority.Revoke(t, 0, f.signer)) },
			log:   true, want: counts, asked: 1},
		"a list of another authority": {
			serve: func(t *testing.T, _ *fixture) http.HandlerFunc {
				return serves(signing.NewNotationAuthority(t, "Acme").Revoke(t, 0))
			},
			want: refused(verify.ReasonRevoked, notKnown), asked: 1},
		"no list": {
			serve: func(*testing.T, *fixture) http.HandlerFunc { return status(http.StatusNotFound) },
			want:  refused(verify.ReasonRevoked, notKnown), asked: 1},
		"a list that is long": {
			serve: func(t *testing.T, f *fixture) http.HandlerFunc { return serves(f.authority.Revoke(t, 3<<20)) }, want: counts, asked: 1},
		"a list that is too long": {
			serve: func(t *testing.T, f *fixture) http.HandlerFunc { return serves(f.authority.Revoke(t, 5<<20)) },
			want:  refused(verify.ReasonRevoked, notKnown), asked: 1},
		"a server in trouble": {
			serve: func(*testing.T, *fixture) http.HandlerFunc { return status(http.StatusServiceUnavailable) }, asked: 1},
		"a server in trouble, which is logged": {
			serve: func(*testing.T, *fixture) http.HandlerFunc { return status(http.StatusServiceUnavailable) }, log: true, want: counts, asked: 1},
		"a server that breaks off": {
			serve: func(*testing.T, *fixture) http.HandlerFunc {
				return func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }
			}, asked: 1},
		"an OCSP server in trouble, and a list": {
			serve:  func(t *testing.T, f *fixture) http.HandlerFunc { return listOnly(f.authority.Revoke(t, 0)) },
			change: ocsp, want: counts, asked: 2},
		"an OCSP server in trouble, and a list that revokes": {
			serve:  func(t *testing.T, f *fixture) http.HandlerFunc { return listOnly(f.authority.Revoke(t, 0, f.signer)) },
			change: ocsp, want: refused(verify.ReasonRevoked, isRevoked), asked: 2},
		"an OCSP server that is no URL": {
			serve:  func(t *testing.T, f *fixture) http.HandlerFunc { return serves(f.authority.Revoke(t, 0)) },
			change: func(c *x509.Certificate) { c.OCSPServer = []string{"http://[::1"} },
			want:   refused(verify.ReasonMalformed, unreadable)},
		"a hundred OCSP servers": {
			serve:  func(*testing.T, *fixture) http.HandlerFunc { return status(http.StatusNotFound) },
			change: func(c *x509.Certificate) { c.OCSPServer = many100(c.CRLDistributionPoints) },
			want:   refused(verify.ReasonRevoked, notKnown), asked: 16},
	} {
		t.Run(sentence, func(t *testing.T) {
			f := newFixture(t)
			server := newAuthorityServer(t, f)
			if test.change != nil {
				f.digest = f.MustPush(t, repository, "v2")
				list := f.authority.RevocationList
				f.signer = f.authority.Signer(t, "builder", func(c *x509.Certificate) {
					c.CRLDistributionPoints = []string{list}
					test.change(c)
				})
				f.sign(t, signing.NotationSignature{})
			}
			server.handler = test.serve(t, f)
			trusted := f.material(t)
			if test.log {
				trusted = edited(`"level":"strict"`, `"level":"strict","override":{"revocation":"log"}`)(t, f)
			}
			way := &http.Transport{DisableKeepAlives: true}
			got, err := notation.Compile(trusted, notation.Options{Revocation: way}).Verify(t.Context(), f.open(t), f.digest)
			switch {
			case test.want == nil && (err == nil || !strings.HasPrefix(err.Error(), "ask whether a certificate is revoked: ")):
				t.Errorf("got error %v, want one of infrastructure", err)
			case test.want == nil:
				compare(t, verify.Signature{}, got)
			case err != nil:
				t.Errorf("got error %v", err)
			default:
				compare(t, test.want(t, f), got)
			}
			if n := server.asked.Load(); n != test.asked {
				t.Errorf("the server was asked %d times, want %d", n, test.asked)
			}
		})
	}
}

// listOnly is a server in trouble but for its list.
func listOnly(content []byte) http.HandlerFunc {
	return func(w http.ResponseWriter, req *http.Request) {
		if req.URL.Path == "/list" {
			serves(content)(w, req)
			return
		}
		status(http.StatusServiceUnavailable)(w, req)
	}
}

// ocsp lets a certificate name an OCSP server too.
func ocsp(c *x509.Certificate) {
	c.OCSPServer = []string{strings.TrimSuffix(c.CRLDistributionPoints[0], "list") + "ocsp"}
}

func many100(servers []string) []string {
	var made []string
	for range 100 {
		made = append(made, servers...)
	}
	return made
}

// TestServersOfStrangersAreNotAsked: only after a chain has led to an authority that is trusted is anything asked about it.
func TestServersOfStrangersAreNotAsked(t *testing.T) {
	f := newFixture(t)
	newAuthorityServer(t, f)
	trusted := material(f.material(t).TrustPolicy, signing.NewNotationAuthority(t, "Acme"))
	never := roundTripper(func(req *http.Request) (*http.Response, error) {
		t.Errorf("a request was sent to %s", req.URL)
		return nil, errors.New("nothing may be sent")
	})
	got, err := notation.Compile(trusted, notation.Options{Revocation: never}).Verify(t.Context(), f.open(t), f.digest)
	if err != nil {
		t.Error(err)
	}
	compare(t, verify.Unverified(verify.ReasonWrongKey, wrongKey), got)
}

// TestRevokedIsSaidWhateverElseIsUnknown: one certificate that is revoked settles it.
func TestRevokedIsSaidWhateverElseIsUnknown(t *testing.T) {
	f := newFixture(t)
	server := newAuthorityServer(t, f)
	f.digest = f.MustPush(t, repository, "v2")
	f.authority.RevocationList = server.URL + "/trouble"
	builds := f.authority.Authority(t, "Acme Builds")
	builds.RevocationList = server.URL + "/list"
	f.signer = builds.Signer(t, "builder")
	f.sign(t, signing.NotationSignature{})
	server.handler = listOnly(builds.Revoke(t, 0, f.signer))
	got, err := notation.Compile(f.material(t), notation.Options{Revocation: &http.Transport{DisableKeepAlives: true}}).
		Verify(t.Context(), f.open(t), f.digest)
	if err != nil {
		t.Error(err)
	}
	compare(t, verify.Unverified(verify.ReasonRevoked, isRevoked), got)
}

type roundTripper func(*http.Request) (*http.Response, error)

func (r roundTripper) RoundTrip(req *http.Request) (*http.Response, error) { return r(req) }
