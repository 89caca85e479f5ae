package pin

import (
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/fluxgate/fluxgate/flux"
)

// Step is what is to be done with a source's digest.
type Step int

const (
	// Leave changes nothing but a record that no longer speaks for the digest: that one goes.
	Leave Step = iota
	// Keep leaves the digest and its record as they are, and asks nobody.
	Keep
	// Restore writes the digest that the stored object has: it is ours, and its inputs are unchanged.
	Restore
	// Resolve asks the registry; where that fails, Strip.
	Resolve
	// Strip takes a digest of ours out, with its record.
	Strip
)

// Plan is the step for one source, and what it needs.
type Plan struct {
	Step Step
	// Digest is what Restore writes.
	Digest string
	// Fresh: Resolve must ask the registry itself, since the user asked for it.
	Fresh bool
}

// Change is an object before and after a request, as far as one source goes.
type Change struct {
	New, Old *unstructured.Unstructured // Old is nil on create
	// Source is the source in New; OldSource the one at the same path in Old, nil where there was none.
	Source    flux.Source
	OldSource *flux.Source
}

// Wish is what the policies that match want for the source's kind of ref.
type Wish struct {
	// Pin: a digest is to be written when the inputs change.
	Pin bool
	// Existing: an unpinned source is to be pinned although its inputs did not change.
	Existing bool
}

// Decide plans the step for a source that can be pinned. Its answer depends on nothing but its arguments, so a dry run, a
// second invocation and the real request get the same one.
func Decide(c Change, w Wish) Plan {
	if c.Source.Ref.Digest == "" {
		return decideUnpinned(c, w)
	}
	owned, stale := held(c.New, c.Source)
	switch {
	case !owned && !c.unrecorded():
		return Plan{Step: Leave} // the user's digest
	case c.repin() && w.Pin:
		return Plan{Step: Resolve, Fresh: true}
	case owned && !stale:
		return Plan{Step: Keep}
	case c.pinnedBefore():
		// Another webhook changed the url after our first call and we are asked again (the tag may have moved since), or
		// the record was written over.
		return Plan{Step: Restore, Digest: c.OldSource.Ref.Digest}
	case w.Pin:
		return Plan{Step: Resolve}
	default:
		return Plan{Step: Strip}
	}
}

func decideUnpinned(c Change, w Wish) Plan {
	switch {
	case !w.Pin:
		return Plan{Step: Leave}
	case c.repin():
		return Plan{Step: Resolve, Fresh: true}
	case c.inputsChanged():
		return Plan{Step: Resolve}
	case c.pinnedBefore():
		return Plan{Step: Restore, Digest: c.OldSource.Ref.Digest}
	case c.OldSource.Ref.Digest != "" || w.Existing:
		return Plan{Step: Resolve} // the user took a digest of his own out, or the policy pins what is there
	default:
		return Plan{Step: Leave}
	}
}

// Changed reports whether the digest, or what decides it, is new with this request.
func (c Change) Changed() bool {
	return c.inputsChanged() || c.OldSource.Ref.Digest != c.Source.Ref.Digest
}

func (c Change) inputsChanged() bool {
	return c.Old == nil || c.OldSource == nil || InputsOf(*c.OldSource) != InputsOf(c.Source)
}

// pinnedBefore reports whether the stored object has a digest of ours for the very inputs that the object has now.
func (c Change) pinnedBefore() bool {
	if c.inputsChanged() {
		return false
	}
	owned, stale := held(c.Old, *c.OldSource)
	return owned && !stale
}

// Stale reports whether the source's digest is Fluxgate's, but was resolved from other inputs than the object now has.
func (c Change) Stale() bool {
	owned, stale := held(c.New, c.Source)
	return stale || !owned && c.unrecorded() && c.inputsChanged()
}

// unrecorded reports whether a digest of ours has lost its record, which nobody need have meant to take out: server-side apply
// takes all annotations out where a manager applies none any more, also those that nobody owns; and whoever applies an exported
// manifest, from which the digest was removed and the record was not, brings the record of another digest. Where the tag or the
// range went with the record, the digest is the user's: it is all that he left.
func (c Change) unrecorded() bool {
	if c.Old == nil || c.OldSource == nil || c.Source.Ref.Digest == "" || c.OldSource.Ref.Digest != c.Source.Ref.Digest {
		return false
	}
	left := names(c.OldSource.Ref) && !names(c.Source.Ref) && !Recorded(c.New)
	return !left && Owned(c.Old, *c.OldSource) && !flux.AppliedBy(c.New, digestField(c.Source)...)
}

// names reports whether a ref names a tag or a range.
func names(ref flux.Ref) bool { return ref.Tag != "" || ref.Semver != "" }

func (c Change) repin() bool {
	if c.Old == nil {
		return false
	}
	was, _ := annotation(c.Old, RepinAnnotation)
	is, _ := annotation(c.New, RepinAnnotation)
	return is != "" && is != was
}
