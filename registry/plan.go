package registry

import (
	"cmp"
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"regexp"
	"strconv"
	"strings"

	"github.com/google/go-containerregistry/pkg/name"

	"github.com/fluxgate/fluxgate/flux"
)

// tagGrammar is that of the OCI distribution specification
// (https://github.com/opencontainers/distribution-spec/blob/v1.1.1/spec.md#pulling-manifests). Flux does not check it: a tag
// like "../../evil/manifests/v1" or "sha256:…" would make it ask for something else than a tag of the repository.
var tagGrammar = regexp.MustCompile(`^[A-Za-z0-9_][A-Za-z0-9._-]{0,127}$`)

// plan is a query that can be asked: what was read from the object, checked.
type plan struct {
	source     flux.Source
	repository name.Repository
	// tag is what to read; empty where versions decides.
	tag string
	// versions selects the tag; nil where the object names it.
	versions *versions
	private  bool
}

// newPlan reads a query in Flux's order of precedence without the digest: semver, tag, latest (source-controller,
// getArtifactRef). Its error is an *Error of ClassReference.
func newPlan(q Query) (*plan, error) {
	repository, err := parseRepository(q.Source)
	if err != nil {
		return nil, err
	}
	p := &plan{source: q.Source, repository: repository, private: q.AllowPrivate}
	ref := q.Source.Ref
	switch {
	case ref.Semver != "":
		p.versions, err = newVersions(q.Source)
	case ref.Tag == "":
		p.tag = name.DefaultTag
	case tagGrammar.MatchString(ref.Tag):
		p.tag = ref.Tag
	default:
		err = badReference(q.Source, "ref.tag", quote(ref.Tag)+" is not a tag",
			"write letters, digits, '_', '.' and '-', at most 128 of them")
	}
	if err != nil {
		return nil, err
	}
	return p, nil
}

// parseRepository hands the canonical name to the library that dials it, as Flux does with the url (source-controller,
// parseRepository), and refuses where the two do not mean the same host.
func parseRepository(source flux.Source) (name.Repository, error) {
	if source.Problem != "" || source.Repository.IsZero() {
		return name.Repository{}, badReference(source, "url", cmp.Or(source.Problem, "names no repository"), "")
	}
	var options []name.Option
	if source.Insecure {
		options = append(options, name.Insecure)
	}
	repository, err := name.NewRepository(source.Repository.String(), options...)
	if err != nil {
		return name.Repository{}, badReference(source, "url", "names no repository that can be asked", "")
	}
	host := repository.RegistryStr()
	if host == name.DefaultRegistry {
		host = "docker.io"
	}
	if host != source.Repository.Host {
		return name.Repository{}, badReference(source, "url", "is dialled as "+quote(host), "")
	}
	return repository, nil
}

// key identifies the answer: everything that it depends on, as a hash, so that its size does not grow with the object.
func (p *plan) key(login string) [sha256.Size]byte {
	fields := []string{
		p.repository.Name(), strconv.FormatBool(p.source.Insecure), strconv.FormatBool(p.private), login, p.tag,
	}
	if p.versions != nil {
		fields = append(fields, p.source.Ref.Semver, p.source.Ref.SemverFilter, p.source.MediaType)
	}
	return sha256.Sum256(frame(fields...))
}

// frame joins fields so that no two lists of fields give the same bytes.
func frame(fields ...string) []byte {
	var framed []byte
	for _, field := range fields {
		framed = binary.AppendUvarint(framed, uint64(len(field)))
		framed = append(framed, field...)
	}
	return framed
}

// reference names what is asked for, for users: nothing in it is longer or stranger than a message can carry. Of a source
// that another object declares, possibly of another namespace, it tells only where that is.
func reference(source flux.Source) string {
	if source.Origin != nil {
		return source.Origin.Kind + " " + source.Origin.String()
	}
	if source.Repository.IsZero() {
		return cmp.Or(source.Path, "source")
	}
	repository, ref := source.Repository.String(), source.Ref
	switch {
	case ref.Semver != "":
		return fmt.Sprintf("%s (semver %s)", repository, quote(ref.Semver))
	case ref.Tag == "" && ref.Digest != "":
		return repository + "@" + ref.Digest
	case ref.Tag == "":
		return repository + ":" + name.DefaultTag
	case tagGrammar.MatchString(ref.Tag):
		return repository + ":" + ref.Tag
	default:
		return repository
	}
}

// badReference is the user's own bad input: an *Error for those who count classes, around an *flux.ObjectError for those
// who answer the user.
func badReference(source flux.Source, field, message, remedy string) *Error {
	path := strings.TrimPrefix(source.Path+"."+field, ".")
	advice := field + ": " + message
	if source.Origin != nil { // the object at hand is not the one to mend, and may not tell what is in the other
		path, advice, remedy = source.Path, field+" of the source cannot be used", ""
		message = advice
	}
	return &Error{
		Class:     ClassReference,
		Reference: reference(source),
		Advice:    advice,
		Err:       &flux.ObjectError{Path: path, Message: message, Remedy: remedy},
	}
}

// quote shows a part of an object, escaped and cut.
func quote(text string) string {
	const most = 64
	if len(text) > most {
		text = text[:most] + "…"
	}
	return strconv.Quote(text)
}
