package pin

import (
	"encoding/json"
	"strings"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/fluxgate/fluxgate/flux"
)

const (
	// Annotation holds the record, as JSON.
	Annotation = "fluxgate.dev/pin"
	// RepinAnnotation makes Fluxgate resolve a digest of its own again, when its value changes.
	RepinAnnotation = "fluxgate.dev/repin"

	// maxRecord is the longest annotation that is read as a record, in bytes: as much as the API server stores in all
	// annotations (TotalAnnotationSizeLimitB in k8s.io/apimachinery). No record of ours may be too long to be read again.
	maxRecord = 256 << 10
)

// Inputs are what decides which digest a source has. They are taken as written, so that equal inputs mean that nobody
// touched them.
type Inputs struct {
	URL          string `json:"url"`
	Tag          string `json:"tag,omitempty"`
	Semver       string `json:"semver,omitempty"`
	SemverFilter string `json:"semverFilter,omitempty"`
	MediaType    string `json:"mediaType,omitempty"`
}

// InputsOf returns the inputs of a source.
func InputsOf(s flux.Source) Inputs {
	return Inputs{
		URL:          s.URL,
		Tag:          s.Ref.Tag,
		Semver:       s.Ref.Semver,
		SemverFilter: s.Ref.SemverFilter,
		MediaType:    s.MediaType,
	}
}

// Record is what the annotation says: a digest, and the inputs that it was resolved from. It holds nothing that changes
// by itself, so that the same object always gets the same annotation.
type Record struct {
	Digest string `json:"digest"`
	Inputs
}

// read returns the object's record. An annotation that is not a record reads as none: it claims nothing.
func read(obj *unstructured.Unstructured) (Record, bool) {
	text, found := annotation(obj, Annotation)
	if !found || len(text) > maxRecord {
		return Record{}, false
	}
	var r Record
	if err := json.Unmarshal([]byte(text), &r); err != nil || r.Digest == "" {
		return Record{}, false
	}
	return r, true
}

// annotation reads one annotation without copying the others, which GetAnnotations does.
func annotation(obj *unstructured.Unstructured, key string) (string, bool) {
	value, found, err := unstructured.NestedFieldNoCopy(obj.Object, "metadata", "annotations", key)
	text, isText := value.(string)
	return text, found && err == nil && isText
}

// Owned reports whether the source's digest is Fluxgate's: the record names it, and nobody applies it. A digest that an
// Apply manager owns is that manager's even where it equals ours.
func Owned(obj *unstructured.Unstructured, s flux.Source) bool {
	owned, _ := held(obj, s)
	return owned
}

// held reports also whether a digest of Fluxgate's was resolved from other inputs than the object now has.
func held(obj *unstructured.Unstructured, s flux.Source) (owned, stale bool) {
	if s.Ref.Digest == "" {
		return false, false
	}
	r, found := read(obj)
	owned = found && r.Digest == s.Ref.Digest && !flux.AppliedBy(obj, digestField(s)...)
	return owned, owned && r.Inputs != InputsOf(s)
}

// DigestPath is the JSON path of the source's digest.
func DigestPath(s flux.Source) string { return s.Path + ".ref.digest" }

func digestField(s flux.Source) []string { return strings.Split(DigestPath(s), ".") }
