package cosign

import (
	"errors"
	"fmt"

	"github.com/sigstore/sigstore-go/pkg/root"

	"github.com/fluxgate/fluxgate/verify"
)

var errTrustedRoot = errors.New("it is no sigstore TrustedRoot in JSON")

// trustedRoot reads that of the demand, whose faults are those of a Secret, or else the verifier's own, whose faults are an
// error.
func trustedRoot(demand verify.Cosign, options Options) (*root.TrustedRoot, *verify.Signature, error) {
	if demand.TrustedRoot != nil {
		trusted, err := parseRoot(demand.TrustedRoot)
		if err != nil {
			refusal := verify.Unverified(verify.ReasonSecret, "is to be verified with a trusted root that cannot be read: "+
				err.Error()+"; write it with cosign trusted-root create")
			return nil, &refusal, nil
		}
		return trusted, nil, nil
	}
	if options.TrustedRoot == nil {
		return nil, nil, verify.ErrNoTrustRoot
	}
	trusted, err := parseRoot(options.TrustedRoot)
	if err != nil {
		return nil, nil, fmt.Errorf("read the trusted root for keyless signatures: %w", err)
	}
	return trusted, nil, nil
}

func parseRoot(raw []byte) (trusted *root.TrustedRoot, err error) {
	defer recovered(func() { trusted, err = nil, errTrustedRoot })
	if len(raw) > maxRoot {
		return nil, fmt.Errorf("it has more than %d bytes", maxRoot)
	}
	if trusted, err = root.NewTrustedRootFromJSON(raw); err != nil {
		return nil, errTrustedRoot // the library's error may quote what it read
	}
	return trusted, nil
}
