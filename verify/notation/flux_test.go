package notation_test

import (
	"context"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"net/http"
	"testing"

	notationgo "github.com/notaryproject/notation-go"
	notationregistry "github.com/notaryproject/notation-go/registry"
	"github.com/notaryproject/notation-go/verifier"
	"github.com/notaryproject/notation-go/verifier/trustpolicy"
	"github.com/notaryproject/notation-go/verifier/truststore"
	"oras.land/oras-go/v2/registry/remote"

	"github.com/fluxgate/fluxgate/verify"
)

// flux verifies as source-controller 1.9 does (internal/oci/notation): what counts here must count there.
func (f *fixture) flux(t *testing.T, trusted verify.Notation) error {
	t.Helper()
	var document trustpolicy.Document
	if err := json.Unmarshal(trusted.TrustPolicy, &document); err != nil {
		return err
	}
	verifier, err := verifier.New(&document, fluxStore(trusted.Certificates), nil)
	if err != nil {
		return err
	}
	stored, err := remote.NewRepository(repository)
	if err != nil {
		return err
	}
	stored.Client = &http.Client{Transport: f.Transport()}
	_, _, err = notationgo.Verify(t.Context(), verifier, notationregistry.NewRepository(stored), notationgo.VerifyOptions{
		ArtifactReference: repository + "@" + f.digest, MaxSignatureAttempts: 3,
	})
	return err
}

type fluxStore map[string][]byte

// GetCertificates implements truststore.X509TrustStore.
func (s fluxStore) GetCertificates(context.Context, truststore.Type, string) (found []*x509.Certificate, err error) {
	for _, content := range s {
		if block, _ := pem.Decode(content); block != nil {
			content = block.Bytes
		}
		certificates, err := x509.ParseCertificates(content)
		if err != nil {
			return nil, err
		}
		found = append(found, certificates...)
	}
	return found, nil
}
