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

// decode reads the SourcePolicies of a file. What is no SourcePolicy at all is a problem of the file; what is wrong
// within one is kept with its document.
func decode(f file) ([]document, []Problem) {
	texts, err := split(f.data)
	if err != nil {
		return nil, []Problem{{File: f.name, Message: err.Error()}}
	}
	var (
		documents []document
		wrong     []Problem
	)
	for i, text := range texts {
		number := i + 1
		if len(texts) == 1 {
			number = 0
		}
		found := &problems{file: f.name, document: number}
		object, err := parseObject(text)
		switch {
		case err != nil:
			found.add("", "%v", err)
		case object == nil:
			continue
		case isSourcePolicy(object, found):
			documents = append(documents, document{found, convert(object, found)})
			continue
		}
		wrong = append(wrong, found.all...)
	}
	if len(documents) == 0 && len(wrong) == 0 {
		wrong = append(wrong, Problem{File: f.name, Message: "the file holds no SourcePolicy"})
	}
	return documents, wrong
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

// isSourcePolicy reports whether the document says that it is one; if not, it notes the problem.
func isSourcePolicy(object map[string]any, found *problems) bool {
	version, kind := v1alpha1.GroupVersion.String(), v1alpha1.SourcePolicyKind
	switch {
	case object["kind"] != kind:
		found.add("kind", "%v is not read here: every document must be a %s", orNothing(object["kind"]), kind)
	case object["apiVersion"] != version:
		found.add("apiVersion", "%v is not read here: write %s", orNothing(object["apiVersion"]), version)
	default:
		return true
	}
	return false
}

func orNothing(value any) any {
	if value == nil {
		return "nothing"
	}
	return value
}

// convert checks fields and types, and decodes what is right.
func convert(object map[string]any, found *problems) v1alpha1.SourcePolicy {
	var policy v1alpha1.SourcePolicy
	check := strict{found, map[string]string{"status": "is not the administrator's to write: remove it"}}
	checked := check.value("", object, reflect.TypeFor[v1alpha1.SourcePolicy]())
	text, err := json.Marshal(checked)
	if err == nil {
		err = json.Unmarshal(text, &policy)
	}
	if err != nil {
		found.add("", "%v", err)
	}
	return policy
}
