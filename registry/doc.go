// Package registry tells which digest a tag or a semver range names, as Flux's source-controller would find it.
//
// One Resolve goes through these steps, in this order:
//
//  1. the ref of the object is read (plan.go); one that cannot be read ends here, as ClassReference, and nothing is dialled;
//  2. the credentials are read (Credentials, object.go), every time, and never kept: only a hash of them goes into the
//     cache's key;
//  3. the cache is asked, unless the query is Fresh (cache.go);
//  4. a registry that asked for a pause is not asked (pause.go);
//  5. equal queries of a namespace share one request to the registry (client.go), which waits for its turn: first its
//     namespace's, then the registry's (turns.go). Each caller waits only as long as its own context allows; the shared
//     request goes on without it, within its own deadline, and fills the cache for all;
//  6. the registry is asked as Flux asks it (ask.go): list the tags where there is a semver range, then HEAD, and GET
//     where HEAD did not answer. A login of a cloud is got before that (cloud.go, package cloud).
//
// Everything that is sent, redirects and token requests included, goes through one exchange, which limits time, bytes and
// redirects (exchange.go), and through the egress guard, which judges the address that is really dialled (guard.go,
// dialer.go). Only registries that are inside the network lead to others inside (ways.go). Queries that may reach private
// addresses and queries that may not never share a connection, nor do queries with different certificates or proxies of
// their own (routes.go).
//
// Every failure is an *Error with a Class. A Client is safe for concurrent use; its memory is bounded by its Options.
package registry
