package registry

import (
	"fmt"
	"regexp"
	"regexp/syntax"

	"github.com/fluxgate/fluxgate/flux"
)

const (
	// maxFilter is the longest semverFilter that is read, in bytes.
	maxFilter = 1024
	// maxProgram limits what a filter is compiled to, in instructions. They cost memory once and time with every tag:
	// ".{1000}" is short to write, and a hundred of them take 12 MB.
	maxProgram = 2000
)

// compileFilter reads ref.semverFilter, which any tenant may send, in bounded memory. Its error is a badReference.
func compileFilter(source flux.Source) (*regexp.Regexp, error) {
	const field = "ref.semverFilter"
	filter := source.Ref.SemverFilter
	if len(filter) > maxFilter {
		return nil, badReference(source, field, fmt.Sprintf("has more than %d characters", maxFilter), "shorten it")
	}
	// As regexp.Compile parses it, but for what the repeats are expanded to.
	parsed, err := syntax.Parse(filter, syntax.Perl)
	if err != nil {
		return nil, badReference(source, field, quote(filter)+" is not a regular expression",
			"see https://github.com/google/re2/wiki/Syntax")
	}
	if programSize(parsed) > maxProgram {
		return nil, badReference(source, field, quote(filter)+" repeats too much", `write "*" or "+" instead of large counts`)
	}
	return regexp.Compile(filter)
}

// programSize estimates how many instructions an expression is compiled to: each repeat is as many copies as its count.
func programSize(re *syntax.Regexp) int {
	size := 1
	for _, sub := range re.Sub {
		size += programSize(sub)
	}
	switch re.Op {
	case syntax.OpLiteral:
		return len(re.Rune)
	case syntax.OpRepeat:
		return size * max(re.Min, re.Max, 1)
	}
	return size
}
