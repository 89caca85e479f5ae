package policy

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/open-policy-agent/opa/v1/ast"
	"github.com/open-policy-agent/opa/v1/rego"
	"github.com/open-policy-agent/opa/v1/topdown"
)

const (
	// maxResult is the longest text that one call may make in a custom rule, in bytes.
	maxResult = 4 << 20
	// maxPieces is the largest number of pieces that one call may cut a text into.
	maxPieces = 100_000
	// maxDigits limits the digits and the exponent of a number: multiplying doubles them, and one call cannot be cut off.
	maxDigits = 400
	// boundedPrefix stands before the name of a function that is bounded.
	boundedPrefix = "fluxgate.bounded."
)

// estimate gives the size of what a call would make, at most, and the limit for it.
type estimate func(operands []*ast.Term) (size, most int)

// bounded are the functions whose result can be larger by a factor than what they are given, so that a single call could
// take all memory before anybody can stop it. In custom rules they are replaced by ones that look before.
func bounded() map[*ast.Builtin]estimate {
	return map[*ast.Builtin]estimate{
		ast.Concat: func(o []*ast.Term) (int, int) {
			size := 0
			each(o[1], func(t *ast.Term) { size += textLength(o[0]) + textLength(t) })
			return size, maxResult
		},
		ast.Sprintf: func(o []*ast.Term) (int, int) {
			longest := 0
			each(o[1], func(t *ast.Term) { longest = max(longest, textLength(t)) })
			format := textOf(o[0])
			return len(format) + strings.Count(format, "%")*(longest+widest(format)), maxResult
		},
		ast.Replace: func(o []*ast.Term) (int, int) {
			return replaced(textOf(o[0]), textOf(o[1]), textLength(o[2])), maxResult
		},
		ast.RegexReplace: func(o []*ast.Term) (int, int) {
			length := textLength(o[0])
			return (length + 1) * (textLength(o[2]) + strings.Count(textOf(o[2]), "$")*length), maxResult
		},
		ast.Split: func(o []*ast.Term) (int, int) {
			return strings.Count(textOf(o[0]), textOf(o[1])) + 1, maxPieces
		},
		ast.Multiply: func(o []*ast.Term) (int, int) { return max(digits(o[0].String()), digits(o[1].String())), maxDigits },
		ast.ToNumber: func(o []*ast.Term) (int, int) { return digits(textOf(o[0])), maxDigits },
	}
}

// boundedFunctions are the options of a query that make the bounded functions known to it.
func boundedFunctions() []func(*rego.Rego) {
	var options []func(*rego.Rego)
	for builtin, size := range bounded() {
		options = append(options, rego.FunctionDyn(
			&rego.Function{Name: boundedPrefix + builtin.Name, Decl: builtin.Decl},
			func(ctx rego.BuiltinContext, operands []*ast.Term) (*ast.Term, error) {
				if size, most := size(operands); size > most || size < 0 {
					return nil, fmt.Errorf("%s: the result would have %d parts or bytes, more than %d", builtin.Name, size, most)
				}
				var result *ast.Term
				err := topdown.GetBuiltin(builtin.Name)(ctx, operands, func(t *ast.Term) error {
					result = t
					return nil
				})
				return result, err
			}))
	}
	return options
}

// boundedCapabilities are those of a rule, with the bounded functions.
func boundedCapabilities() *ast.Capabilities {
	caps := customCapabilities()
	for builtin := range bounded() {
		caps.Builtins = append(caps.Builtins, &ast.Builtin{Name: boundedPrefix + builtin.Name, Decl: builtin.Decl})
	}
	return caps
}

// bind makes the module call the bounded functions. One that the module defines itself is left alone.
func bind(module *ast.Module) {
	names := map[string]ast.Ref{}
	for builtin := range bounded() {
		own := slices.ContainsFunc(module.Rules, func(r *ast.Rule) bool { return r.Head.Ref().String() == builtin.Name })
		if !own {
			names[builtin.Ref().String()] = (&ast.Builtin{Name: boundedPrefix + builtin.Name}).Ref()
		}
	}
	rename := func(operator *ast.Term) {
		if ref, isRef := operator.Value.(ast.Ref); isRef && names[ref.String()] != nil {
			operator.Value = names[ref.String()].Copy()
		}
	}
	ast.WalkExprs(module, func(e *ast.Expr) bool {
		if e.IsCall() {
			rename(e.OperatorTerm())
		}
		return false
	})
	ast.WalkTerms(module, func(t *ast.Term) bool {
		if call, isCall := t.Value.(ast.Call); isCall {
			rename(call[0])
		}
		return false
	})
	ast.WalkWiths(module, func(w *ast.With) bool { // what a test puts in a function's place
		if function, isVar := w.Target.Value.(ast.Var); isVar && names[string(function)] != nil {
			w.Target.Value = names[string(function)].Copy()
		}
		rename(w.Target)
		return false
	})
}

func each(collection *ast.Term, visit func(*ast.Term)) {
	switch c := collection.Value.(type) {
	case *ast.Array:
		c.Foreach(visit)
	case ast.Set:
		c.Foreach(visit)
	}
}

// textOf is the text of a string, and empty for everything else.
func textOf(t *ast.Term) string {
	text, _ := t.Value.(ast.String)
	return string(text)
}

// textLength is how long a term is when it is written, in bytes.
func textLength(t *ast.Term) int {
	if text, isText := t.Value.(ast.String); isText {
		return len(text)
	}
	return len(t.String())
}

func replaced(text, old string, by int) int {
	if old == "" {
		return len(text) + (len(text)+1)*by
	}
	return len(text) + strings.Count(text, old)*by
}

// widest is the largest number in a format: a width or a precision. "*" takes one from the arguments, which is refused.
func widest(format string) int {
	if strings.Contains(format, "*") {
		return maxResult + 1
	}
	most := 0
	for _, run := range strings.FieldsFunc(format, func(r rune) bool { return r < '0' || r > '9' }) {
		width, err := strconv.Atoi(run)
		if err != nil {
			return maxResult + 1
		}
		most = max(most, width)
	}
	return most
}

// digits is how many digits a number has when it is written out.
func digits(number string) int {
	mantissa, exponent, scientific := strings.Cut(strings.ToLower(number), "e")
	if !scientific {
		return len(number)
	}
	power, err := strconv.Atoi(exponent)
	if err != nil {
		return maxDigits + 1
	}
	return len(mantissa) + max(power, -power)
}
