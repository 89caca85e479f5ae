package gate

import (
	"context"

	"github.com/fluxgate/fluxgate/policy"
	"github.com/fluxgate/fluxgate/registry"
)

// ruleDigest is the rule whose violation is mended by a digest, which the denial names.
const ruleDigest = "require-digest"

// exact asks for the digests that would pass, where their absence is all that an object is denied for: a ref that no policy
// pins has to be pinned by its author, who must be told to what. It returns the violations with what it learned. The object
// is denied whether the registry answers or not, so that a registry that does not is no failure, only a note.
func (r *review) exact(ctx context.Context, static []policy.Violation, pending map[int]bool) ([]policy.Violation, error) {
	if r.undialable() {
		return static, nil
	}
	before := len(r.failures)
	missing := r.missing(static)
	for i := range missing {
		if _, err := r.resolve(ctx, i, registry.Query{}); err != nil {
			return nil, err
		}
		if len(r.failures) > before {
			why := r.failures[before]
			r.notes = append(r.notes, Note{Path: why.Path, Message: "the digest that would pass is not known: " + why.Message})
			r.failures = r.failures[:before]
		}
	}
	if len(r.resolved) == 0 {
		return static, nil
	}
	told := r.relax(ctx, r.static(ctx, judgement{side: &r.now, pending: pending, resolved: r.resolved}))
	if len(told) != len(static) { // a rule that fails the second time must not undo the denial
		return static, nil
	}
	return told, nil
}

// missing are the sources without a digest that may be asked for; none where something else is denied as well.
func (r *review) missing(static []policy.Violation) map[int]bool {
	missing, blocked := map[int]bool{}, r.blocked(static)
	for _, v := range static {
		if v.Action != policy.Deny {
			continue
		}
		if v.Rule != ruleDigest {
			return nil
		}
		if change, pinnable := r.changes[v.Source]; pinnable && change.Source.Ref.Digest == "" && !blocked[v.Source] {
			missing[v.Source] = true
		}
	}
	return missing
}
