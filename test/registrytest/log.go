package registrytest

import (
	"net/http"
	"slices"
)

// Request is a request that reached the listener.
type Request struct {
	Method, Host, Path, Query string
	// Authorization is the header as sent, and Agent that of who sent it.
	Authorization, Agent string
}

func (r *Registry) log(req *http.Request) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.requests = append(r.requests, Request{
		Method: req.Method, Host: req.Host, Path: req.URL.Path, Query: req.URL.RawQuery,
		Authorization: req.Header.Get("Authorization"), Agent: req.UserAgent(),
	})
}

// Requests returns all requests since the start or the last Forget, in order.
func (r *Registry) Requests() []Request {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Clone(r.requests)
}

// Forget empties the log.
func (r *Registry) Forget() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.requests = nil
}

// Count counts the logged requests with a method (any where it is empty) to a place or below it: "ghcr.io",
// "ghcr.io/acme/app", "ghcr.io/acme/app/manifests/v1".
func (r *Registry) Count(method, prefix string) int {
	count := 0
	for _, req := range r.Requests() {
		if (method == "" || req.Method == method) && below(place(req.Host, req.Path), prefix) {
			count++
		}
	}
	return count
}
