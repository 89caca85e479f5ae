// Package registrytest runs OCI registries under real host names in this process: TLS on loopback with an authority of its
// own, artifacts like those of Flux and Helm, faults on demand, and a proxy through which another process reaches them
// as ghcr.io. It serves tests and the demo; nothing in it needs a *testing.T.
package registrytest
