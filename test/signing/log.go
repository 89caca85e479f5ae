package signing

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"

	ssldsse "github.com/secure-systems-lab/go-securesystemslib/dsse"
	"github.com/sigstore/cosign/v3/pkg/cosign/bundle"
	protocommon "github.com/sigstore/protobuf-specs/gen/pb-go/common/v1"
	protodsse "github.com/sigstore/protobuf-specs/gen/pb-go/dsse"
	protorekor "github.com/sigstore/protobuf-specs/gen/pb-go/rekor/v1"
	"github.com/sigstore/rekor/pkg/pki"
	"github.com/sigstore/rekor/pkg/types"
	"github.com/sigstore/rekor/pkg/types/dsse"
	_ "github.com/sigstore/rekor/pkg/types/dsse/v0.0.1" // so that its kind is known
	"github.com/sigstore/rekor/pkg/types/hashedrekord"
	_ "github.com/sigstore/rekor/pkg/types/hashedrekord/v0.0.1" // see above
	"github.com/sigstore/sigstore-go/pkg/tlog"
)

// logIndex is where every entry is: nobody looks twice.
const logIndex = 0

// logEnvelope logs the envelope of a bundle: with a promise that names the time, and with a proof that it is in the log.
func (a *Authority) logEnvelope(i Identity, certificate []byte, signed *protodsse.Envelope) (*protorekor.TransparencyLogEntry, error) {
	envelope, err := json.Marshal(ssldsse.Envelope{
		PayloadType: signed.GetPayloadType(), Payload: base64.StdEncoding.EncodeToString(signed.GetPayload()),
		Signatures: []ssldsse.Signature{{Sig: base64.StdEncoding.EncodeToString(signed.GetSignatures()[0].GetSig())}},
	})
	if err != nil {
		return nil, err
	}
	body, err := canonical(dsse.KIND, "0.0.1", types.ArtifactProperties{
		ArtifactBytes: envelope, PublicKeyBytes: [][]byte{certificate}, PKIFormat: string(pki.X509),
	})
	if err != nil {
		return nil, err
	}
	id, err := a.logID()
	if err != nil {
		return nil, err
	}
	entry := &protorekor.TransparencyLogEntry{
		LogIndex: logIndex, LogId: &protocommon.LogId{KeyId: id},
		KindVersion:       &protorekor.KindVersion{Kind: dsse.KIND, Version: "0.0.1"},
		CanonicalizedBody: body,
	}
	if entry.InclusionProof, err = a.prove(body); err != nil {
		return nil, err
	}
	if i.Untimed {
		return entry, nil
	}
	entry.IntegratedTime = orNow(i.Logged, 0).Unix()
	promise, err := a.services.RekorSignPayload(tlog.RekorPayload{
		Body: base64.StdEncoding.EncodeToString(body), IntegratedTime: entry.IntegratedTime, LogIndex: logIndex, LogID: hex.EncodeToString(id),
	})
	entry.InclusionPromise = &protorekor.InclusionPromise{SignedEntryTimestamp: promise}
	return entry, err
}

func (a *Authority) prove(body []byte) (*protorekor.InclusionProof, error) {
	proof, err := a.services.GetInclusionProof(body)
	if err != nil {
		return nil, fmt.Errorf("prove that it is in the log: %w", err)
	}
	hash, err := hex.DecodeString(*proof.RootHash)
	return &protorekor.InclusionProof{
		LogIndex: logIndex, RootHash: hash, TreeSize: *proof.TreeSize,
		Checkpoint: &protorekor.Checkpoint{Envelope: *proof.Checkpoint},
	}, err
}

// logSignature logs a legacy signature, with the promise only.
func (a *Authority) logSignature(i Identity, certificate, payload, signature []byte) (*bundle.RekorBundle, error) {
	digest := sha256.Sum256(payload)
	body, err := canonical(hashedrekord.KIND, "0.0.1", types.ArtifactProperties{
		ArtifactHash: hex.EncodeToString(digest[:]), SignatureBytes: signature,
		PublicKeyBytes: [][]byte{certificate}, PKIFormat: string(pki.X509),
	})
	if err != nil {
		return nil, err
	}
	id, err := a.logID()
	if err != nil {
		return nil, err
	}
	entry := tlog.RekorPayload{
		Body: base64.StdEncoding.EncodeToString(body), IntegratedTime: orNow(i.Logged, 0).Unix(),
		LogIndex: logIndex, LogID: hex.EncodeToString(id),
	}
	promise, err := a.services.RekorSignPayload(entry)
	return &bundle.RekorBundle{SignedEntryTimestamp: promise, Payload: bundle.RekorPayload(entry)}, err
}

// canonical is an entry as the log keeps it.
func canonical(kind, version string, properties types.ArtifactProperties) ([]byte, error) {
	ctx := context.Background()
	proposed, err := types.NewProposedEntry(ctx, kind, version, properties)
	if err != nil {
		return nil, fmt.Errorf("propose an entry to the log: %w", err)
	}
	entry, err := types.CreateVersionedEntry(proposed)
	if err != nil {
		return nil, err
	}
	return types.CanonicalizeEntry(ctx, entry)
}

func (a *Authority) logID() ([]byte, error) {
	id, err := a.services.RekorLogID()
	if err != nil {
		return nil, err
	}
	return hex.DecodeString(id)
}
