package policy

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"k8s.io/apimachinery/pkg/util/validation"

	"github.com/fluxgate/fluxgate/policy/v1alpha1"
)

// The limits of an exception; the CRD has the same. Tenants write them.
const (
	maxExceptionEntries = 64
	maxReason           = maxTextLength
)

// Exception is a PolicyException that is ready to be asked. It never changes, and is safe for concurrent use.
type Exception struct {
	Namespace, Name string
	// Policy is the name of the SourcePolicy that it relaxes.
	Policy string
	Reason string
	// Until is when it stops counting.
	Until time.Time

	created time.Time // zero for one that is in a file
	rules   []string
	kinds   []string // empty: all
	own     globs    // names of objects of its namespace
	foreign []foreignGlob
}

// foreignGlob matches objects of another namespace.
type foreignGlob struct {
	namespace string
	names     globs
}

// String names the exception as "namespace/name".
func (e *Exception) String() string { return e.Namespace + "/" + e.Name }

// Active reports whether the exception has not ended.
func (e *Exception) Active(now time.Time) bool { return now.Before(e.Until) }

// CompileException reads a PolicyException. Its error is a *LoadError: whatever is wrong with it.
func CompileException(written *v1alpha1.PolicyException) (*Exception, error) {
	found := &problems{}
	e := compileException(written, found)
	if len(found.all) > 0 {
		return nil, sorted(found.all)
	}
	return e, nil
}

func compileException(written *v1alpha1.PolicyException, found *problems) *Exception {
	spec := written.Spec
	e := &Exception{
		Namespace: written.Namespace, Name: written.Name, Policy: spec.Policy, Reason: clean(spec.Reason),
		Until: spec.Until.Time, created: written.CreationTimestamp.Time, rules: spec.Rules, kinds: spec.Kinds,
	}
	for at, name := range map[string]string{"metadata.name": written.Name, "spec.policy": spec.Policy} {
		for _, why := range validation.IsDNS1123Subdomain(name) {
			found.add(at, "%q is no name: %s", name, why)
		}
	}
	if written.Namespace == "" {
		found.add("metadata.namespace", "is required: an exception is for objects of its own namespace")
	}
	if strings.TrimSpace(spec.Reason) == "" {
		found.add("spec.reason", "is required: say why, and where that was decided")
	} else if len(spec.Reason) > maxReason {
		found.add("spec.reason", "has more than %d bytes: shorten it", maxReason)
	}
	if spec.Until.IsZero() {
		found.add("spec.until", "is required: every exception ends, as in 2026-12-31T00:00:00Z")
	}
	if !checkLists(spec, found) {
		return e
	}
	for i, kind := range spec.Kinds {
		if !slices.Contains(Kinds(), kind) {
			found.add(fmt.Sprintf("spec.kinds[%d]", i), "unknown kind %q%s", kind, nearest(kind, Kinds()))
		}
	}
	e.readNames(spec.Names, found)
	return e
}

// checkLists reports whether the lists of an exception are short enough to be read.
func checkLists(spec v1alpha1.PolicyExceptionSpec, found *problems) bool {
	short := true
	for at, list := range map[string][]string{"spec.rules": spec.Rules, "spec.names": spec.Names, "spec.kinds": spec.Kinds} {
		switch {
		case len(list) == 0 && at != "spec.kinds":
			found.add(at, "is required")
		case len(list) > maxExceptionEntries:
			found.add(at, "has more than %d entries: use several exceptions", maxExceptionEntries)
			short = false
		}
	}
	return short
}

// readNames sorts the globs of the own namespace from those of others.
func (e *Exception) readNames(names []string, found *problems) {
	e.own = globs{names: map[string]struct{}{}}
	for i, name := range names {
		at := fmt.Sprintf("spec.names[%d]", i)
		namespace, pattern, isForeign := strings.Cut(name, "/")
		if !isForeign {
			e.own.add(at, name, objectCharacters, found)
			continue
		}
		if len(validation.IsDNS1123Label(namespace)) > 0 {
			found.add(at, "%q does not begin with a namespace: write \"name\", or \"namespace/name\" for another one's", name)
			continue
		}
		foreign := foreignGlob{namespace: namespace, names: globs{names: map[string]struct{}{}}}
		foreign.names.add(at, pattern, objectCharacters, found)
		e.foreign = append(e.foreign, foreign)
	}
}

// covers reports whether the exception is for a rule and an object.
func (e *Exception) covers(rule string, o Object) bool {
	if !slices.Contains(e.rules, rule) || len(e.kinds) > 0 && !slices.Contains(e.kinds, o.Kind) {
		return false
	}
	if o.Namespace == e.Namespace && e.own.match(o.Name) {
		return true
	}
	return slices.ContainsFunc(e.foreign, func(f foreignGlob) bool {
		return f.namespace == o.Namespace && f.names.match(o.Name)
	})
}
