package registry

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"strconv"

	"github.com/google/go-containerregistry/pkg/authn"
	"github.com/google/go-containerregistry/pkg/name"
	"github.com/google/go-containerregistry/pkg/v1/remote/transport"

	"github.com/fluxgate/fluxgate/flux"
)

// Access is what may be asked about one artifact: the credentials of its source were read, and nothing was dialled.
type Access struct {
	client *Client
	plan   *plan
	login  Login
}

// Access reads the credentials of a source, to ask its repository about the artifact of a digest. private is as
// Query.AllowPrivate. Its error is an *Error.
func (c *Client) Access(ctx context.Context, source flux.Source, digest string, private bool) (*Access, error) {
	source.Ref = flux.Ref{Digest: digest} // no tag has a say in what is asked about a digest
	repository, err := parseRepository(source)
	if err != nil {
		return nil, err
	}
	login, err := c.login(ctx, source)
	if err != nil {
		return nil, err
	}
	return &Access{client: c, plan: &plan{source: source, repository: repository, private: private}, login: login}, nil
}

// ID is a hash of the repository and of everything that decides what it answers: what was learned with one ID holds for
// whoever has the same.
func (a *Access) ID() string {
	p := a.plan
	sum := sha256.Sum256(frame(
		p.repository.Name(), strconv.FormatBool(p.source.Insecure), strconv.FormatBool(p.private), a.login.ID,
	))
	return hex.EncodeToString(sum[:])
}

// Repository is whose artifact it is about.
func (a *Access) Repository() name.Repository { return a.plan.repository }

// ErrNotAsked is what an *Error of Open and Turn wraps where nobody was asked: a turn did not come in time, or the registry wants a
// pause. That is nothing to remember.
var ErrNotAsked = errors.New("the registry was not asked")

// Turn waits for the turn of the source's namespace, which limits what that has under way (Options.PerNamespace). It comes before
// Open, and is apart from it so that a Session can serve several namespaces: each waits for its own turn, and none for that of
// another. Its error is an *Error.
func (a *Access) Turn(ctx context.Context) (release func(), err error) {
	release, err = a.client.wait(ctx, a.client.ownTurns(a.plan))
	if err != nil {
		return nil, notAsked(a.plan.failure(err))
	}
	return release, nil
}

// About says what kept the registry from answering a Session of another Access with the same ID, to whoever has this one: in the
// words of its own source, and with nothing of the other's.
func (a *Access) About(failure *Error) *Error { return a.plan.told(failure) }

func notAsked(failure *Error) *Error {
	failure.Err = fmt.Errorf("%w: %w", ErrNotAsked, failure.Err)
	return failure
}

// Open waits for the turns that all namespaces share, as a resolve does, and logs in. Its error is an *Error. The Session ends with
// Close, when ctx ends, or after Options.ResolveTimeout.
func (a *Access) Open(ctx context.Context) (*Session, error) {
	c, p := a.client, a.plan
	asker := askerOf(p, a.login)
	if wanted, found := c.pauses.standing(asker); found {
		return nil, notAsked(wanted.failure(p, c.options.Now()))
	}
	release, err := c.wait(ctx, c.commonTurns(p))
	if err != nil {
		return nil, notAsked(p.failure(err))
	}
	if wanted, paused := c.pauses.enter(asker); paused {
		release()
		return nil, notAsked(wanted.failure(p, c.options.Now()))
	}
	s := &Session{plan: p}
	ctx, cancel := context.WithTimeout(ctx, c.options.ResolveTimeout)
	s.ctx = ctx
	s.close = func() {
		cancel()
		release()
		c.pauses.learn(asker, s.learned())
	}
	if err := s.login(c, a.login); err != nil {
		s.record(err)
		s.Close()
		return nil, s.Failure()
	}
	return s, nil
}

// login sends what every other request needs, once: the ping and, where the registry asks for one, the request for a token.
func (s *Session) login(c *Client, login Login) error {
	auth, err := authn.Resolve(s.ctx, login.Keychain, s.plan.repository)
	if err != nil {
		return asCredentialsError(s.plan.source, err)
	}
	s.auth = auth
	if s.exchange, err = c.exchange(s.plan, login); err != nil {
		return err
	}
	scopes := []string{s.plan.repository.Scope(transport.PullScope)}
	s.inner, err = transport.NewWithContext(
		s.ctx, s.plan.repository.Registry, auth, transport.NewUserAgent(s.exchange, c.options.UserAgent), scopes)
	return err
}
