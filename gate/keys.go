package gate

import (
	"context"
	"errors"
	"strings"

	"github.com/fluxgate/fluxgate/flux"
	"github.com/fluxgate/fluxgate/policy"
	"github.com/fluxgate/fluxgate/verify"
)

// classKeys is the class of a Secret of keys that could not be read.
const classKeys = "keys"

// ErrNotGiven is what Keys returns, wrapped, where a Secret may well exist but cannot be known here: among the files of a
// check there need not be Secrets.
var ErrNotGiven = errors.New("the Secret is not given")

// Keys tells the public keys in the Secret that a verify block names.
type Keys interface {
	// Keys returns what verify.Keys does, with verify.Missing for a Secret that does not exist. Any other error says that
	// it could not be told; nothing of the Secret is in it.
	Keys(ctx context.Context, namespace, secret, provider string) ([]verify.Key, error)
}

// KeysFunc adapts a function to Keys.
type KeysFunc func(ctx context.Context, namespace, secret, provider string) ([]verify.Key, error)

// Keys calls f.
func (f KeysFunc) Keys(ctx context.Context, namespace, secret, provider string) ([]verify.Key, error) {
	return f(ctx, namespace, secret, provider)
}

// keyring names a Secret, and what of it counts.
type keyring struct{ namespace, secret, provider string }

// keyringOf returns where the keys of a source are; none where its verify block names no Secret.
func keyringOf(s flux.Source) (keyring, bool) {
	if s.Verify == nil || s.Verify.SecretRef == "" {
		return keyring{}, false
	}
	return keyring{s.Namespace, s.Verify.SecretRef, s.Verify.Provider}, true
}

// keyFacts is what a Secret says, or why that could not be told.
type keyFacts struct {
	keys policy.Keys
	err  error
	// missing: the error is that there is no such Secret.
	missing bool
}

// learnKeys reads the Secrets of keys of a side, each once a review, and only where one of its policies asks for them. It is
// the API server that is asked, not a registry, so this comes before the static rules.
func (r *review) learnKeys(ctx context.Context, s *side) {
	if !needsKeys(s.policies) {
		return
	}
	ctx, cancel := sparing(ctx)
	defer cancel()
	for _, source := range s.sources {
		at, named := keyringOf(source)
		if _, known := r.keys[at]; named && !known {
			r.keys[at] = r.gate.readKeys(ctx, at, r.awaits(at.namespace))
		}
	}
}

func needsKeys(policies []*policy.Policy) bool {
	for _, p := range policies {
		if p.NeedsKeys() {
			return true
		}
	}
	return false
}

// awaits reports whether a Secret of keys that does not exist may be applied together with the object. Of another namespace it is
// not told, as whoever may name a Secret there could ask which there are, by dry runs that leave no trace.
func (r *review) awaits(namespace string) bool {
	return r.req.DryRun && namespace == r.now.object.GetNamespace()
}

// readKeys reads a Secret. awaited: one that does not exist may come yet.
func (g *Gate) readKeys(ctx context.Context, at keyring, awaited bool) keyFacts {
	if g.options.Keys == nil {
		return keyFacts{keys: policy.Keys{Unknown: true}, err: errors.New("no Secrets can be read here")}
	}
	found, err := g.options.Keys.Keys(ctx, at.namespace, at.secret, at.provider)
	var bad *verify.SecretError
	switch {
	case errors.As(err, &bad) && bad.Missing && awaited:
		return keyFacts{keys: policy.Keys{Unknown: true}, err: err, missing: true}
	case errors.As(err, &bad):
		return keyFacts{keys: policy.Keys{Problem: bad.Error()}}
	case err != nil:
		return keyFacts{keys: policy.Keys{Unknown: true}, err: err}
	}
	facts := keyFacts{keys: policy.Keys{Entries: make([]policy.Key, len(found))}}
	for i, key := range found {
		facts.keys.Entries[i] = policy.Key(key)
	}
	return facts
}

// keysOf are the facts of a source's Secret; nil where nobody asked for them.
func (r *review) keysOf(s flux.Source) *policy.Keys {
	at, named := keyringOf(s)
	facts, known := r.keys[at]
	if !named || !known {
		return nil
	}
	return &facts.keys
}

// unreadKeys are the failures of the policies that asked for keys which could not be read. They stand apart from the
// others: no rule that needs keys says what may be dialled, so the rest is judged all the same.
func (r *review) unreadKeys() []Failure {
	var failures []Failure
	for _, s := range r.now.sources {
		at, named := keyringOf(s)
		err := r.keys[at].err
		if !named || err == nil {
			continue
		}
		f := Failure{
			Path: secretPath(s), Class: classKeys, Err: err, Offline: errors.Is(err, ErrNotGiven), missing: r.keys[at].missing,
			Message: r.secretName(s) + " could not be read; try again",
		}
		switch {
		case f.missing:
			f.Message = r.secretName(s) + " does not exist"
		case f.Offline:
			f.Message = r.secretName(s) + " is not among the files, or not in plain text, so that its keys are not judged"
		}
		for _, p := range r.now.policies {
			if p.NeedsKeys() {
				f.Policy, f.OnError = p.Name(), p.Failing(r.at)
				failures = append(failures, r.inDryRun(f))
			}
		}
	}
	return failures
}

// secretPath is where the Secret is named, or the reference that leads there.
func secretPath(s flux.Source) string {
	if strings.HasSuffix(s.Path, "Ref") {
		return s.Path
	}
	return s.Path + ".verify.secretRef"
}

// secretName names the Secret, but not to those who only refer to its namespace.
func (r *review) secretName(s flux.Source) string {
	if s.Namespace != r.now.object.GetNamespace() {
		return "the Secret of the verify block"
	}
	return "Secret " + flux.Plain(s.Namespace) + "/" + flux.Plain(s.Verify.SecretRef)
}
