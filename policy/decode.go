package policy

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"reflect"
	"strings"

	utilyaml "k8s.io/apimachinery/pkg/util/yaml"
	"sigs.k8s.io/yaml"

	"github.com/fluxgate/fluxgate/policy/v1alpha1"
)

// document is a SourcePolicy as written, and what is wrong with it.
type document struct {
	*problems
	policy v1alpha1.SourcePolicy
}

// exceptionDocument is a PolicyException as written, and what is wrong with it.
type exceptionDocument struct {
	*problems
	exception v1alpha1.PolicyException
}

// imagePolicyDocument is a ClusterImagePolicy as written, and what is wrong with it.
type imagePolicyDocument struct {
	*problems
	object map[string]any
}

// documents are what was read of files.
type documents struct {
	policies   []document
	exceptions []exceptionDocument
	// imagePolicies are ClusterImagePolicies, which sigstore's libraries read.
	imagePolicies []imagePolicyDocument
	// tests counts the PolicyTests that were passed over: they may stand beside what they test.
	tests int
	// wrong is what belongs to neither.
	wrong []Problem
}

// TestKind is the kind of a document that tests policies. Whoever loads policies passes it over.
const TestKind = "PolicyTest"

// read adds the SourcePolicies and PolicyExceptions of a file. What is neither is a problem of the file; what is wrong
// within one is kept with its document.
func (d *documents) read(f file) {
	texts, err := split(f.data)
	if err != nil {
		d.wrong = append(d.wrong, Problem{File: f.name, Message: err.Error()})
		return
	}
	before := d.count()
	for i, text := range texts {
		number := i + 1
		if len(texts) == 1 {
			number = 0
		}
		d.add(text, &problems{file: f.name, document: number})
	}
	if d.count() == before {
		d.wrong = append(d.wrong, Problem{File: f.name, Message: "the file holds no SourcePolicy"})
	}
}

func (d *documents) count() int {
	return len(d.policies) + len(d.exceptions) + len(d.imagePolicies) + len(d.wrong) + d.tests
}

func (d *documents) add(text []byte, found *problems) {
	object, err := parseObject(text)
	switch {
	case err != nil:
		found.add("", "%v", err)
	case object == nil:
	case object["kind"] == TestKind && isVersion(object, found):
		d.tests++
		return
	case isImagePolicy(object):
		d.imagePolicies = append(d.imagePolicies, imagePolicyDocument{found, object})
		return
	case object["kind"] == v1alpha1.PolicyExceptionKind && isVersion(object, found):
		d.exceptions = append(d.exceptions, exceptionDocument{found, convert[v1alpha1.PolicyException](object, found)})
		return
	case object["kind"] == v1alpha1.SourcePolicyKind && isVersion(object, found):
		d.policies = append(d.policies, document{found, convert[v1alpha1.SourcePolicy](object, found)})
		return
	case len(found.all) == 0:
		found.add("kind", "%v is not read here: every document must be a %s or a %s",
			orNothing(object["kind"]), v1alpha1.SourcePolicyKind, v1alpha1.PolicyExceptionKind)
	}
	d.wrong = append(d.wrong, found.all...)
}

// split cuts a file into its YAML documents; JSON is a YAML document too.
func split(data []byte) ([][]byte, error) {
	reader := utilyaml.NewYAMLReader(bufio.NewReader(bytes.NewReader(data)))
	var texts [][]byte
	for {
		text, err := reader.Read()
		if errors.Is(err, io.EOF) {
			return texts, nil
		}
		if err != nil {
			return nil, err
		}
		if len(texts) == maxDocuments {
			return nil, fmt.Errorf("the file has more than %d documents", maxDocuments)
		}
		texts = append(texts, text)
	}
}

// parseObject reads a document as the API server would, but takes no key twice. An empty document is nil.
func parseObject(text []byte) (map[string]any, error) {
	asJSON, err := yaml.YAMLToJSONStrict(text)
	if err != nil {
		return nil, errors.New(strings.Join(strings.Fields(err.Error()), " ")) // the parser writes a line for each mistake
	}
	var value any
	if err := json.Unmarshal(asJSON, &value); err != nil {
		return nil, err
	}
	object, ok := value.(map[string]any)
	if value != nil && !ok {
		return nil, fmt.Errorf("must be an object, is %s", article(typeOf(value)))
	}
	return object, nil
}

// isVersion reports whether the document is of the version that is read; if not, it notes the problem.
func isVersion(object map[string]any, found *problems) bool {
	version := v1alpha1.GroupVersion.String()
	if object["apiVersion"] != version {
		found.add("apiVersion", "%v is not read here: write %s", orNothing(object["apiVersion"]), version)
		return false
	}
	return true
}

func orNothing(value any) any {
	if value == nil {
		return "nothing"
	}
	return value
}

// convert checks fields and types, and decodes what is right.
func convert[T any](object map[string]any, found *problems) T {
	var typed T
	check := strict{found, map[string]string{"status": "is not the administrator's to write: remove it"}}
	checked := check.value("", object, reflect.TypeFor[T]())
	text, err := json.Marshal(checked)
	if err == nil {
		err = json.Unmarshal(text, &typed)
	}
	if err != nil {
		found.add("", "%v", err)
	}
	return typed
}
