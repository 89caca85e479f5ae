package policy

import (
	"fmt"
	"slices"
	"strings"
)

// LoadError is bad input: policies that cannot be read. It is the administrator's to mend, names everything that is
// wrong, and no policy of that load is used.
type LoadError struct{ Problems []Problem }

// Problem is one thing that is wrong with a policy.
type Problem struct {
	// File is the file's name as it was given; empty for a policy that came from elsewhere.
	File string
	// Document counts the YAML documents of the file from 1; 0 where the file has only one, or the problem is the file.
	Document int
	// Path is the JSON path in the document; empty where the problem is the document.
	Path string
	// Message says what is wrong and what would be right.
	Message string
}

// Limits that keep an error readable; Problems has them all.
const (
	maxProblemsShown = 50
	// maxErrorText, in bytes, leaves room for the last line in the message of a metav1.Condition, which holds 32768 characters.
	maxErrorText = 32<<10 - 64
)

// Error lists the problems, one a line. It is what the API server answers to whoever applies a broken policy, and what the
// status of the policy says.
func (e *LoadError) Error() string {
	var lines []string
	length := 0
	for i, p := range e.Problems {
		line := p.String()
		if length += len(line) + 1; i == maxProblemsShown || length > maxErrorText {
			lines = append(lines, fmt.Sprintf("and %d more problems", len(e.Problems)-i))
			break
		}
		lines = append(lines, line)
	}
	return strings.Join(lines, "\n")
}

// String gives the problem as one line: "file (document 2): path: message".
func (p Problem) String() string { return joined(p.place(), clean(p.Message)) }

// place is where the problem is: "file (document 2): path".
func (p Problem) place() string {
	where := p.File
	if p.Document > 0 {
		where += fmt.Sprintf(" (document %d)", p.Document)
	}
	return joined(where, clean(p.Path))
}

// joined puts a colon between what is not empty.
func joined(parts ...string) string {
	return strings.Join(slices.DeleteFunc(parts, func(part string) bool { return part == "" }), ": ")
}

// problems collects what is wrong with one document.
type problems struct {
	file     string
	document int
	all      []Problem
}

// add notes a problem, unless there is one already at that path or above it: what follows from the first only distracts.
func (p *problems) add(path, format string, args ...any) {
	for _, other := range p.all {
		below, found := strings.CutPrefix(path, other.Path)
		if found && other.Path != "" && (below == "" || below[0] == '.' || below[0] == '[') {
			return
		}
	}
	p.all = append(p.all, Problem{File: p.file, Document: p.document, Path: path, Message: fmt.Sprintf(format, args...)})
}
