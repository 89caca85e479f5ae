package registry

import (
	"context"
	"errors"
	"net"
	"net/http"

	"github.com/prometheus/client_golang/prometheus"
)

// Metrics count what registries are asked. Their labels are bounded: no host, repository or namespace is among them, which
// tenants write. A nil *Metrics counts nothing.
type Metrics struct {
	requests, resolves *prometheus.CounterVec
}

// NewMetrics registers the counters with r.
func NewMetrics(r prometheus.Registerer) (*Metrics, error) {
	m := &Metrics{
		requests: prometheus.NewCounterVec(prometheus.CounterOpts{
			Namespace: "fluxgate", Name: "registry_requests_total",
			Help: "Requests to registries and their token servers, greetings and redirects included, by outcome: ok, redirect, " +
				"rejected, or the class of a failure.",
		}, []string{"outcome"}),
		resolves: prometheus.NewCounterVec(prometheus.CounterOpts{
			Namespace: "fluxgate", Name: "registry_resolves_total",
			Help: "Tags and ranges that were asked for, by who answered (cache, registry, or nobody where none was asked) and " +
				"outcome: ok, or the class of the failure.",
		}, []string{"answer", "outcome"}),
	}
	return m, errors.Join(r.Register(m.requests), r.Register(m.resolves))
}

// The outcomes that are no Class.
const (
	outcomeOK       = "ok"
	outcomeRedirect = "redirect"
	// outcomeRejected is a status of the client's fault that has no class of its own.
	outcomeRejected = "rejected"
)

// answeredBy says who answered a query.
type answeredBy string

const (
	byCache    answeredBy = "cache"
	byRegistry answeredBy = "registry"
	byNobody   answeredBy = "nobody"
)

func (m *Metrics) resolved(by answeredBy, err error) {
	if m == nil {
		return
	}
	outcome := outcomeOK
	var failure *Error
	switch {
	case errors.As(err, &failure):
		outcome = string(failure.Class)
	case err != nil: // none of these is returned; were one, it must not pass for an answer
		outcome = string(ClassMalformed)
	}
	m.resolves.WithLabelValues(string(by), outcome).Inc()
}

func (m *Metrics) sent(resp *http.Response, err error) {
	if m == nil {
		return
	}
	outcome := ""
	if err != nil {
		outcome = string(outcomeOfError(err))
	} else {
		outcome = outcomeOfStatus(resp.StatusCode)
	}
	m.requests.WithLabelValues(outcome).Inc()
}

func outcomeOfStatus(code int) string {
	switch {
	case code < http.StatusMultipleChoices:
		return outcomeOK
	case code < http.StatusBadRequest:
		return outcomeRedirect
	case code == http.StatusUnauthorized, code == http.StatusForbidden:
		return string(ClassUnauthorized)
	case code == http.StatusNotFound:
		return string(ClassNotFound)
	case code == http.StatusTooManyRequests:
		return string(ClassRateLimited)
	case code < http.StatusInternalServerError:
		return outcomeRejected
	default:
		return string(ClassUnreachable)
	}
}

func outcomeOfError(err error) Class {
	var refused *refusedError
	var network net.Error
	switch {
	case errors.As(err, &refused):
		return ClassRefused
	case errors.Is(err, errRedirects), errors.Is(err, errTooLarge):
		return ClassMalformed
	case errors.Is(err, context.DeadlineExceeded), errors.Is(err, context.Canceled), errors.As(err, &network) && network.Timeout():
		return ClassTimeout
	default:
		return ClassUnreachable
	}
}
