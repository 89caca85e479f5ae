package imagepolicy

import (
	"context"
	"crypto/ecdsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/hex"
	"fmt"
	"slices"

	"github.com/sigstore/policy-controller/pkg/apis/config"
	"github.com/sigstore/policy-controller/pkg/apis/policy/v1alpha1"
	webhookcip "github.com/sigstore/policy-controller/pkg/webhook/clusterimagepolicy"
	commonpb "github.com/sigstore/protobuf-specs/gen/pb-go/common/v1"
	trustrootpb "github.com/sigstore/protobuf-specs/gen/pb-go/trustroot/v1"
	"github.com/sigstore/sigstore-go/pkg/root"
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"

	"github.com/fluxgate/fluxgate/verify"
)

// The names under which the library finds the given trusted root, in the forms that its two verifiers want.
const (
	legacyRoot = "fluxgate-legacy"
	bundleRoot = "fluxgate-bundle"
	// nowhere is where the library asks a transparency log for an entry that a signature does not bring along. Its client
	// refuses the scheme and dials nobody, so that the signature does not count.
	nowhere = "offline://no.transparency.log"
)

// needsRoot reports whether an authority cannot be judged without a trusted root.
func needsRoot(authority *webhookcip.Authority) bool {
	return authority.Keyless != nil || authority.CTLog != nil
}

// useGivenRoot makes an authority look into the given trusted root for what the library would otherwise ask TUF, Fulcio and
// Rekor for. As with the library's defaults, a keyless signature must be in a transparency log.
func useGivenRoot(authority *webhookcip.Authority) {
	ref := legacyRoot
	if authority.SignatureFormat == "bundle" {
		ref = bundleRoot
	}
	if authority.Keyless != nil {
		authority.Keyless.TrustRootRef = ref
	}
	if needsRoot(authority) {
		authority.CTLog = &v1alpha1.TLog{TrustRootRef: ref}
	}
}

// withRoot gives the library a trusted root. Its error is one of infrastructure: the root is what Fluxgate was started with.
func withRoot(ctx context.Context, trustedRoot []byte) (context.Context, error) {
	if len(trustedRoot) == 0 {
		return ctx, verify.ErrNoTrustRoot
	}
	parsed := &trustrootpb.TrustedRoot{}
	if err := (protojson.UnmarshalOptions{DiscardUnknown: true}).Unmarshal(trustedRoot, parsed); err != nil {
		return ctx, fmt.Errorf("read the trusted root: %w", err)
	}
	// This checks what the library takes for granted, such as that there is a key where one must be.
	if _, err := root.NewTrustedRootFromProtobuf(parsed); err != nil {
		return ctx, fmt.Errorf("read the trusted root: %w", err)
	}
	return config.ToContext(ctx, &config.Config{SigstoreKeysConfig: &config.SigstoreKeysMap{
		SigstoreKeys: map[string]*config.SigstoreKeys{legacyRoot: legacyForm(parsed), bundleRoot: parsed},
	}}), nil
}

// legacyForm is a trusted root as the library's TrustRoot reconciler would store it: logs are found by the hexadecimal ID of
// their key. Logs whose key is not ECDSA are left out, as one would make the library refuse all; no legacy signature has an
// entry in such a log.
func legacyForm(trusted *trustrootpb.TrustedRoot) *trustrootpb.TrustedRoot {
	legacy, _ := proto.Clone(trusted).(*trustrootpb.TrustedRoot) // a clone has the type of the original
	legacy.Tlogs = slices.DeleteFunc(legacy.Tlogs, func(log *trustrootpb.TransparencyLogInstance) bool { return !isECDSA(log.GetPublicKey()) })
	for _, log := range slices.Concat(legacy.Tlogs, legacy.Ctlogs) {
		id := sha256.Sum256(log.GetPublicKey().GetRawBytes())
		log.LogId = &commonpb.LogId{KeyId: []byte(hex.EncodeToString(id[:]))}
		log.BaseUrl = nowhere
	}
	return legacy
}

func isECDSA(key *commonpb.PublicKey) bool {
	parsed, err := x509.ParsePKIXPublicKey(key.GetRawBytes())
	_, is := parsed.(*ecdsa.PublicKey)
	return err == nil && is
}
