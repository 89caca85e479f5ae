package registry

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"

	"github.com/google/go-containerregistry/pkg/authn"
	"github.com/google/go-containerregistry/pkg/name"
	"github.com/google/go-containerregistry/pkg/v1/remote"
	"github.com/google/go-containerregistry/pkg/v1/remote/transport"
)

// errAnswer marks answers that are no manifest, or contradict themselves.
var errAnswer = errors.New("the answer is not a manifest with a sha256 digest")

// ask asks the registry once, as source-controller's getArtifactRef and getRevision do, with two differences: failed
// requests are not repeated (an admission review has no time for that), and the ping and token of the first request
// serve the others.
func ask(ctx context.Context, p *plan, auth authn.Authenticator, x *exchange, agent string) (Resolution, error) {
	puller, err := remote.NewPuller(
		remote.WithTransport(x),
		remote.WithAuth(auth),
		remote.WithUserAgent(agent),
		remote.WithRetryStatusCodes(),
		remote.WithRetryPredicate(func(error) bool { return false }),
	)
	if err != nil {
		return Resolution{}, err
	}
	tag := p.tag
	if p.versions != nil {
		tags, err := listTags(ctx, puller, p.repository)
		if err != nil {
			return Resolution{}, err
		}
		if tag, err = p.versions.highest(ctx, tags); err != nil {
			return Resolution{}, err
		}
	}
	digest, err := readDigest(ctx, puller, p.repository.Tag(tag), x)
	if err != nil {
		return Resolution{}, err
	}
	return Resolution{Tag: tag, Digest: digest}, nil
}

// listTags returns all tags in the registry's order.
func listTags(ctx context.Context, puller *remote.Puller, repository name.Repository) ([]string, error) {
	lister, err := puller.Lister(ctx, repository)
	if err != nil {
		return nil, err
	}
	var tags []string
	for pages := 0; lister.HasNext(); pages++ {
		page, err := lister.Next(ctx)
		if err != nil {
			return nil, err
		}
		tags = append(tags, page.Tags...)
		if pages == maxPages || len(tags) > maxTags {
			return nil, errTooMany
		}
	}
	return tags, nil
}

// readDigest asks with HEAD and, on any error but one of ours and the wish for a pause, with GET. No platform is chosen: where the tag names
// an index, the digest is the index's (source-controller, getRevision).
func readDigest(ctx context.Context, puller *remote.Puller, tag name.Tag, x *exchange) (string, error) {
	head, err := puller.Head(ctx, tag)
	switch {
	case err != nil && (ctx.Err() != nil || final(err) || x.waitFor() > 0):
		return "", err
	case err != nil:
		return getDigest(ctx, puller, tag, x)
	case head.Size > maxBody:
		return "", errTooLarge
	case head.Digest.Algorithm != "sha256":
		return "", fmt.Errorf("%w: its algorithm is %s", errAnswer, head.Digest.Algorithm)
	}
	return head.Digest.String(), nil
}

// getDigest reads the manifest and hashes it. Flux takes whatever it gets and fails when it pulls by that digest; here,
// where the digest would be written into an object, the answer must be a manifest and agree with its own header.
func getDigest(ctx context.Context, puller *remote.Puller, tag name.Tag, x *exchange) (string, error) {
	got, err := puller.Get(ctx, tag)
	if err != nil {
		return "", err
	}
	var manifest struct {
		SchemaVersion int `json:"schemaVersion"`
	}
	if err := json.Unmarshal(got.Manifest, &manifest); err != nil || manifest.SchemaVersion != 2 {
		return "", errAnswer
	}
	if said := x.contentDigest(); said != "" && said != got.Digest.String() {
		return "", fmt.Errorf("%w: the header says another digest than the manifest has", errAnswer)
	}
	return got.Digest.String(), nil
}

// final reports whether err is our own refusal, which asking again by GET would only repeat, or the registry's to be asked
// so often.
func final(err error) bool {
	var refused *refusedError
	var status *transport.Error
	if errors.As(err, &status) && status.StatusCode == http.StatusTooManyRequests {
		return true
	}
	return errors.As(err, &refused) || refusedByLibrary(err) || errors.Is(err, errRedirects) || errors.Is(err, errTooLarge)
}
