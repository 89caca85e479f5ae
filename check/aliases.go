package check

import (
	"bytes"
	"fmt"

	"go.yaml.in/yaml/v3"
)

// maxExpanded bounds a document's size once its aliases are replaced by what they name. The reader that follows bounds
// the number of values but not their length: one long string named a hundred thousand times passes it.
const maxExpanded = maxDocument

// boundAliases refuses a document that would grow beyond maxExpanded. It parses without expanding.
func boundAliases(text []byte) error {
	if !bytes.Contains(text, []byte("&")) || !bytes.Contains(text, []byte("*")) {
		return nil
	}
	var root yaml.Node
	if err := yaml.Unmarshal(text, &root); err != nil {
		return err
	}
	sizes := expandedSizes{}
	if sizes.of(&root) > maxExpanded {
		return fmt.Errorf("its aliases expand to more than %d MiB; write out what they stand for, or fewer of them", maxExpanded>>20)
	}
	return nil
}

// expandedSizes remembers the size of each anchored node. A node that is being measured counts as too large: it contains
// itself.
type expandedSizes map[*yaml.Node]int

// of approximates the length in JSON of a node; beyond maxExpanded it stops counting.
func (sizes expandedSizes) of(node *yaml.Node) int {
	if node.Kind == yaml.AliasNode {
		node = node.Alias
	}
	if size, known := sizes[node]; known {
		return size
	}
	if node.Anchor != "" {
		sizes[node] = maxExpanded + 1
	}
	size := len(node.Value) + len(`"",`)
	for _, child := range node.Content {
		if size += sizes.of(child); size > maxExpanded {
			break
		}
	}
	if node.Anchor != "" {
		sizes[node] = size
	}
	return size
}
