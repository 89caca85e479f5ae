// Package policy reads SourcePolicies, says which of them judge an object, and judges it by rules written in Rego. It is
// pure: the same review and policy give the same violations, without a clock, a network or a cluster.
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
// What is empty or false in the object is absent; sources, ref, identities and parents are always there.
//
//	operation                    CREATE or UPDATE
//	object                       api_version, kind, namespace, name, service_account_name (of HelmRelease and Kustomization),
//	                             interval, chart_interval: as in flux.Intervals
//	params, prepared             by rule
//	sources[i]                   form, kind, path, url, problem, chart, media_type, provider, secret_ref, cert_secret_ref,
//	                             proxy_secret_ref, service_account_name, insecure, changed, pending: as in SourceReview
//	sources[i].origin            group, kind, namespace, name: the declaring object, where it is another
//	sources[i].repository        host, path, name (both joined), parents (what name lies below), cloud, silent_http
//	sources[i].ref               tag, semver, semver_filter, digest
//	sources[i].ref.range         text, malformed, bounded, prereleases: as in flux.Range, where a range decides
//	sources[i].verify            provider (cosign where none is written), secret_ref, trusted_root_secret_ref,
//	                             identities[j].issuer and .subject
//	sources[i].resolved          tag, digest: what the registry says
//	sources[i].keys              problem, entries[j].entry and .fingerprint: the Secret of the verify block, for rules
//	                             that say "needs: [keys]"; absent where it could not be read
//
// # Concurrency and caching
//
// A Set and its Policies never change and may be used concurrently; a reload makes a new Set. Since rules are functions of
// their input, each policy remembers what it said of the last few hundred inputs (memo.go): the dry run, the request
// and the retry of a GitOps controller are judged once. A *RuleError is never remembered.
package policy
