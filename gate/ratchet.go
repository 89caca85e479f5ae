package gate

import (
	"context"
	"reflect"
	"slices"
	"strings"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/fluxgate/fluxgate/flux"
	"github.com/fluxgate/fluxgate/policy"
)

// ratcheted is added to the message of a violation that an update did not bring.
const ratcheted = " (so before this update, which is therefore only warned about)"

// ratchet turns each Deny that the stored object already earned at the same path into a Warn, as long as that path and
// what is pulled are unchanged: a policy that comes later must not freeze the objects that it finds. An object that is
// resumed pulls again, so it is judged in full.
func (r *review) ratchet(ctx context.Context, found []policy.Violation) []policy.Violation {
	if r.before.object == nil || !denies(found) || r.resuming() {
		return found
	}
	earned := r.earned(ctx)
	kept := make([]policy.Violation, len(found))
	for i, v := range found {
		if v.Action == policy.Deny && (earned[keyOf(v)] || r.demandedBefore(v)) && r.untouched(v) {
			v.Action = policy.Warn
			v.Message += ratcheted
		}
		kept[i] = v
	}
	return kept
}

func denies(found []policy.Violation) bool {
	for _, v := range found {
		if v.Action == policy.Deny {
			return true
		}
	}
	return false
}

func (r *review) resuming() bool {
	return flux.Suspended(r.before.object) && !flux.Suspended(r.now.object)
}

type violationKey struct{ policy, rule, path string }

func keyOf(v policy.Violation) violationKey { return violationKey{v.Policy, v.Rule, v.Path} }

// earned are the violations of the stored object under today's policies.
func (r *review) earned(ctx context.Context) map[violationKey]bool {
	before := &review{
		gate: r.gate, set: r.set, at: r.at, req: Request{Operation: Update, Object: r.before.object}, now: r.before, keys: r.keys,
	}
	found := before.static(ctx, judgement{side: &before.now})
	found = append(found, before.unpinned()...)
	found = append(found, r.signedBefore(ctx, before)...)
	earned := make(map[violationKey]bool, len(found))
	for _, v := range found {
		earned[keyOf(v)] = true
	}
	return earned
}

// untouched reports whether the value at the violation's path, and what its source makes Flux pull, are as they were.
func (r *review) untouched(v policy.Violation) bool {
	if !reflect.DeepEqual(valueAt(r.now.object, v.Path), valueAt(r.before.object, v.Path)) {
		return false
	}
	if v.Source < 0 { // of the whole object
		return r.pullsTheSame()
	}
	if v.Source >= len(r.now.sources) {
		return false
	}
	is := r.now.sources[v.Source]
	was := sourceAt(r.before.sources, is.Path)
	return was != nil && reflect.DeepEqual(pulled(is), pulled(*was))
}

// pullsTheSame reports whether the update leaves everything that is pulled as it was.
func (r *review) pullsTheSame() bool {
	return slices.EqualFunc(r.now.sources, r.before.sources, func(is, was flux.Source) bool {
		return is.Path == was.Path && reflect.DeepEqual(pulled(is), pulled(was))
	})
}

// pulled leaves of a source only what decides which bytes are pulled, and whence.
func pulled(s flux.Source) flux.Source {
	return flux.Source{
		Form: s.Form, Kind: s.Kind, Origin: s.Origin, URL: s.URL, Chart: s.Chart, Ref: s.Ref, MediaType: s.MediaType,
		CertSecretRef: s.CertSecretRef, ProxySecretRef: s.ProxySecretRef,
	}
}

// valueAt reads the value at a dotted path; nil where there is none.
func valueAt(obj *unstructured.Unstructured, path string) any {
	v, _, err := unstructured.NestedFieldNoCopy(obj.Object, strings.Split(path, ".")...)
	if err != nil {
		return nil
	}
	return v
}
