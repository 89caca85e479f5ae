// Package verdicts says what came of the signatures of an artifact. It reads whom a verify block trusts, chooses the scheme,
// opens a session with the registry, and remembers the verdict.
//
// A verdict is remembered by the digest, by everything that it was verified with (the content of keys, identities, trust
// policies and roots, not the names of Secrets) and by the login that it was asked with: never by a tag. So a key that is
// rotated counts at once, what one tenant may read is no answer to another, and what was verified is the digest that is
// stored. Equal questions share one verification.
package verdicts
