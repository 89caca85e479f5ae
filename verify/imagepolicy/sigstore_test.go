package imagepolicy_test

import (
	"crypto/x509"
	"encoding/base64"
	"encoding/hex"
	"testing"
	"time"

	"github.com/sigstore/cosign/v3/pkg/cosign/bundle"
	ociremote "github.com/sigstore/cosign/v3/pkg/oci/remote"
	"github.com/sigstore/cosign/v3/pkg/oci/static"
	bundlepb "github.com/sigstore/protobuf-specs/gen/pb-go/bundle/v1"
	commonpb "github.com/sigstore/protobuf-specs/gen/pb-go/common/v1"
	dssepb "github.com/sigstore/protobuf-specs/gen/pb-go/dsse"
	rekorpb "github.com/sigstore/protobuf-specs/gen/pb-go/rekor/v1"
	sgbundle "github.com/sigstore/sigstore-go/pkg/bundle"
	"github.com/sigstore/sigstore-go/pkg/root"
	"github.com/sigstore/sigstore-go/pkg/testing/ca"
	"github.com/sigstore/sigstore-go/pkg/tlog"
	"github.com/sigstore/sigstore/pkg/cryptoutils"
	"google.golang.org/protobuf/encoding/protojson"
)

const (
	issuer  = "https://token.actions.githubusercontent.com"
	subject = "release@acme.example"
)

// sigstore is a Fulcio, a Rekor and a timestamping authority of the test, and their trusted root.
type sigstore struct {
	*ca.VirtualSigstore
	root []byte
	Key  signingKey // who should sign
	Eve  signingKey // who should not
}

func newSigstore(t *testing.T) sigstore {
	t.Helper()
	virtual, err := ca.NewVirtualSigstore()
	if err != nil {
		t.Fatal(err)
	}
	return sigstore{VirtualSigstore: virtual, root: trustedRoot(t, virtual), Key: newKey(t), Eve: newKey(t)}
}

// trustedRoot is as sigstore's own trusted_root.json has it: the IDs of logs are raw, where the test authority's are text.
func trustedRoot(t *testing.T, virtual *ca.VirtualSigstore) []byte {
	t.Helper()
	logs, ctlogs := virtual.RekorLogs(), virtual.CTLogs()
	for _, group := range []map[string]*root.TransparencyLog{logs, ctlogs} {
		for id, log := range group {
			raw, err := hex.DecodeString(id)
			if err != nil {
				t.Fatal(err)
			}
			log.ID = raw
		}
	}
	made, err := root.NewTrustedRoot(root.TrustedRootMediaType01, virtual.FulcioCertificateAuthorities(), ctlogs, virtual.TimestampingAuthorities(), logs)
	if err != nil {
		t.Fatal(err)
	}
	content, err := made.MarshalJSON()
	if err != nil {
		t.Fatal(err)
	}
	return content
}

// signKeyless stores a legacy signature of the artifact by an identity; without a log entry where logged is false.
func (w *world) signKeyless(by *ca.VirtualSigstore, identity, from string, logged bool) {
	w.t.Helper()
	content := w.claim(w.digest)
	entity, err := by.Sign(identity, from, content)
	if err != nil {
		w.t.Fatal(err)
	}
	signed, err := entity.SignatureContent()
	if err != nil {
		w.t.Fatal(err)
	}
	held, err := entity.VerificationContent()
	if err != nil {
		w.t.Fatal(err)
	}
	leaf, err := cryptoutils.MarshalCertificateToPEM(held.Certificate())
	if err != nil {
		w.t.Fatal(err)
	}
	authority, _ := by.FulcioCertificateAuthorities()[0].(*root.FulcioCertificateAuthority)
	chain, err := cryptoutils.MarshalCertificatesToPEM([]*x509.Certificate{authority.Intermediates[0], authority.Root})
	if err != nil {
		w.t.Fatal(err)
	}
	options := []static.Option{static.WithCertChain(leaf, chain)}
	if logged {
		entries, err := entity.TlogEntries()
		if err != nil {
			w.t.Fatal(err)
		}
		entry := entries[0].TransparencyLogEntry()
		options = append(options, static.WithBundle(
			promised(w.t, by, entry.GetCanonicalizedBody(), entry.GetIntegratedTime(), entry.GetLogIndex())))
	}
	w.attach(content, base64.StdEncoding.EncodeToString(signed.Signature()), options...)
}

// promised is an entry with the log's promise, in the form of a legacy signature. The log is that of by.
func promised(t *testing.T, by *ca.VirtualSigstore, body []byte, at, index int64) *bundle.RekorBundle {
	t.Helper()
	id, err := by.RekorLogID()
	if err != nil {
		t.Fatal(err)
	}
	encoded := base64.StdEncoding.EncodeToString(body)
	promise, err := by.RekorSignPayload(tlog.RekorPayload{Body: encoded, IntegratedTime: at, LogIndex: index, LogID: id})
	if err != nil {
		t.Fatal(err)
	}
	return &bundle.RekorBundle{
		SignedEntryTimestamp: promise, Payload: bundle.RekorPayload{Body: encoded, IntegratedTime: at, LogIndex: index, LogID: id},
	}
}

// leafOf is a certificate of an identity, in PEM.
func (w *world) leafOf(identity string) []byte {
	w.t.Helper()
	leaf, _, err := w.GenerateLeafCert(identity, issuer)
	if err != nil {
		w.t.Fatal(err)
	}
	content, err := cryptoutils.MarshalCertificateToPEM(leaf)
	if err != nil {
		w.t.Fatal(err)
	}
	return content
}

// bundleKeyless stores a bundle that attests the artifact by an identity of issuer, as cosign 3 does.
func (w *world) bundleKeyless(identity, predicateType, predicate string) {
	w.t.Helper()
	entity, err := w.AttestAtTime(identity, issuer, w.statement(predicateType, predicate), time.Now().Add(time.Minute), true)
	if err != nil {
		w.t.Fatal(err)
	}
	signed, err := entity.SignatureContent()
	if err != nil {
		w.t.Fatal(err)
	}
	held, err := entity.VerificationContent()
	if err != nil {
		w.t.Fatal(err)
	}
	entries, err := entity.TlogEntries()
	if err != nil {
		w.t.Fatal(err)
	}
	entry := entries[0].TransparencyLogEntry()
	entry.KindVersion = &rekorpb.KindVersion{Kind: "intoto", Version: "0.0.2"}
	entry.InclusionPromise = &rekorpb.InclusionPromise{SignedEntryTimestamp: promised(
		w.t, w.VirtualSigstore, entry.GetCanonicalizedBody(), entry.GetIntegratedTime(), entry.GetLogIndex()).SignedEntryTimestamp}
	envelope := signed.EnvelopeContent().RawEnvelope()
	body, err := base64.StdEncoding.DecodeString(envelope.Payload)
	if err != nil {
		w.t.Fatal(err)
	}
	content, err := protojson.Marshal(&bundlepb.Bundle{
		MediaType: "application/vnd.dev.sigstore.bundle.v0.3+json",
		VerificationMaterial: &bundlepb.VerificationMaterial{
			Content:     &bundlepb.VerificationMaterial_Certificate{Certificate: &commonpb.X509Certificate{RawBytes: held.Certificate().Raw}},
			TlogEntries: []*rekorpb.TransparencyLogEntry{entry},
		},
		Content: &bundlepb.Bundle_DsseEnvelope{DsseEnvelope: &dssepb.Envelope{
			Payload: body, PayloadType: envelope.PayloadType, Signatures: []*dssepb.Signature{{Sig: signed.Signature()}},
		}},
	})
	if err != nil {
		w.t.Fatal(err)
	}
	if err := new(sgbundle.Bundle).UnmarshalJSON(content); err != nil {
		w.t.Fatalf("the bundle is none: %v", err)
	}
	if err := ociremote.WriteAttestationNewBundleFormat(w.ref(), content, predicateType, w.direct()); err != nil {
		w.t.Fatal(err)
	}
}
