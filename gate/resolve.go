package gate

import (
	"context"
	"errors"
	"time"

	"github.com/fluxgate/fluxgate/flux"
	"github.com/fluxgate/fluxgate/policy"
	"github.com/fluxgate/fluxgate/registry"
)

// ruleAllowlist is the rule whose violation, whatever its action, means that the host is not dialled.
const ruleAllowlist = "registry-allowlist"

// blocked are the sources whose host must not be dialled: those that an allow-list refuses, and those whose repository is
// not known for certain.
func (r *review) blocked(found []policy.Violation) map[int]bool {
	blocked := map[int]bool{}
	for _, v := range found {
		if v.Rule == ruleAllowlist {
			blocked[v.Source] = true
		}
	}
	for i, s := range r.now.sources {
		if s.Problem != "" || s.Repository.IsZero() {
			blocked[i] = true
		}
	}
	return blocked
}

// resolve asks the registry what the source's tag or semver range names, with the object's own credentials. It reports
// whether there is an answer; where there is none, the policies that needed it have a failure. The error is an
// *flux.ObjectError: a ref that no registry could answer. q says how new the answer must be.
func (r *review) resolve(ctx context.Context, i int, q registry.Query) (bool, error) {
	ctx, cancel := sparing(ctx)
	defer cancel()
	s := r.now.sources[i]
	q.Source, q.AllowPrivate = s, r.allowListed()
	answer, err := r.gate.options.Resolver.Resolve(ctx, q)
	if err == nil {
		r.resolved[i] = policy.Resolved{Tag: answer.Tag, Digest: answer.Digest}
		return true, nil
	}
	var bad *flux.ObjectError
	if errors.As(err, &bad) {
		return false, bad
	}
	failure := registryFailure(s, err)
	r.awaited[i] = r.req.DryRun && failure.missing && s.Ref.Digest == ""
	r.failAll(r.concerned(s), failure)
	return false, nil
}

// sparing keeps an eighth of the time from the registry: where it does not answer, the rest must still be judged.
func sparing(ctx context.Context) (context.Context, context.CancelFunc) {
	deadline, limited := ctx.Deadline()
	if !limited {
		return context.WithCancel(ctx)
	}
	return context.WithDeadline(ctx, deadline.Add(-time.Until(deadline)/8))
}

// allowListed reports whether an allow-list spoke for the sources: only then may private addresses be dialled.
func (r *review) allowListed() bool {
	for _, p := range r.now.policies {
		if p.HasAllowList() {
			return true
		}
	}
	return false
}

// concerned are the policies that need to know what a source's ref names: to compare it with the digest, or to write one.
func (r *review) concerned(s flux.Source) []*policy.Policy {
	var concerned []*policy.Policy
	for _, p := range r.now.policies {
		if p.NeedsFacts() || s.Ref.Digest == "" && p.Pins(s.Ref) == policy.PinOnChange {
			concerned = append(concerned, p)
		}
	}
	return concerned
}

func registryFailure(s flux.Source, err error) Failure {
	f := Failure{
		Path:    s.Path + ".ref",
		Class:   string(registry.ClassUnreachable),
		Message: s.Repository.String() + ": could not be resolved; try again",
		Err:     err,
	}
	var known *registry.Error
	switch {
	case errors.As(err, &known):
		f.Class, f.Message = string(known.Class), known.Error()
		f.Offline, f.missing = known.Class == registry.ClassOffline, errors.Is(known.Err, registry.ErrMissing)
		f.Err = known.Err
	case errors.Is(err, context.DeadlineExceeded):
		f.Class = string(registry.ClassTimeout)
	}
	return f
}
