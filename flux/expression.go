package flux

import (
	"errors"
	"fmt"
	"regexp"
	"regexp/syntax"
)

const (
	// maxExpression is the longest regular expression that is read, in bytes.
	maxExpression = 1024
	// maxProgram limits what an expression is compiled to, in instructions. They cost memory once and time with every text:
	// ".{1000}" is short to write, and a hundred of them take 12 MB.
	maxProgram = 2000
)

// Why CompileExpression refuses an expression; each completes a sentence that begins with it.
var (
	ErrExpressionTooLong = fmt.Errorf("has more than %d characters", maxExpression)
	ErrNoExpression      = errors.New("is not a regular expression")
	ErrExpressionRepeats = errors.New("repeats too much")
)

// CompileExpression compiles a regular expression of an object, which any tenant may send, in bounded memory and time. What it
// compiles means what it means to Flux. The error is one of those above.
func CompileExpression(text string) (*regexp.Regexp, error) {
	if len(text) > maxExpression {
		return nil, ErrExpressionTooLong
	}
	// As regexp.Compile parses it, but for what the repeats are expanded to.
	parsed, err := syntax.Parse(text, syntax.Perl)
	if err != nil {
		return nil, ErrNoExpression
	}
	if programSize(parsed) > maxProgram {
		return nil, ErrExpressionRepeats
	}
	compiled, err := regexp.Compile(text)
	if err != nil {
		return nil, ErrNoExpression
	}
	return compiled, nil
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
