package notation

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"sync"
	"time"

	"github.com/notaryproject/notation-core-go/revocation"
	"github.com/notaryproject/notation-core-go/revocation/crl"
	"github.com/notaryproject/notation-core-go/revocation/purpose"
	"github.com/notaryproject/notation-core-go/revocation/result"
	"github.com/notaryproject/notation-go/verifier"
)

// The limits on what is asked of the servers that the certificates of one signature name.
const (
	// revocationTimeout limits one request, as in notation-go.
	revocationTimeout = 2 * time.Second
	// maxRevocationRequests is two for each certificate of the longest chains, and the same again for a timestamp.
	maxRevocationRequests = 16
	// maxRevocationList is the size of an answer. Lists of authorities that sign code are some hundred KiB.
	maxRevocationList = 4 << 20
)

var (
	errNoRevocation   = errors.New("no server is asked about revoked certificates")
	errManyRevocation = errors.New("the certificates of one signature name more servers than are asked")
	errLongRevocation = errors.New("the answer of the server is larger than the limit")
)

// revocations asks whether the certificates of one signature are revoked, and remembers what came of it: notation-go puts it
// into words only.
type revocations struct {
	transport http.RoundTripper // nil asks nobody

	mu       sync.Mutex // certificates of a chain are asked about at the same time
	requests int
	result   revocationResult
}

// revocationResult is what came of asking.
type revocationResult struct {
	revoked, unknown bool
	// failure is what first kept a server from answering, where that left something unknown.
	failure error
}

// options let notation-go ask by the revocations, and by nothing else: each client that it would make for itself is given.
func (r *revocations) options() (verifier.VerifierOptions, error) {
	client := &http.Client{Transport: r, Timeout: revocationTimeout}
	lists, err := crl.NewHTTPFetcher(client)
	if err != nil {
		return verifier.VerifierOptions{}, err
	}
	of := func(chain purpose.Purpose) (revocation.Validator, error) {
		validator, err := revocation.NewWithOptions(revocation.Options{
			OCSPHTTPClient: client, CRLFetcher: lists, CertChainPurpose: chain,
		})
		return &watched{Validator: validator, revocations: r}, err
	}
	signing, err := of(purpose.CodeSigning)
	if err != nil {
		return verifier.VerifierOptions{}, err
	}
	timestamping, err := of(purpose.Timestamping)
	return verifier.VerifierOptions{
		RevocationCodeSigningValidator: signing, RevocationTimestampingValidator: timestamping,
	}, err
}

// RoundTrip implements http.RoundTripper.
func (r *revocations) RoundTrip(req *http.Request) (*http.Response, error) {
	if r.transport == nil {
		return nil, errNoRevocation
	}
	r.mu.Lock()
	r.requests++
	tooMany := r.requests > maxRevocationRequests
	r.mu.Unlock()
	if tooMany {
		return nil, errManyRevocation // the certificates' fault, no server's
	}
	resp, err := r.transport.RoundTrip(req)
	if err != nil {
		r.failed(err)
		return nil, err
	}
	if resp.StatusCode >= http.StatusInternalServerError {
		r.failed(fmt.Errorf("the server answered %d", resp.StatusCode))
	}
	resp.Body = &limitedBody{ReadCloser: resp.Body, left: maxRevocationList, failed: r.failed}
	return resp, nil
}

func (r *revocations) failed(err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.result.failure == nil {
		r.result.failure = fmt.Errorf("ask whether a certificate is revoked: %w", err)
	}
}

func (r *revocations) told() revocationResult {
	r.mu.Lock()
	defer r.mu.Unlock()
	if told := r.result; told.unknown && !told.revoked {
		return told
	}
	return revocationResult{revoked: r.result.revoked}
}

// watched tells the revocations of the results.
type watched struct {
	revocation.Validator
	revocations *revocations
}

// ValidateContext implements revocation.Validator.
func (w *watched) ValidateContext(
	ctx context.Context, options revocation.ValidateContextOptions,
) ([]*result.CertRevocationResult, error) {
	results, err := w.Validator.ValidateContext(ctx, options)
	w.revocations.mu.Lock()
	defer w.revocations.mu.Unlock()
	for _, one := range results {
		switch one.Result {
		case result.ResultOK, result.ResultNonRevokable:
		case result.ResultRevoked:
			w.revocations.result.revoked = true
		case result.ResultUnknown:
			w.revocations.result.unknown = true
		}
	}
	return results, err
}

// limitedBody ends an answer that is too long with an error, and reports one that breaks off.
type limitedBody struct {
	io.ReadCloser
	left   int
	failed func(error)
}

func (b *limitedBody) Read(p []byte) (int, error) {
	n, err := b.ReadCloser.Read(p)
	if b.left -= n; b.left < 0 {
		return 0, errLongRevocation
	}
	if err != nil && !errors.Is(err, io.EOF) {
		b.failed(err)
	}
	return n, err
}
