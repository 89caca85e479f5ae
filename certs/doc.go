// Package certs keeps the serving certificate of the webhooks and the CA bundle by which the API server trusts it.
//
// # Order
//
// A round ([Certs.Ensure]) reads the Secret, renews what is due in it, publishes the CA bundle into the webhook
// configurations, and only then serves the leaf: an API server never meets a certificate that it was not told of. A leaf of
// a CA that is new to this process is held back for a further settle time while the old one is still good, because API servers
// see a changed configuration a little later than it was written.
//
// # Sharing
//
// All replicas serve what the Secret holds. Whoever writes it first wins: a create that finds the Secret there reads the
// winner's, an update that conflicts starts its round again. The Secret belongs to Fluxgate: content that is incomplete,
// malformed, expired or made for other names is replaced, as narrowly as it can be (a leaf before a CA).
//
// # Rotation
//
// A leaf lives a year and a CA ten; each is renewed when a third of its life is left. The bundle is the union of the CAs of
// the Secret and of those already published, without the expired ones, so that old and new leaves are both trusted while
// replicas move over.
//
// # Caching and concurrency
//
// The served leaf is in memory; [Certs.GetCertificate] takes no lock and reads nothing. Ensure is called from one goroutine
// at a time (Run, or the caller before Run); the other methods may be called from any.
//
// # Failure
//
// An API server that cannot be reached, a missing webhook configuration or a refused write is an infrastructure error: Run
// logs it and tries again with backoff, and what is served stays served. [Certs.Ready] fails until the first leaf is
// served, and once the served one has expired.
package certs
