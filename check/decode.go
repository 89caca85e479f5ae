package check

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"regexp"
	"strconv"

	kjson "sigs.k8s.io/json"
	"sigs.k8s.io/yaml"
)

// value is what one document, or one of several JSON values in a row, holds.
type value struct {
	content any
	line    int
}

// decode reads a document as kubectl does: as JSON where it is that, else as YAML 1.1. A key that stands twice in a
// mapping is an error in both: readers differ on which one wins.
func (d document) decode() ([]value, *syntaxError) {
	if text := bytes.TrimLeft(d.text, blank); len(text) > 0 && text[0] == '{' {
		if values, err, isJSON := d.decodeJSON(); isJSON {
			return values, err
		}
	}
	return d.decodeYAML()
}

// syntaxError is what keeps a document from being read, and the line of the file where it shows.
type syntaxError struct {
	line    int
	message string
}

// decodeJSON reads any number of JSON values. isJSON is false where the text is something else, perhaps YAML.
func (d document) decodeJSON() (values []value, invalid *syntaxError, isJSON bool) {
	decoder := json.NewDecoder(bytes.NewReader(d.text))
	line, counted := d.line, 0
	for {
		var raw json.RawMessage
		if err := decoder.Decode(&raw); errors.Is(err, io.EOF) {
			return values, nil, true
		} else if err != nil {
			return nil, nil, false
		}
		start := int(decoder.InputOffset()) - len(raw)
		line += bytes.Count(d.text[counted:start], []byte("\n"))
		counted = start

		v := value{line: line}
		twice, err := kjson.UnmarshalStrict(raw, &v.content)
		if err = errors.Join(append(twice, err)...); err != nil {
			return nil, &syntaxError{line: line, message: err.Error()}, true
		}
		values = append(values, v)
	}
}

func (d document) decodeYAML() ([]value, *syntaxError) {
	if err := boundAliases(d.text); err != nil {
		return nil, d.yamlError(err)
	}
	text, err := yaml.YAMLToJSONStrict(d.text)
	if err != nil {
		return nil, d.yamlError(err)
	}
	v := value{line: d.contentLine()}
	if err := kjson.UnmarshalCaseSensitivePreserveInts(text, &v.content); err != nil {
		return nil, d.yamlError(err)
	}
	return []value{v}, nil
}

// yamlError takes the line, which counts from the document's beginning, out of an error of the YAML reader.
func (d document) yamlError(err error) *syntaxError {
	match := regexp.MustCompile(`(?s)^yaml: (?:unmarshal errors:\s*)?(?:line (\d+): )?(.*)$`).FindStringSubmatch(err.Error())
	if match == nil {
		return &syntaxError{line: d.line, message: err.Error()}
	}
	line, _ := strconv.Atoi(match[1])
	return &syntaxError{line: d.line + max(line-1, 0), message: match[2]}
}
