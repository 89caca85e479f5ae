package cosign

import (
	"fmt"
	"slices"

	"github.com/fluxgate/fluxgate/verify"
)

func good(signer verify.Signer) verify.Signature {
	return verify.Signature{Verified: true, Signers: []verify.Signer{signer}}
}

// unsigned is said where there is nothing to look at.
func unsigned() verify.Signature {
	return verify.Unverified(verify.ReasonUnsigned, "has no cosign signature; sign it by its digest with cosign sign")
}

func malformed() verify.Signature {
	return verify.Unverified(verify.ReasonMalformed,
		"has something in the place of a cosign signature that cannot be read as one; remove that, and sign it again")
}

func otherArtifact() verify.Signature {
	return verify.Unverified(verify.ReasonOtherArtifact,
		"has a cosign signature that is good, and of another artifact; sign this one by its digest")
}

func tooMany() verify.Signature {
	return verify.Unverified(verify.ReasonTooMany, fmt.Sprintf(
		"has more than %d cosign signatures, or larger ones than are looked at, and no good one among the first; remove those that "+
			"nobody needs", maxSignatures))
}

// better returns the one of two that tells more: which is nearer to a good signature. The first stands where none is.
func better(a, b verify.Signature) verify.Signature {
	if rank(b) < rank(a) {
		return b
	}
	return a
}

func rank(found verify.Signature) int {
	if found.Verified {
		return 0
	}
	return 1 + slices.Index([]verify.Reason{
		verify.ReasonTooMany, verify.ReasonWrongIdentity, verify.ReasonExpired, verify.ReasonOtherArtifact,
		verify.ReasonWrongKey, verify.ReasonMalformed, verify.ReasonUnsigned,
	}, found.Reason)
}
