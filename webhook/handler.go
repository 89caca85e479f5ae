package webhook

import (
	"context"
	"errors"
	"net/http"
	"time"

	"github.com/go-logr/logr"
	"sigs.k8s.io/controller-runtime/pkg/webhook/admission"

	"github.com/fluxgate/fluxgate/flux"
	"github.com/fluxgate/fluxgate/gate"
	"github.com/fluxgate/fluxgate/policy"
)

// The paths that the shipped webhook configurations call.
const (
	MutatePath     = "/mutate"
	ValidatePath   = "/validate"
	PoliciesPath   = "/policies"
	NamespacesPath = "/namespaces"
)

// Options are what the handlers lean on; none but Access, InFiles, Now and Timeout may be left out.
type Options struct {
	Reviewer gate.Reviewer
	Guard    Guard
	// Access tells what users may bypass; nil means that nobody may bypass anything.
	Access Access
	// Compiler reads a policy as it is read when it is put in force.
	Compiler Compiler
	// Policies returns the policies in force.
	Policies func() *policy.Set
	// InFiles reports whether a policy of that name is read from files, so that none of the cluster can have it; nil means
	// that none is.
	InFiles func(name string) bool
	// Now is the clock by which exceptions end; nil means time.Now.
	Now     func() time.Time
	Metrics *Metrics
	// Timeout is the longest that one review may take. It must be shorter than the timeoutSeconds of the webhook
	// configurations, so that the API server gets an answer of ours and not its own time-out. Zero means 8 s.
	Timeout time.Duration
}

// Register puts the handlers on a webhook server.
func Register(server interface {
	Register(path string, hook http.Handler)
}, o Options) {
	if o.Timeout == 0 {
		o.Timeout = 8 * time.Second
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.InFiles == nil {
		o.InFiles = func(string) bool { return false }
	}
	server.Register(MutatePath, o.hook("mutate", o.object(o.mutate)))
	server.Register(ValidatePath, o.hook("validate", o.object(o.validate)))
	server.Register(PoliciesPath, o.hook("policies", o.written(newBounded(o.Compiler))))
	server.Register(NamespacesPath, o.hook("namespaces", o.namespace))
}

// review answers one request. An error is a request that the door was not made for, or that it cannot read.
type review func(ctx context.Context, raw admission.Request) (admission.Response, gate.Decision, error)

// hook wraps a review: deadline round it, metrics and log after it.
func (o Options) hook(door string, answer review) *admission.Webhook {
	handle := func(ctx context.Context, raw admission.Request) admission.Response {
		ctx, cancel := context.WithTimeout(ctx, o.timeout(ctx))
		defer cancel()
		response, decision, err := answer(ctx, raw)
		if err != nil {
			return o.badRequest(ctx, door, err)
		}
		o.Metrics.observe(door, decision, response)
		logDecision(ctx, door, decision)
		return response
	}
	return &admission.Webhook{Handler: admission.HandlerFunc(handle), WithContextFunc: withCallTimeout}
}

// object makes a review of one that is about a Flux object. Who sends it is asked for his rights only where that decides.
func (o Options) object(answer func(context.Context, gate.Request) (admission.Response, gate.Decision)) review {
	return func(ctx context.Context, raw admission.Request) (admission.Response, gate.Decision, error) {
		req, err := decode(raw)
		if err != nil {
			return admission.Response{}, gate.Decision{}, err
		}
		req.Bypass = o.byName(raw.UserInfo)
		response, decision := answer(ctx, req)
		return response, decision, nil
	}
}

// badRequest answers what is no review that the door was made for: bad input, and never an allow.
func (o Options) badRequest(ctx context.Context, door string, err error) admission.Response {
	code := int32(http.StatusBadRequest)
	var bad *flux.ObjectError
	if errors.As(err, &bad) {
		code = http.StatusUnprocessableEntity
	}
	response := admission.Errored(code, err)
	o.Metrics.observe(door, gate.Decision{}, response)
	logr.FromContextOrDiscard(ctx).Info("bad request", "door", door, "error", err.Error())
	return response
}

type callTimeoutKey struct{}

// withCallTimeout keeps the time that the API server grants this call; it sends it as a query parameter.
func withCallTimeout(ctx context.Context, r *http.Request) context.Context {
	granted, err := time.ParseDuration(r.URL.Query().Get("timeout"))
	if err != nil || granted <= 0 {
		return ctx
	}
	return context.WithValue(ctx, callTimeoutKey{}, granted)
}

// timeout is the configured one, or less where the API server waits for less. A fifth of its time is left for the way back.
func (o Options) timeout(ctx context.Context) time.Duration {
	granted, found := ctx.Value(callTimeoutKey{}).(time.Duration)
	if !found {
		return o.Timeout
	}
	return min(o.Timeout, granted*4/5)
}
