package main

import (
	"github.com/prometheus/client_golang/prometheus"

	"github.com/fluxgate/fluxgate/verify"
)

// verifications counts what came of verifying signatures at registries; what is remembered is not counted.
type verifications struct {
	verified *prometheus.CounterVec
	requests prometheus.Counter
}

func newVerifications(r prometheus.Registerer) (*verifications, error) {
	v := &verifications{
		verified: prometheus.NewCounterVec(prometheus.CounterOpts{
			Namespace: "fluxgate", Name: "verifications_total",
			Help: "Verifications of signatures at registries, by scheme (empty where none is good) and result: verified, the reason why not, or error.",
		}, []string{"scheme", "result"}),
		requests: prometheus.NewCounter(prometheus.CounterOpts{
			Namespace: "fluxgate", Name: "verification_requests_total",
			Help: "Requests to registries for signatures, logins apart.",
		}),
	}
	for _, c := range []prometheus.Collector{v.verified, v.requests} {
		if err := r.Register(c); err != nil {
			return nil, err
		}
	}
	return v, nil
}

func (v *verifications) observe(found verify.Signature, err error, requests int) {
	result := string(found.Reason)
	switch {
	case err != nil:
		result = "error"
	case found.Verified:
		result = "verified"
	}
	v.verified.WithLabelValues(string(found.Scheme), result).Inc()
	v.requests.Add(float64(requests))
}
