package policytest

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"

	"github.com/fluxgate/fluxgate/flux"
	"github.com/fluxgate/fluxgate/registry"
)

// digest is what a registry answers with.
var digest = regexp.MustCompile(`^sha256:[0-9a-f]{64}$`)

// fact is what a registry says: what a ref names, or why it does not say it.
type fact struct {
	answer registry.Resolution
	class  registry.Class // empty where there is an answer
}

// newFacts reads facts, and says all that is wrong with them.
func newFacts(written writtenFacts) (map[string]fact, error) {
	facts := make(map[string]fact, len(written.Resolved))
	var wrong []error
	for _, key := range slices.Sorted(maps.Keys(written.Resolved)) {
		f, err := newFact(key, written.Resolved[key])
		if err != nil {
			wrong = append(wrong, fmt.Errorf("facts.resolved[%q]: %w", key, err))
		}
		facts[key] = f
	}
	return facts, errors.Join(wrong...)
}

func newFact(key, value string) (fact, error) {
	colon := strings.LastIndex(key, ":")
	if colon < 0 || strings.Contains(key[colon:], "/") {
		return fact{}, errors.New("names no tag: write repository:tag, as in ghcr.io/acme/app:v1.0.0")
	}
	repository, err := flux.ParseRepository("oci://" + key[:colon])
	switch {
	case err != nil:
		return fact{}, err
	case repository.String() != key[:colon]:
		return fact{}, fmt.Errorf("the repository is called %s here", repository)
	}
	if class := registry.Class(value); slices.Contains(classes(), class) {
		return fact{class: class}, nil
	}
	tag, named, hasTag := strings.Cut(value, "@")
	if !hasTag {
		tag, named = key[colon+1:], value
	}
	if !digest.MatchString(named) || tag == "" {
		return fact{}, fmt.Errorf("%q is no answer: write sha256: and 64 hexadecimal digits, for a range behind the tag that it selects "+
			"(v1.2.3@sha256:…), or the class of an error: %s", value, strings.Join(names(classes()), ", "))
	}
	return fact{answer: registry.Resolution{Tag: tag, Digest: named}}, nil
}

// classes are those that a registry can fail with.
func classes() []registry.Class {
	return slices.DeleteFunc(registry.Classes(), func(c registry.Class) bool { return c == registry.ClassReference })
}

func names(classes []registry.Class) []string {
	all := make([]string, len(classes))
	for n, class := range classes {
		all[n] = string(class)
	}
	return all
}

// registries answer with facts, and open nothing.
type registries map[string]fact

var _ registry.Resolver = registries(nil)

// Resolve answers what is listed. Everything else is as in a check that is offline.
func (r registries) Resolve(_ context.Context, q registry.Query) (registry.Resolution, error) {
	ref := q.Source.Ref
	asked := q.Source.Repository.String() + ":" + cmp.Or(ref.Semver, ref.Tag, "latest")
	known, listed := r[asked]
	switch {
	case !listed:
		return registry.Resolution{}, &registry.Error{Class: registry.ClassOffline, Reference: asked, Advice: "facts.resolved does not list it"}
	case known.class != "":
		return registry.Resolution{}, &registry.Error{Class: known.class, Reference: asked, Advice: "so say the facts of the test"}
	}
	return known.answer, nil
}
