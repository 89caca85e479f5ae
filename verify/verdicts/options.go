package verdicts

import (
	"cmp"
	"context"
	"net/http"
	"time"

	"github.com/fluxgate/fluxgate/registry"
	"github.com/fluxgate/fluxgate/verify"
)

// Secrets reads what verify blocks name.
type Secrets interface {
	// Material returns verify.Entries of a Secret, and verify.Missing for one that does not exist. Any other error says that it
	// could not be told; nothing of the Secret is in it.
	Material(ctx context.Context, namespace, name string) (map[string][]byte, error)
}

// Options are what a Verifier leans on.
type Options struct {
	// Registry opens the ways to repositories.
	Registry *registry.Client
	Secrets  Secrets
	// TrustedRoot returns the JSON of the sigstore trusted root for keyless signatures whose demand brings none; where it
	// returns nil, or is nil, they cannot be verified.
	TrustedRoot func() []byte
	// Revocation reaches the servers that the certificates of the Notary Project's signatures name: registry.PublicTransport. Nil
	// means that nobody is asked whether a certificate is revoked (notation.Options).
	Revocation http.RoundTripper
	// ImagePolicies returns the ClusterImagePolicies that demands can name; nil means none.
	// Those that wanted does not report may be left out.
	ImagePolicies func(ctx context.Context, wanted func(name string) bool) []verify.ImagePolicy

	// Size is the number of verdicts that are remembered; zero means 16384, of some 500 bytes each.
	Size int
	// Good is how long it is remembered that an artifact is verified; zero means 10 minutes. A signature that is taken away
	// meanwhile is missed for as long.
	Good time.Duration
	// Bad is how long it is remembered that one is not; zero means 10 s. One that is signed meanwhile waits for as long.
	Bad time.Duration
	// Failed is how long it is remembered that it could not be told; zero means 3 s.
	Failed time.Duration
	// Now is the clock; nil means time.Now.
	Now func() time.Time
	// Observe hears of each verification that was carried out: its result, or what kept it from one, and the number of
	// requests. Nil means nobody does.
	Observe func(signature verify.Signature, err error, requests int)
}

func (o Options) withDefaults() Options {
	o.Size = cmp.Or(o.Size, 16384)
	o.Good = cmp.Or(o.Good, 10*time.Minute)
	o.Bad = cmp.Or(o.Bad, 10*time.Second)
	o.Failed = cmp.Or(o.Failed, 3*time.Second)
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.TrustedRoot == nil {
		o.TrustedRoot = func() []byte { return nil }
	}
	if o.ImagePolicies == nil {
		o.ImagePolicies = func(context.Context, func(string) bool) []verify.ImagePolicy { return nil }
	}
	if o.Observe == nil {
		o.Observe = func(verify.Signature, error, int) {}
	}
	return o
}
