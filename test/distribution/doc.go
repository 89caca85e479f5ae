// Package distribution runs the CNCF distribution registry, the one that most others are made of, as processes on loopback:
// with TLS, client certificates, htpasswd and token authentication, and its own access log. `make registry` builds it.
package distribution
