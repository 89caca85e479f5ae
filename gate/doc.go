// Package gate takes one object from review to decision. It is the only place that knows the order of the steps:
//
//  1. pass unjudged what is being deleted, unchanged or being suspended (unjudged.go);
//  2. read the object's sources, and match the policies, for the namespaces that refer to it too (review.go, referrers.go);
//  3. read the keys of verify blocks, where a policy asks for them (keys.go), and run the static rules, before anything is
//     dialled; judge missing sources (evaluate.go, missing.go);
//  4. resolve what must be known, unless an allow-list refuses the host (asking.go, resolve.go); of an object that is denied, only a
//     digest whose absence is all that is wrong with it (exact.go);
//  5. Mutate: write, keep or take out the digest (mutate.go);
//     Validate: verify the signatures of the digest that is there, where a policy asks about them (signatures.go, unmet.go, and
//     unverified.go for what could not be told), run the fact rules and judge the pin (validate.go, pinned.go);
//  6. turn into a warning what the stored object already violated (ratchet.go);
//  7. decide (decide.go).
//
// What could not be told is a Failure, never a violation and never a pass.
package gate
