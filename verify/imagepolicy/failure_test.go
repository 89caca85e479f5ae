package imagepolicy_test

import (
	"context"
	"errors"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-containerregistry/pkg/name"

	"github.com/fluxgate/fluxgate/registry"
	"github.com/fluxgate/fluxgate/test/registrytest"
	"github.com/fluxgate/fluxgate/verify"
)

const (
	keyless  = "keyless: {insecureIgnoreSCT: true, identities: [{issuer: \"" + issuer + "\", subject: " + subject + "}]}"
	keyOrNot = "  authorities: [{key: {data: {{.Key.PEM}}}}, {static: {action: pass}}]\n"
	// notRevoked passes where an authority does not.
	notRevoked = "  authorities: [{name: revoked, key: {data: {{.Eve.PEM}}}}, {name: any, static: {action: pass}}]\n" +
		"  policy: {type: rego, data: \"package sigstore\\nisCompliant { not input.authorityMatches.revoked }\\n\"}\n"
)

// TestTheRegistrysFailures: what the registry could not tell is never a verdict, in no mode.
func TestTheRegistrysFailures(t *testing.T) {
	attests := "  authorities: [{key: {data: {{.Key.PEM}}}, attestations: [{name: scan, predicateType: \"" + scanned + "\"}]}]\n"
	bundles := "  authorities: [{signatureFormat: bundle, " + keyless + ", attestations: [{name: scan, predicateType: \"" + scanned + "\"}]}]\n"
	for sentence, test := range map[string]struct {
		fault registrytest.Fault
		spec  string
		class registry.Class
	}{
		"it hangs up":                   {registrytest.Down(), keyed, registry.ClassUnreachable},
		"it is in trouble":              {registrytest.Status(http.StatusInternalServerError, "UNKNOWN"), keyed, registry.ClassUnreachable},
		"it refuses":                    {registrytest.Status(http.StatusForbidden, "DENIED"), keyed, registry.ClassUnauthorized},
		"it asks for a pause":           {registrytest.RateLimited(60), keyed, registry.ClassRateLimited},
		"it hangs up, in mode warn":     {registrytest.Down(), keyed + "  mode: warn\n", registry.ClassUnreachable},
		"it hangs up, and attestations": {registrytest.Down(), attests, registry.ClassUnreachable},
		"it is in trouble, and bundles": {registrytest.Status(http.StatusInternalServerError, "UNKNOWN"), bundles, registry.ClassUnreachable},
		"it hangs up, and what is asked is that somebody did not sign": {registrytest.Down(), notRevoked, registry.ClassUnreachable},
		"it answers for ever": {registrytest.Huge(64 << 20), keyed, registry.ClassMalformed},
	} {
		t.Run(sentence, func(t *testing.T) {
			w := newWorld(t)
			w.sign(w.Key)
			w.Break(repository, test.fault)
			got, err := w.verify(w.policy(test.spec))
			var failure *registry.Error
			if !errors.As(err, &failure) || failure.Class != test.class {
				t.Fatalf("got %+v, %v, want an error of class %s", got, err, test.class)
			}
			if diff := cmp.Diff(verify.Signature{}, got); diff != "" {
				t.Errorf("verdict beside the error (-want +got):\n%s", diff)
			}
		})
	}
}

func TestARegistryThatHangsUpKeepsNobodyFromPassing(t *testing.T) {
	w := newWorld(t)
	w.Break(repository, registrytest.Down())
	got, err := w.verify(w.policy(keyOrNot))
	if err != nil || !got.Verified {
		t.Errorf("got %+v, %v, want what the static authority says", got, err)
	}
}

// TestGarbageIsNoFailure: what the registry holds is whoever signs' to mend.
func TestGarbageIsNoFailure(t *testing.T) {
	w := newWorld(t)
	w.Break(repository+"/manifests", registrytest.Garbage())
	got, err := w.verify(w.policy(keyed))
	if err != nil {
		t.Fatal(err)
	}
	want := refused(verify.ReasonMalformed, "authority authority-0: its signatures cannot be read: sign it anew")
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("verdict (-want +got):\n%s", diff)
	}
}

func TestWithoutATrustedRoot(t *testing.T) {
	for sentence, test := range map[string]struct {
		spec, root string
		want       string // of the error; empty where there is a verdict
	}{
		"a keyless authority cannot be judged":     {"  authorities: [{" + keyless + "}]\n", "", "verify by ClusterImagePolicy release: no trusted root is configured for keyless signatures"},
		"in mode warn neither":                     {"  authorities: [{" + keyless + "}]\n  mode: warn\n", "", "verify by ClusterImagePolicy release: no trusted root is configured for keyless signatures"},
		"nor can an entry in a log":                {"  authorities: [{key: {data: {{.Key.PEM}}}, ctlog: {url: \"https://rekor.sigstore.dev\"}}]\n", "", "verify by ClusterImagePolicy release: no trusted root is configured for keyless signatures"},
		"a key can be":                             {keyed, "", ""},
		"a key beside a keyless authority can be":  {"  authorities: [{" + keyless + "}, {key: {data: {{.Key.PEM}}}}]\n", "", ""},
		"another key does not make up for keyless": {"  authorities: [{" + keyless + "}, {key: {data: {{.Eve.PEM}}}}]\n", "", "verify by ClusterImagePolicy release: no trusted root is configured for keyless signatures"},
		"one that cannot be read":                  {"  authorities: [{" + keyless + "}]\n", "{", "verify by ClusterImagePolicy release: read the trusted root: "},
		"one that holds a log without a key": {"  authorities: [{" + keyless + "}]\n",
			`{"mediaType": "application/vnd.dev.sigstore.trustedroot+json;version=0.1", "tlogs": [{"baseUrl": "https://a.example"}]}`,
			"verify by ClusterImagePolicy release: read the trusted root: "},
	} {
		t.Run(sentence, func(t *testing.T) {
			w := newWorld(t)
			w.sign(w.Key)
			w.root = []byte(test.root)
			got, err := w.verify(w.policy(test.spec))
			switch {
			case test.want == "":
				if err != nil || !got.Verified {
					t.Errorf("got %+v, %v, want a verified signature", got, err)
				}
			case err == nil || !strings.HasPrefix(err.Error(), test.want):
				t.Errorf("got %+v, %v, want the error %s", got, err, test.want)
			case errors.Is(err, verify.ErrNoTrustRoot) != (test.root == ""):
				t.Errorf("the error is %v", err)
			}
		})
	}
}

// TestNoLogIsAsked: the library would look up an entry that a signature does not bring along.
func TestNoLogIsAsked(t *testing.T) {
	w := newWorld(t)
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	asked := make(chan struct{})
	go func() {
		if conn, err := listener.Accept(); err == nil {
			_ = conn.Close()
			close(asked)
		}
	}()
	rekor := "http://" + listener.Addr().String()
	w.root = []byte(strings.ReplaceAll(string(w.root), `"baseUrl":"test"`, `"baseUrl":"`+rekor+`"`))
	if !strings.Contains(string(w.root), rekor) {
		t.Fatal("the trusted root names the log otherwise than this test takes it to")
	}
	w.signKeyless(w.VirtualSigstore, subject, issuer, false)
	got, err := w.verify(w.policy("  authorities: [{" + keyless + ", ctlog: {url: \"" + rekor + "\"}}]\n"))
	if err != nil || got.Verified || got.Reason != verify.ReasonWrongIdentity {
		t.Errorf("got %+v, %v", got, err)
	}
	if err := listener.Close(); err != nil {
		t.Fatal(err)
	}
	select {
	case <-asked:
		t.Error("the log was asked")
	default:
	}
}

// deaf is a visit whose registry answers when it is told to, whatever the context says.
type deaf struct {
	asked, answer chan struct{}
}

func (deaf) Repository() name.Repository    { return name.MustParseReference(repository).Context() }
func (d deaf) Transport() http.RoundTripper { return d }
func (deaf) Failure() error                 { return nil }
func (d deaf) RoundTrip(*http.Request) (*http.Response, error) {
	d.asked <- struct{}{}
	<-d.answer
	return nil, errors.New("too late")
}

// TestVerifyEndsWithItsContext, whatever the library does, and what is left behind is bounded.
func TestVerifyEndsWithItsContext(t *testing.T) {
	w := newWorld(t)
	policy := w.policy(keyed)
	d := deaf{asked: make(chan struct{}), answer: make(chan struct{})}
	end := errors.New("the review is over")
	for range 16 {
		ctx, cancel := context.WithCancelCause(t.Context())
		done := make(chan error)
		go func() {
			_, err := policy.Verify(ctx, d, w.digest, verify.ImagePolicyOptions{})
			done <- err
		}()
		<-d.asked
		cancel(end)
		if err := <-done; !errors.Is(err, end) || err.Error() != "verify by ClusterImagePolicy release: the review is over" {
			t.Fatalf("got %v", err)
		}
	}
	ctx, cancel := context.WithTimeout(t.Context(), time.Millisecond)
	defer cancel()
	_, err := policy.Verify(ctx, d, w.digest, verify.ImagePolicyOptions{})
	if !errors.Is(err, context.DeadlineExceeded) || !strings.HasPrefix(err.Error(), "wait for other verifications of ClusterImagePolicy release") {
		t.Errorf("one more: %v", err)
	}
	close(d.answer)
	w.sign(w.Key)
	if got, err := w.verify(policy); err != nil || !got.Verified {
		t.Errorf("after all have ended: %+v, %v", got, err)
	}
}
