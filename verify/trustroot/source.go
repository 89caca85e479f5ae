package trustroot

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"time"

	"github.com/sigstore/sigstore-go/pkg/root"
	"github.com/sigstore/sigstore-go/pkg/tuf"
	"github.com/theupdateframework/go-tuf/v2/metadata"
	"github.com/theupdateframework/go-tuf/v2/metadata/fetcher"
)

// maxSize is the size of a trusted root, in bytes; that of sigstore's public-good instance has 7 KB.
const maxSize = 256 << 10

// target is the name of the trusted root in a TUF repository.
const target = "trusted_root.json"

// Source gets a trusted root, in JSON.
type Source struct {
	get func(context.Context) ([]byte, error)
	// every is how often it is got again.
	every time.Duration
}

// File is a file. Its errors name it.
func File(path string) Source {
	return Source{every: time.Minute, get: func(context.Context) ([]byte, error) {
		text, err := os.ReadFile(path)
		if err != nil {
			return nil, err
		}
		if err := Check(text); err != nil {
			return nil, fmt.Errorf("%s %w", path, err)
		}
		return text, nil
	}}
}

// TUF is the target trusted_root.json of the TUF repository at a URL. anchor is the root.json that is trusted first; nil means
// that of sigstore's public-good instance, as sigstore-go has it. Nothing is written to disk.
func TUF(url string, anchor []byte) Source {
	return Source{every: 24 * time.Hour, get: func(ctx context.Context) ([]byte, error) {
		if anchor == nil {
			anchor = tuf.DefaultRoot()
		}
		fetch := fetcher.NewDefaultFetcher()
		fetch.SetHTTPClient(within{ctx})
		client, err := tuf.New((&tuf.Options{Root: anchor, RepositoryBaseURL: url, Fetcher: fetch}).WithDisableLocalCache())
		if err != nil {
			return nil, fmt.Errorf("TUF repository %s: %w", url, err)
		}
		text, err := client.GetTarget(target)
		if err != nil {
			return nil, fmt.Errorf("TUF repository %s: %s: %w", url, target, err)
		}
		if err := Check(text); err != nil {
			return nil, fmt.Errorf("TUF repository %s: %s %w", url, target, err)
		}
		return text, nil
	}}
}

// Check says why a text is no trusted root; its error completes a sentence that begins with the text.
func Check(text []byte) error {
	if len(text) > maxSize {
		return fmt.Errorf("has more than %d bytes", maxSize)
	}
	if _, err := root.NewTrustedRootFromJSON(text); err != nil {
		return errors.New("is no trusted root: write the content of a trusted_root.json, as JSON")
	}
	return nil
}

// CheckAnchor says why a text is no root.json that a TUF repository can be trusted by; its error completes a sentence that
// begins with the text.
func CheckAnchor(text []byte) error {
	if _, err := metadata.Root().FromBytes(text); err != nil {
		return errors.New("is no root.json of a TUF repository: write the one that its owner gives out")
	}
	return nil
}

// within sends the requests of a library that knows no context.
type within struct{ ctx context.Context } //nolint:containedctx // the library has no other place for it

// Do sends a request that ends with the context.
func (w within) Do(req *http.Request) (*http.Response, error) {
	return http.DefaultClient.Do(req.WithContext(w.ctx)) //nolint:gosec // it is the administrator who names the repository
}
