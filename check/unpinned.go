package check

import (
	"context"
	"fmt"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/fluxgate/fluxgate/flux"
	"github.com/fluxgate/fluxgate/gate"
)

// admit lets others see an OCIRepository as it came out. Where its digest could not be asked for, it is pending: it will have
// one when it is admitted, and that nobody answered now is no violation of those that refer to it. They are told by
// Inventory.unpinned.
func (i *item) admit(r reviewed) {
	i.object = r.admitted
	digest, _, _ := unstructured.NestedString(i.object.Object, "spec", "ref", "digest")
	if digest != "" || !r.result.waits() {
		return
	}
	i.unpinned = &r.result.NotJudged[0]
}

// Pending reports whether an object of the files has no digest only because nobody could be asked for it; see gate.Options.
func (i *Inventory) Pending(key flux.Key) bool {
	found, ok := i.referents[key]
	return ok && found.unpinned != nil
}

// waits reports whether the object is not admitted as it is, only because somebody could not be asked.
func (r Result) waits() bool {
	return len(r.NotJudged) > 0 && !r.has(ClassBadObject) && (r.Decision == gate.Undecided.String() || r.offline())
}

// unpinned says of which objects that u refers to the digest could not be asked for.
func (i *Inventory) unpinned(ctx context.Context, u *unstructured.Unstructured) []NotJudged {
	sources, err := flux.Sources(ctx, u, i)
	if err != nil {
		return nil // a bad object; its result says so
	}
	var unpinned []NotJudged
	for _, source := range sources {
		if source.Origin == nil {
			continue
		}
		found, ok := i.referents[*source.Origin]
		if !ok || found.unpinned == nil {
			continue
		}
		unpinned = appendNew(unpinned, NotJudged{
			Policy:  found.unpinned.Policy,
			Path:    source.Path,
			Class:   found.unpinned.Class,
			Message: fmt.Sprintf("%s %s/%s: %s", source.Kind, source.Origin.Namespace, source.Origin.Name, found.unpinned.Message),
		})
	}
	return unpinned
}
