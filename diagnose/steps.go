package diagnose

import (
	"context"
	"errors"
	"fmt"

	"github.com/fluxgate/fluxgate/flux"
	"github.com/fluxgate/fluxgate/registry"
)

// offline is the step of a walk that asks nobody.
func offline() Step { return Step{Status: Skipped, Detail: "--offline asks no registry"} }

func (w *walk) reach(ctx context.Context) Step {
	if w.Registry == nil {
		return offline()
	}
	access, err := w.Registry.Access(ctx, w.plain(), "", false)
	if err != nil {
		return w.failed(Reach, err)
	}
	connection, err := access.Reach(ctx)
	if err != nil {
		return w.failed(Reach, err)
	}
	step := Step{Status: Passed, Detail: w.source.Repository.Host + " answers"}
	if connection.TLS == "" {
		step.Detail += " by plain http"
	}
	if w.Details {
		step.Because = "it is connected to " + connection.Address
		if connection.TLS != "" {
			step.Because += fmt.Sprintf(", %s, certificate by %s", connection.TLS, connection.Issuer)
		}
	}
	return step
}

// auth logs in, as far as registries check that before they are asked for something: what asks for a user and a password
// takes its time until then. So the step is corrected where the next request is refused (denied).
func (w *walk) auth(ctx context.Context) Step {
	if w.Registry == nil {
		return offline()
	}
	session, err := w.open(ctx, w.plain(), "")
	if err != nil {
		return w.failed(Auth, err)
	}
	session.Close()
	return Step{Status: Passed, Detail: w.whoseLogin()}
}

func (w *walk) open(ctx context.Context, source flux.Source, digest string) (*registry.Session, error) {
	access, err := w.Registry.Access(ctx, source, digest, false)
	if err != nil {
		return nil, err
	}
	return access.Open(ctx)
}

// denied moves the failure of the first request for the repository to the step that it belongs to.
func (w *walk) denied(err error) bool {
	failure := (*registry.Error)(nil)
	if !errors.As(err, &failure) || failure.Class != registry.ClassUnauthorized {
		return false
	}
	for i := range w.steps {
		if w.steps[i].Name == Auth {
			w.steps[i] = w.failed(Auth, err)
			w.steps[i].Name = Auth
		}
	}
	return true
}

// ref names a digest: the object's own, or what its semver range or tag names now.
func (w *walk) ref(ctx context.Context) Step {
	if w.source.Problem != "" {
		said, remedy := inHalves(w.source.Problem)
		return Step{Status: Failed, Detail: said, Remedy: remedy}
	}
	if err := registry.CheckRef(w.source); err != nil {
		return w.failed(Ref, err)
	}
	ref := w.source.Ref
	if w.digest = ref.Digest; ref.Digest != "" {
		return Step{Status: Passed, Detail: ref.Digest + besides(ref)}
	}
	if w.Registry == nil {
		return offline()
	}
	found, err := w.Registry.Resolve(ctx, registry.Query{Source: w.source, Fresh: true})
	if w.denied(err) {
		return Step{Status: Skipped}
	}
	if err != nil {
		return w.failed(Ref, err)
	}
	w.digest = found.Digest
	switch {
	case ref.Semver != "":
		return Step{Status: Passed, Detail: fmt.Sprintf("semver %q selects the tag %s, which is %s", ref.Semver, found.Tag, found.Digest)}
	case ref.Tag == "":
		return Step{Status: Passed, Detail: fmt.Sprintf("no ref, so the tag %s, which is %s", found.Tag, found.Digest)}
	}
	return Step{Status: Passed, Detail: fmt.Sprintf("the tag %s is %s", found.Tag, found.Digest)}
}

// besides says what Flux does not look at beside a digest (source-controller, getArtifactRef).
func besides(ref flux.Ref) string {
	switch {
	case ref.Semver != "":
		return "; Flux does not look at the semver range beside it"
	case ref.Tag != "":
		return "; Flux does not look at the tag beside it"
	}
	return ""
}

// failed is the step that an error ended. It says the class, as webhook and logs do, and what can be done at this step.
func (w *walk) failed(name string, err error) Step {
	step := Step{Status: Failed, Because: w.because(err)}
	failure := (*registry.Error)(nil)
	object := (*flux.ObjectError)(nil)
	switch {
	case errors.As(err, &object):
		step.Detail, step.Remedy, step.Because = object.Path+": "+object.Message, object.Remedy, ""
	case errors.As(err, &failure) && failure.Class == registry.ClassCredentials:
		// They were well a moment ago, in a step of their own.
		step.Status, step.Detail, step.Remedy = Unknown, string(failure.Class)+": "+failure.Advice, "try again"
	case errors.As(err, &failure):
		wrong, remedy := w.explain(name, failure)
		step.Detail, step.Remedy = string(failure.Class)+": "+wrong, remedy
	default:
		step.Status, step.Detail = Unknown, err.Error()
	}
	return step
}
