package verify

import "errors"

// ErrNoTrustRoot says that a keyless signature cannot be verified, as nobody said which authorities are trusted. It is an
// infrastructure error.
var ErrNoTrustRoot = errors.New("no trusted root is configured for keyless signatures")
