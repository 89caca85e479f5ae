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
