package verify

import (
	"errors"
	"fmt"
)

// ErrNoTrustRoot says that a keyless signature cannot be verified, as nobody said which authorities are trusted. It is an
// infrastructure error.
var ErrNoTrustRoot = errors.New("no trusted root is configured for keyless signatures")

// UnknownImagePolicyError says that a demand names a ClusterImagePolicy that is not there. It is no verdict: the policy may be about
// to come.
type UnknownImagePolicyError struct{ Name string }

func (e *UnknownImagePolicyError) Error() string {
	return fmt.Sprintf("ClusterImagePolicy %s, which a demand names, is not known", e.Name)
}

// Unwrap makes it an ErrImagePolicy.
func (e *UnknownImagePolicyError) Unwrap() error { return ErrImagePolicy }

// ErrImagePolicy says that a ClusterImagePolicy that is demanded is not known, or cannot be read. It is an infrastructure error, which
// an administrator must mend.
var ErrImagePolicy = errors.New("a ClusterImagePolicy is not known, or cannot be read")
