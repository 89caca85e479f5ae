package imagepolicy

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"strings"

	"github.com/sigstore/policy-controller/pkg/apis/policy/v1alpha1"
	"github.com/sigstore/policy-controller/pkg/apis/policy/v1beta1"
	"k8s.io/apimachinery/pkg/util/validation"
	utilyaml "k8s.io/apimachinery/pkg/util/yaml"
	strictjson "sigs.k8s.io/json"
	"sigs.k8s.io/yaml"
)

const (
	// maxDocument bounds what is parsed, in bytes: above what etcd stores of an object by default, 1.5 MiB.
	maxDocument = 2 << 20
	// kind is the one that is read.
	kind = "ClusterImagePolicy"
)

// decode reads one document strictly: a field that is not known, or that is there twice, is a problem. v1alpha1 and v1beta1
// have the same fields (a test compares them). Both are read as v1alpha1, as the library's conversion from v1beta1 leaves out
// a ctlog without a url and an rfc3161timestamp without a trustRootRef.
func decode(document []byte, found *problems) *v1alpha1.ClusterImagePolicy {
	content, err := single(document)
	if err != nil {
		found.add("", "%s", err)
		return nil
	}
	content, err = yaml.YAMLToJSONStrict(content)
	if err != nil {
		found.add("", "is neither YAML nor JSON: %s", strings.TrimPrefix(err.Error(), "yaml: "))
		return nil
	}
	object := &v1alpha1.ClusterImagePolicy{}
	strict, err := strictjson.UnmarshalStrict(content, object)
	if err != nil {
		found.add("", "cannot be read: %s", err)
		return nil
	}
	for _, problem := range strict {
		found.add("", "%s", problem)
	}
	versions := []string{v1beta1.SchemeGroupVersion.String(), v1alpha1.SchemeGroupVersion.String()}
	if version := object.APIVersion; version != versions[0] && version != versions[1] {
		found.add("apiVersion", "is %q: write %s or %s", version, versions[0], versions[1])
	}
	if object.Kind != kind {
		found.add("kind", "is %q: write %s", object.Kind, kind)
	}
	if bad := validation.IsDNS1123Subdomain(object.Name); len(bad) > 0 {
		found.add("metadata.name", "is %q, which no object can have: %s", object.Name, bad[0])
		object.Name = ""
	}
	return object
}

// single returns the only document that is not empty.
func single(content []byte) ([]byte, error) {
	if len(content) > maxDocument {
		return nil, errors.New("is larger than 2 MiB")
	}
	reader := utilyaml.NewYAMLReader(bufio.NewReader(bytes.NewReader(content)))
	var found []byte
	for {
		document, err := reader.Read()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, errors.New("is not YAML")
		}
		if blank(document) {
			continue
		}
		if found != nil {
			return nil, errors.New("holds more than one document: write one policy")
		}
		found = document
	}
	if found == nil {
		return nil, errors.New("is empty")
	}
	return found, nil
}

// blank reports whether a document holds nothing but comments.
func blank(document []byte) bool {
	for line := range bytes.Lines(document) {
		if line = bytes.TrimSpace(line); len(line) > 0 && line[0] != '#' && string(line) != "---" {
			return false
		}
	}
	return true
}
