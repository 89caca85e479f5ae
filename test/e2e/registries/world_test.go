package registries_test

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"

	"golang.org/x/sync/errgroup"

	"github.com/fluxgate/fluxgate/test/distribution"
	"github.com/fluxgate/fluxgate/test/fluxcontrollers"
	"github.com/fluxgate/fluxgate/test/registrytest"
	"github.com/fluxgate/fluxgate/test/stack"
)

// password lets in wherever a login is asked for; it must never be logged or told.
const password = "hunter2-distribution"

// The registries by name. All but many have the same content.
const (
	public = "public.example.com" // everybody may pull
	inner  = "inner.example.com"  // public, but only an object's own proxy leads there
	basic  = "basic.example.com"  // htpasswd
	tokens = "tokens.example.com" // tokens, with the rights of each user
	auth   = "auth.example.com"   // gives them out
	many   = "many.example.com"   // public, with content of its own: thousands of tags
	// Nobody trusts the certificates of these by themselves.
	private = "private.example.com" // everybody may pull
	mutual  = "mutual.example.com"  // asks for a client certificate
)

// world is a stack with registries as processes beside it.
type world struct {
	*stack.Stack
	public, basic, tokens, many, private, mutual *distribution.Registry
	// plain is public over plain http, at an address that no client takes for insecure by itself.
	plain *distribution.Registry
	auth  *distribution.TokenServer
	// own signs what the administrator does not trust, other what nobody does.
	own, other *registrytest.Authority
	// proxy leads to inner, for those who log in.
	proxy *registrytest.Proxy
	// flux pulls what it is left to, as Flux does.
	flux *fluxcontrollers.Source
	// artifacts are the names of digests: "acme/app:v1".
	artifacts map[string]string

	storage string
}

func (w *world) start(ctx context.Context) error {
	w.artifacts = map[string]string{}
	var err error
	if w.storage, err = os.MkdirTemp("", "fluxgate-registries-"); err != nil {
		return err
	}
	if w.own, err = registrytest.NewAuthority(); err != nil {
		return err
	}
	if w.other, err = registrytest.NewAuthority(); err != nil {
		return err
	}
	trusted := w.Registry.Authority()
	if w.auth, err = distribution.StartTokens(trusted, auth); err != nil {
		return err
	}
	if err := w.processes(ctx, trusted); err != nil {
		return err
	}
	if w.proxy, err = registrytest.NewProxy(); err != nil {
		return err
	}
	w.proxy.Require("proxied", password)
	w.proxy.Route(inner+":443", w.public.Addr())
	for host, address := range map[string]string{
		public: w.public.Addr(), basic: w.basic.Addr(), tokens: w.tokens.Addr(), auth: w.auth.Addr(),
		many: w.many.Addr(), private: w.private.Addr(), mutual: w.mutual.Addr(),
	} {
		w.Proxy.Route(net.JoinHostPort(host, "443"), address)
	}
	w.flux, err = fluxcontrollers.StartSource(ctx, w.ControlPlane, w.Proxy.URL(), w.Registry.CA())
	if err != nil {
		return err
	}
	return w.fill()
}

// processes starts the registries, all at once.
func (w *world) processes(ctx context.Context, trusted *registrytest.Authority) error {
	var all errgroup.Group
	for at, o := range map[**distribution.Registry]distribution.Options{
		&w.public:  {Names: []string{public, inner}, Authority: trusted},
		&w.basic:   {Names: []string{basic}, Authority: trusted, Users: map[string]string{"acme": password}},
		&w.tokens:  {Names: []string{tokens}, Authority: trusted, Tokens: w.auth},
		&w.many:    {Names: []string{many}, Authority: trusted},
		&w.private: {Names: []string{private}, Authority: w.own},
		&w.mutual:  {Names: []string{mutual}, Authority: w.own, ClientAuthority: w.own},
		&w.plain:   {Address: "127.0.0.2"},
	} {
		if o.Storage = w.storage; at == &w.many {
			o.Storage = "" // thousands of tags are tens of thousands of files
		}
		all.Go(func() (err error) {
			*at, err = distribution.Start(ctx, o)
			return err
		})
	}
	return all.Wait()
}

// fill stores what all tests may pull, and says who may pull it for a token.
func (w *world) fill() error {
	for _, repository := range []string{"acme/app", "acme/reserved"} {
		digest, err := w.public.Push(public+"/"+repository, "v1")
		if err != nil {
			return fmt.Errorf("push %s: %w", repository, err)
		}
		w.artifacts[digest] = repository + ":v1"
	}
	w.auth.Permit("", "", "acme/app")
	w.auth.Permit("acme", password, "acme/app", "acme/reserved")
	return nil
}

// stop ends all that was started, however far that came.
func (w *world) stop() error {
	var err error
	if w.flux != nil {
		err = w.flux.Stop()
	}
	for _, r := range []*distribution.Registry{w.public, w.basic, w.tokens, w.many, w.private, w.mutual, w.plain} {
		if r != nil {
			err = errors.Join(err, r.Stop())
		}
	}
	if w.proxy != nil {
		err = errors.Join(err, w.proxy.Close())
	}
	if w.auth != nil {
		err = errors.Join(err, w.auth.Stop())
	}
	if w.Stack != nil {
		err = errors.Join(err, w.Stack.Stop())
	}
	return errors.Join(err, os.RemoveAll(w.storage))
}
