package policytest

import (
	"bytes"

	"go.yaml.in/yaml/v3"
)

// caseLines gives the lines of a file on which cases begin, by the line on which their document does. What cannot be read is
// not among them. Nothing is expanded.
func caseLines(text []byte) map[int][]int {
	lines := map[int][]int{}
	decoder := yaml.NewDecoder(bytes.NewReader(text))
	for {
		var root yaml.Node
		if err := decoder.Decode(&root); err != nil {
			return lines
		}
		if len(root.Content) == 1 {
			lines[root.Content[0].Line] = linesOf(root.Content[0], "cases")
		}
	}
}

// linesOf gives the lines of the items of a list in a mapping.
func linesOf(mapping *yaml.Node, key string) []int {
	for n := 0; mapping.Kind == yaml.MappingNode && n+1 < len(mapping.Content); n += 2 {
		if mapping.Content[n].Value != key {
			continue
		}
		var lines []int
		for _, item := range mapping.Content[n+1].Content {
			lines = append(lines, item.Line)
		}
		return lines
	}
	return nil
}
