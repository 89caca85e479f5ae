package imagepolicy

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
)

// InvalidError says everything that is wrong with a ClusterImagePolicy. It is the author's to mend, and no infrastructure
// error. It tells nothing of a Secret's content.
type InvalidError struct {
	// Name is that of the policy, if it could be read.
	Name string
	// Problems are sorted by path, and there is at least one.
	Problems []Problem
}

// Problem is one thing that is wrong.
type Problem struct {
	// Path is the field: spec.authorities[0].key. Empty stands for the document as a whole.
	Path string
	// Text says what is wrong and how to mend it, after the path and a colon.
	Text string
}

func (e *InvalidError) Error() string {
	var b strings.Builder
	b.WriteString("ClusterImagePolicy")
	if e.Name != "" {
		fmt.Fprintf(&b, " %s", e.Name)
	}
	for i, problem := range e.Problems {
		b.WriteString([]string{": ", "; "}[min(i, 1)])
		if problem.Path != "" {
			b.WriteString(problem.Path + ": ")
		}
		b.WriteString(problem.Text)
	}
	return b.String()
}

// problems gathers what is wrong.
type problems []Problem

func (p *problems) add(path, format string, args ...any) {
	*p = append(*p, Problem{Path: path, Text: fmt.Sprintf(format, args...)})
}

// err is nil where nothing is wrong.
func (p *problems) err(name string) error {
	if len(*p) == 0 {
		return nil
	}
	slices.SortStableFunc(*p, func(a, b Problem) int { return cmp.Compare(a.Path, b.Path) })
	return &InvalidError{Name: name, Problems: slices.Compact(*p)}
}
