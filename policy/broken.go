package policy

import (
	"context"
	"strings"

	"github.com/fluxgate/fluxgate/policy/v1alpha1"
)

// Compile makes a policy of a SourcePolicy that came from elsewhere than a file. A *LoadError says everything that is wrong
// with it; every other error is ours.
//
// Beside an error stands a policy that is broken: it matches what it says that it matches, and judges nothing. Where its match
// cannot be read either, it matches everything.
func (l *Library) Compile(written *v1alpha1.SourcePolicy) (*Policy, error) {
	return l.CompileWithin(context.Background(), written)
}

// CompileWithin is Compile, and begins no further module of the policy's own once ctx is over; its error is that of ctx then.
// A module that is being compiled cannot be stopped: one of the largest size takes about a second.
func (l *Library) CompileWithin(ctx context.Context, written *v1alpha1.SourcePolicy) (*Policy, error) {
	d := document{&problems{}, *written}
	p, err := l.compile(ctx, d)
	if err != nil {
		return p.breakBy(&LoadError{Problems: []Problem{{Message: "it could not be prepared: " + err.Error()}}}), err
	}
	if len(d.all) == 0 {
		return p, nil
	}
	broken := sorted(d.all)
	return p.breakBy(broken), broken
}

// breakBy leaves of a policy only whom it matches, and what its failure leads to.
func (p *Policy) breakBy(why *LoadError) *Policy {
	broken := &Policy{
		name: p.name, action: p.action, onError: p.onError, strictest: p.strictest, enforceFrom: p.enforceFrom,
		match: p.match, listed: p.listed, broken: why, missingSources: Audit,
	}
	for _, problem := range why.Problems {
		if strings.HasPrefix(problem.Path, "spec.match") {
			broken.match = matcher{everyNamespace: true}
		}
	}
	return broken
}

// Broken is why the policy cannot judge; nil where it can. Whatever it matches is undecided.
func (p *Policy) Broken() *LoadError { return p.broken }
