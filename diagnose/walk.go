package diagnose

import (
	"context"
	"errors"
	"strings"

	sourcev1 "github.com/fluxcd/source-controller/api/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/fluxgate/fluxgate/flux"
	"github.com/fluxgate/fluxgate/registry"
	"github.com/fluxgate/fluxgate/verify"
)

// Signatures verifies what a verify block demands.
type Signatures interface {
	// Verify says whether the artifact of a digest is signed as the source's verify block demands. Its error means that this
	// could not be told; an *registry.Error, that a registry kept it from it.
	Verify(ctx context.Context, source flux.Source, digest string) (verify.Signature, error)
}

// Walker walks the steps of OCIRepositories.
type Walker struct {
	// Registry asks registries. It logs in by the same Logins. Nil asks none: the steps from reach on are skipped.
	Registry *registry.Client
	// Logins read what an object names.
	Logins Logins
	// Signatures verifies. It may be nil only where Registry is.
	Signatures Signatures
	// Details fills Step.Because.
	Details bool
}

// walk is one object on its way.
type walk struct {
	Walker
	source    flux.Source
	operation string // layerSelector.operation
	login     identity
	digest    string
	steps     []Step
}

// Walk diagnoses an OCIRepository. Its error is a *flux.ObjectError where the object cannot be read as one: the API server
// would not have taken it. Steps that ctx ended before their time have failed with a time-out.
func (w Walker) Walk(ctx context.Context, object *unstructured.Unstructured) (Diagnosis, error) {
	sources, err := flux.Sources(ctx, object, flux.LookupFunc(refersToNothing))
	if err != nil {
		return Diagnosis{}, err
	}
	if kind := object.GetKind(); kind != sourcev1.OCIRepositoryKind {
		return Diagnosis{}, &flux.ObjectError{Path: "kind", Message: "is " + flux.Plain(kind) + ", which is not walked"}
	}
	operation, _, err := unstructured.NestedString(object.Object, "spec", "layerSelector", "operation")
	if err != nil {
		return Diagnosis{}, &flux.ObjectError{Path: "spec.layerSelector.operation", Message: "must be a string"}
	}
	suspended, _, _ := unstructured.NestedBool(object.Object, "spec", "suspend") // flux.Sources has looked at its type
	at := &walk{Walker: w, source: sources[0], operation: operation}
	at.run(ctx)
	return Diagnosis{
		Object: Object{Kind: object.GetKind(), Namespace: object.GetNamespace(), Name: object.GetName(), Suspended: suspended},
		Steps:  at.steps,
	}, nil
}

func refersToNothing(context.Context, flux.Key) (*unstructured.Unstructured, error) { return nil, nil }

// run takes each step while those before it let it.
func (w *walk) run(ctx context.Context) {
	for _, next := range []struct {
		name string
		take func(context.Context) Step
	}{
		{URL, w.url},
		{Credentials, w.readCredentials},
		{Reach, w.reach},
		{Auth, w.auth},
		{Ref, w.ref},
		{Manifest, w.manifest},
		{Signature, w.signature},
	} {
		step := Step{Status: Skipped}
		if !w.blocked() {
			step = next.take(ctx)
		}
		step.Name = next.name
		w.steps = append(w.steps, step)
	}
}

// blocked reports whether there is no way on: Flux gets no further either, or what is needed could not be read.
func (w *walk) blocked() bool {
	for _, step := range w.steps {
		if step.Status == Failed || step.Status == Unknown {
			return true
		}
	}
	return false
}

// url reads the url by itself: a ref that leads out of the repository spoils the source too, and is for a later step.
func (w *walk) url(context.Context) Step {
	repository, err := flux.ParseRepository(w.source.URL)
	if err != nil {
		return Step{Status: Failed, Detail: err.Error(), Remedy: "write spec.url as oci://HOST/REPOSITORY, in lower case and without a tag or digest"}
	}
	if strings.HasPrefix(w.source.Problem, "ref.") {
		w.source.Repository = repository
	}
	return Step{Status: Passed, Detail: repository.String()}
}

func (w *walk) readCredentials(ctx context.Context) Step {
	step, login := w.credentials(ctx, w.plain())
	w.login = login
	return step
}

// plain is the source without its ref: what is asked of the registry as a whole depends on no ref.
func (w *walk) plain() flux.Source {
	source := w.source
	source.Ref, source.Problem = flux.Ref{}, ""
	return source
}

// because is what is behind an error, for those who want to know.
func (w Walker) because(err error) string {
	failure := (*registry.Error)(nil)
	if !w.Details || err == nil {
		return ""
	}
	if errors.As(err, &failure) {
		if failure.Err == nil {
			return ""
		}
		return failure.Err.Error()
	}
	return err.Error()
}
