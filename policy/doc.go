// Package policy reads SourcePolicies, says which of them judge an object, and judges it by rules written in Rego. It is
// pure: the same review and policy give the same violations, without a clock, a network or a cluster. One thing is not: custom
// rules have a budget of time and memory, and what runs out of it is a failure, which depends on the machine (budget.go, tired.go).
//
// # Order
//
// Load compiles the rules and prepares, for each policy and phase, one query over exactly the rules that the policy names.
// Nothing is compiled later. A review is converted once by NewInput and judged by every policy that Set.Match gives:
// the Static phase first, since what it says decides what may be dialled, then the Facts phase with what was found out.
//
// # Failure
//
// Three things are kept apart. What a policy gets wrong is a *LoadError, and then there is no Set. What an object gets
// wrong is a Violation. A rule that gives no readable answer (undefined, of another type, an error, out of time) is a
// *RuleError: never a violation and never the absence of one; the other rules of the policy are heard all the same.
//
// # Rules
//
// A rule is one file rules/<name>.rego with the package fluxgate.rules.<name>, and its test beside it; nothing in Go knows
// its name (but for registry-allowlist, after which the gate asks). METADATA describes it, see Rule. The package defines
//
//   - violations, a set of {path, message, remediation}, with source (an index into input.sources) unless the violation is
//     of the whole object, and with own: true where it speaks of the judged object's own fields only, although the source
//     is declared by another object. What is not own is replaced, for an object of another namespace, by a sentence that
//     names that object and reveals nothing of it.
//   - prepared (optional), made of the parameters once when the policy is loaded, and found in input.prepared.
//   - invalid (optional), a set of {path, message}: what the JSON schema cannot say of the parameters. The path is below
//     params, as in ".allow[0]".
//
// # Input
//
// INPUT.md describes the document that rules read, field by field, and what custom rules may call. What is empty or false in
// the object is absent; sources, ref, identities and parents are always there.
//
// # Concurrency and caching
//
// A Set and its Policies never change and may be used concurrently; a reload makes a new Set. Since rules are functions of
// their input, each policy remembers what it said of the last few hundred inputs (memo.go): the dry run, the request
// and the retry of a GitOps controller are judged once. A *RuleError is never remembered.
package policy
