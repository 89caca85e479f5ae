package flux

import (
	"errors"
	"fmt"
	"strings"

	sourcev1 "github.com/fluxcd/source-controller/api/v1"
)

const (
	// dockerHub is the canonical host of Docker Hub; go-containerregistry dials dockerHubIndex for it.
	dockerHub      = "docker.io"
	dockerHubIndex = "index.docker.io"

	// maxURLLength only bounds the work: a host has at most 253 characters, a path 255.
	maxURLLength = 1024
	// maxPathLength is that of go-containerregistry (name.checkRepository).
	maxPathLength = 255
)

// Repository is the canonical name of an OCI repository: two urls that make Flux pull from the same place have the same
// Repository. The zero value names nothing.
type Repository struct {
	// Host is lower-case ASCII without a trailing dot, and carries its port where leaving it out would change what is
	// dialled: "ghcr.io", "registry.example.com:5000", "[2001:db8::5]:5000". Docker Hub is "docker.io".
	Host string
	// Path has no empty, "." or ".." segment. It is empty only for a HelmRepository whose url is a bare host.
	Path string
}

// String returns host/path; go-containerregistry's name.NewRepository reads it as the repository that Flux pulls from.
func (r Repository) String() string {
	if r.Path == "" {
		return r.Host
	}
	return r.Host + "/" + r.Path
}

// IsZero reports whether r names nothing.
func (r Repository) IsZero() bool { return r == Repository{} }

// ParseRepository returns the canonical repository of an OCIRepository's url. It accepts less than Flux does
// (source-controller, parseRepository; go-containerregistry, name.NewRepository): a url without a canonical form, or one
// that a human would read differently from that library, is an error, whose text is a clause for users and quotes no
// credentials.
func ParseRepository(url string) (Repository, error) {
	name, err := cutScheme(url)
	if err != nil {
		return Repository{}, err
	}
	first, path, slash := strings.Cut(name, "/")
	switch {
	case !slash && (strings.Contains(first, ".") || strings.EqualFold(first, "localhost")):
		return Repository{}, fmt.Errorf("the url names host %s but no repository; write oci://<host>/<repository>", quote(first))
	case strings.EqualFold(first, "localhost"):
		return Repository{}, errors.New("versions of Flux disagree whether localhost is a host or an account of Docker Hub; " +
			"write the port too, as in oci://localhost:5000/app")
	case !strings.ContainsAny(first, ".:"):
		return newRepository(dockerHub, name)
	case !slash:
		return Repository{}, errors.New("the url contains a tag or names a host without a repository; " +
			"write oci://<host>/<repository>, and the tag into ref.tag")
	}
	host, err := canonicalHost(first)
	if err != nil {
		return Repository{}, err
	}
	return newRepository(host, path)
}

// newRepository joins a canonical host and a path as written.
func newRepository(host, path string) (Repository, error) {
	if err := checkPath(path); err != nil {
		return Repository{}, err
	}
	if host == dockerHub && !strings.Contains(path, "/") {
		path = "library/" + path // https://docs.docker.com/docker-hub/repos/manage/trusted-content/official-images/
	}
	if len(path) > maxPathLength {
		return Repository{}, fmt.Errorf("the repository has more than %d characters", maxPathLength)
	}
	return Repository{Host: host, Path: path}, nil
}

// cutScheme returns what follows oci://, made of visible ASCII without the characters that have a meaning in a url.
func cutScheme(url string) (string, error) {
	if len(url) > maxURLLength {
		return "", fmt.Errorf("the url has more than %d characters", maxURLLength)
	}
	name, found := strings.CutPrefix(url, sourcev1.OCIRepositoryPrefix)
	if !found {
		return "", errors.New("the url must begin with oci://, in lower case")
	}
	if name == "" {
		return "", errors.New("the url names no repository; write oci://<host>/<repository>")
	}
	for i := range len(name) {
		switch c := name[i]; {
		case c <= ' ' || c >= 0x7f:
			return "", errors.New("the url contains a space, a control character or a character outside ASCII, " +
				"which can look like another host; write it in plain ASCII")
		case c == '@':
			return "", errors.New("the url contains @: neither credentials nor a digest belong there; " +
				"use secretRef and ref.digest")
		case strings.IndexByte(`\?#%`, c) >= 0:
			return "", fmt.Errorf("the url contains %q, which is no part of a repository's name", c)
		}
	}
	return name, nil
}

// checkPath refuses what go-containerregistry refuses (name.checkRepository), and the segments that a server or a
// proxy may resolve to another repository.
func checkPath(path string) error {
	for i := range len(path) {
		switch c := path[i]; {
		case 'a' <= c && c <= 'z', '0' <= c && c <= '9', strings.IndexByte("_-./", c) >= 0:
		case 'A' <= c && c <= 'Z':
			return fmt.Errorf("repository %s must be in lower case; write %s", quote(path), quote(strings.ToLower(path)))
		case c == ':':
			return fmt.Errorf("repository %s contains a tag or a misplaced port; a tag belongs into ref.tag", quote(path))
		default:
			return fmt.Errorf("repository %s contains %q; only a-z, 0-9 and _-./ are allowed", quote(path), c)
		}
	}
	for segment := range strings.SplitSeq(path, "/") {
		switch segment {
		case "":
			return fmt.Errorf("repository %s has an empty segment; remove doubled, leading and trailing slashes", quote(path))
		case ".", "..":
			return fmt.Errorf("repository %s has the segment %q, which a server may resolve to another repository; "+
				"write the path without it", quote(path), segment)
		}
	}
	return nil
}
