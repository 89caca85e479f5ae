package registry

import "errors"

// The limits on what a registry may answer. A limit that is hit is an error, never a shorter answer: the highest of half
// the tags is a wrong version.
const (
	// maxBody is the size that registries accept for a manifest
	// (https://github.com/opencontainers/distribution-spec/blob/v1.1.1/spec.md#pushing-manifests).
	maxBody = 4 << 20
	// maxBytes limits all answers of one resolve together: a long list of tags.
	maxBytes = 16 << 20
	// maxPages and maxTags limit a list of tags; a page holds 1000 tags at most registries.
	maxPages = 100
	maxTags  = 100_000
	// maxRequests limits the requests of one Session: two for each of 200 signatures, and room for more.
	maxRequests = 1024
	// maxRedirects limits the redirects of one request; registries need one, to their storage.
	maxRedirects = 5
	// maxHeader limits the header of an answer.
	maxHeader = 256 << 10
)

var (
	errTooLarge        = errors.New("the answer is larger than the limit")
	errTooMany         = errors.New("the list of tags is longer than the limit")
	errTooManyRequests = errors.New("the signatures take more requests than the limit")
	errRedirects       = errors.New("the answer redirects too often")
)
