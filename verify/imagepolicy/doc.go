// Package imagepolicy judges artifacts by ClusterImagePolicies of sigstore's policy-controller, with the code of its own
// library (v0.15.1).
//
// Parse refuses what cannot be judged: what would dial anything but the registry that a Visit leads to, what would be
// read from elsewhere, and what the library would silently leave out. A policy is either understood as a whole or not in
// force at all.
//
// Verify asks one authority after the other, by the library's ValidatePolicySignaturesForAuthority and
// ValidatePolicyAttestationsForAuthority. Without a policy of its own (spec.policy) the ClusterImagePolicy admits by the
// first that passes; with one, all are asked, and the policy is evaluated over those that passed. That is what the
// library's ValidatePolicy does as well, and a test compares the two (demandedBy is where Fluxgate is stricter). ValidatePolicy
// itself is not called: it judges in goroutines of its own, where a panic would end the process, waits for all of them past
// every deadline, and fetches configurations over a connection of its own. Of an authority, cosign still verifies each
// signature in a goroutine, where nobody could recover a panic; hostile_test.go tries those contents that come to mind.
//
// Nothing is cached and nothing is written to disk. The library's own roads to a network (TUF, Rekor, Fulcio) are closed:
// an authority that would take one is judged against the given trusted root, or not at all (verify.ErrNoTrustRoot).
package imagepolicy
