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
)

// The paths that the shipped webhook configurations call.
const (
	MutatePath   = "/mutate"
	ValidatePath = "/validate"
)

// Options are what the handlers lean on.
type Options struct {
	Reviewer gate.Reviewer
	Metrics  *Metrics
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
	server.Register(MutatePath, o.hook("mutate", o.mutate))
	server.Register(ValidatePath, o.hook("validate", o.validate))
}

// review answers one decoded request.
type review func(ctx context.Context, req gate.Request) (admission.Response, gate.Decision)

// hook wraps a review: decoding before it, deadline round it, metrics and log after it.
func (o Options) hook(door string, answer review) *admission.Webhook {
	handle := func(ctx context.Context, raw admission.Request) admission.Response {
		ctx, cancel := context.WithTimeout(ctx, o.timeout(ctx))
		defer cancel()
		req, err := decode(raw)
		if err != nil {
			return o.badRequest(ctx, door, err)
		}
		response, decision := answer(ctx, req)
		o.Metrics.observe(door, decision, response)
		logDecision(ctx, door, decision)
		return response
	}
	return &admission.Webhook{Handler: admission.HandlerFunc(handle), WithContextFunc: withCallTimeout}
}

// badRequest answers what is no review of a Flux object: bad input, and never an allow.
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
