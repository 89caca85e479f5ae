package registry

import (
	"context"
	"errors"
	"fmt"
	"net/http"

	"github.com/google/go-containerregistry/pkg/authn"
	"golang.org/x/sync/singleflight"

	"github.com/fluxgate/fluxgate/flux"
)

// Client is the Resolver that asks registries.
type Client struct {
	options Options
	cache   *cache
	pauses  *pauses
	flights singleflight.Group
	// What is under way is limited by registry, by namespace and in all; lists of tags by namespace.
	hosts, namespaces, lists, total *limiter
	routes                          *routes
}

var _ Resolver = (*Client)(nil)

// New returns a Client. It opens nothing until it is asked.
func New(o Options) *Client {
	o = o.withDefaults()
	return &Client{
		options: o,
		cache:   newCache(o.Cache, o.Now),
		pauses:  newPauses(o.Cache, o.Now),
		routes:  newRoutes(o),

		hosts:      newLimiter(o.PerHost),
		namespaces: newLimiter(o.PerNamespace),
		lists:      newLimiter(1),
		total:      newLimiter(o.InFlight),
	}
}

// login returns only errors that are an *Error.
func (c *Client) login(ctx context.Context, source flux.Source) (Login, error) {
	login, err := c.options.Credentials.For(ctx, source)
	if err != nil {
		return Login{}, asCredentialsError(source, err)
	}
	return login, nil
}

// asCredentialsError passes an *Error on.
func asCredentialsError(source flux.Source, err error) *Error {
	var failure *Error
	if errors.As(err, &failure) {
		return failure
	}
	return credentialsError(source, "the credentials could not be read", detail(err))
}

// fly asks the registry when it is this query's turn. A panic of a library over a hostile answer is a malformed answer.
func (c *Client) fly(ctx context.Context, p *plan, login Login) (found answer) {
	defer func() {
		if reason := recover(); reason != nil {
			found = answer{failure: p.failure(fmt.Errorf("panic: %v", reason))}
		}
	}()
	release, err := c.wait(ctx, c.turns(p))
	if err != nil {
		return answer{failure: p.failure(err), unasked: true}
	}
	defer release()
	asker := askerOf(p, login)
	if wanted, paused := c.pauses.enter(asker); paused { // it began while this query waited
		return answer{failure: wanted.failure(p, c.options.Now()), unasked: true}
	}
	defer func() { c.pauses.learn(asker, found) }()
	// The registry gets the whole time: what it says is remembered for those who did not have to wait.
	ctx, cancel := context.WithTimeout(ctx, c.options.ResolveTimeout)
	defer cancel()
	return c.ask(ctx, p, login)
}

func (c *Client) ask(ctx context.Context, p *plan, login Login) answer {
	auth, err := authn.Resolve(ctx, login.Keychain, p.repository)
	if err != nil {
		return answer{failure: asCredentialsError(p.source, err)}
	}
	x, err := c.exchange(p, login)
	if err != nil {
		return answer{failure: asCredentialsError(p.source, err)}
	}
	resolution, err := ask(ctx, p, auth, x, c.options.UserAgent)
	if err != nil {
		failure := p.failure(err)
		failure.refused(p.source, auth)
		return answer{failure: failure, retryAfter: x.waitFor()}
	}
	return answer{resolution: resolution}
}

// exchange is the way to the registry of p. Its error is about the Secrets of the source.
func (c *Client) exchange(p *plan, login Login) (*exchange, error) {
	own := routeOf(p, login.Transport)
	next, err := c.routes.to(own, login.Transport)
	if err != nil {
		return nil, asCredentialsError(p.source, err)
	}
	away := own
	away.private = false
	return &exchange{
		next: &ways{
			host: p.repository.RegistryStr(), own: next,
			away: func() (http.RoundTripper, error) { return c.routes.to(away, login.Transport) },
		},
		plain:   p.repository.Scheme() == "http",
		timeout: c.options.RequestTimeout,
		now:     c.options.Now,
		metrics: c.options.Metrics,
	}, nil
}
