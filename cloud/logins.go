package cloud

import (
	"cmp"
	"context"
	"crypto/sha256"
	"fmt"
	"net/http"
	"time"

	"github.com/google/go-containerregistry/pkg/authn"
	lru "github.com/hashicorp/golang-lru/v2"
	"golang.org/x/sync/singleflight"

	"github.com/fluxgate/fluxgate/registry"
)

const (
	// longestLife limits how long a login is remembered, whatever the cloud says of it, as in Flux (fluxcd/pkg, cache,
	// TokenMaxDuration).
	longestLife = time.Hour
	// failedFor is how long a failure is remembered: the clouds' endpoints want to be spared too.
	failedFor = 3 * time.Second
)

// Options configure Logins.
type Options struct {
	// Tokens issues the tokens of ServiceAccounts; nil leaves Fluxgate's own identity only.
	Tokens TokenIssuer
	// Transport reaches the registries at which a login is exchanged, Azure's: registry.GuardedTransport. Nil means
	// http.DefaultTransport, which is not guarded.
	Transport http.RoundTripper
	// Size is the number of logins that are remembered; zero means 1024.
	Size int
	// Timeout limits one exchange; zero means 6 s. A caller's own deadline may end its wait earlier.
	Timeout time.Duration
	// Now is the clock; nil means time.Now.
	Now func() time.Time
}

// TokenIssuer issues tokens by which a cloud knows a ServiceAccount.
type TokenIssuer interface {
	// IssueToken returns a token that is good for the audiences, for minutes.
	IssueToken(ctx context.Context, namespace, name string, audiences []string) (string, error)
}

// Logins is a registry.Cloud. It is safe for concurrent use.
type Logins struct {
	options Options
	known   *lru.Cache[key, outcome]
	flights singleflight.Group
}

var _ registry.Cloud = (*Logins)(nil)

// key is a hash of an identity and of the registry that its login is good for.
type key = [sha256.Size]byte

// outcome is a login, or what kept the identity from one, and how long that holds.
type outcome struct {
	login   authn.AuthConfig
	failure error
	until   time.Time
}

// New returns Logins that remember nothing yet. It opens nothing.
func New(o Options) *Logins {
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Transport == nil {
		o.Transport = http.DefaultTransport
	}
	o.Timeout = cmp.Or(o.Timeout, 6*time.Second)
	known, err := lru.New[key, outcome](max(cmp.Or(o.Size, 1024), 1))
	if err != nil {
		panic(err) // it fails only for sizes below one
	}
	return &Logins{options: o, known: known}
}

// Login implements registry.Cloud. It returns as soon as ctx ends; the exchange goes on for others, and is remembered.
func (l *Logins) Login(ctx context.Context, identity registry.Identity) (authn.AuthConfig, error) {
	provider, err := l.providerOf(identity)
	if err != nil {
		return authn.AuthConfig{}, err
	}
	input, err := provider.ParseArtifactRepository(identity.Repository.String())
	if err != nil {
		return authn.AuthConfig{}, err
	}
	of := sha256.Sum256(fmt.Appendf(nil, "%q %q", identity.ID(), input))
	if known, found := l.get(of); found {
		return known.login, known.failure
	}
	if err := ctx.Err(); err != nil {
		return authn.AuthConfig{}, err
	}
	flight := l.flights.DoChan(fmt.Sprintf("%x", of), func() (any, error) {
		if known, found := l.get(of); found { // another flight landed since this caller looked
			return known, nil
		}
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), l.options.Timeout)
		defer cancel()
		got := l.exchange(ctx, provider, input, identity)
		l.known.Add(of, got)
		return got, nil
	})
	select {
	case landed := <-flight:
		got := landed.Val.(outcome)
		return got.login, got.failure
	case <-ctx.Done():
		return authn.AuthConfig{}, ctx.Err()
	}
}

func (l *Logins) get(of key) (outcome, bool) {
	known, found := l.known.Get(of)
	return known, found && l.options.Now().Before(known.until)
}
