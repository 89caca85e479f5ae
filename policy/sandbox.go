package policy

import (
	"slices"

	"github.com/open-policy-agent/opa/v1/ast"
)

// capabilities are what a rule may use: pure functions of its input, and none whose memory or time a short argument can
// blow up. There is no clock, no randomness, no environment and no network, so that a review can be replayed.
func capabilities() *ast.Capabilities { return capabilitiesOf(allowed()) }

// customCapabilities are what a custom rule may use: the same but for product, which multiplies numbers in one call.
func customCapabilities() *ast.Capabilities {
	return capabilitiesOf(slices.DeleteFunc(allowed(), func(name string) bool { return name == "product" }))
}

func capabilitiesOf(names []string) *ast.Capabilities {
	caps := ast.CapabilitiesForThisVersion()
	caps.Builtins = slices.DeleteFunc(caps.Builtins, func(b *ast.Builtin) bool { return !slices.Contains(names, b.Name) })
	caps.AllowNet = []string{} // nil would allow every host
	return caps
}

// allowed lists builtins by OPA's names: https://www.openpolicyagent.org/docs/policy-reference/builtins
func allowed() []string {
	return []string{
		"eq", "assign", "equal", "neq", "lt", "lte", "gt", "gte", "internal.member_2", "internal.member_3",
		"and", "or", "plus", "minus", "mul", "div", "rem", "abs", "round", "ceil", "floor",
		"count", "sum", "product", "max", "min", "sort",
		"is_array", "is_boolean", "is_null", "is_number", "is_object", "is_set", "is_string", "type_name", "to_number",
		"array.concat", "array.reverse", "array.slice", "intersection", "union",
		"object.filter", "object.get", "object.keys", "object.remove", "object.subset", "object.union",
		"concat", "contains", "endswith", "format_int", "indexof", "lower", "replace", "split", "sprintf", "startswith",
		"strings.any_prefix_match", "strings.any_suffix_match", "strings.count", "strings.reverse",
		"substring", "trim", "trim_left", "trim_prefix", "trim_right", "trim_space", "trim_suffix", "upper",
		"glob.match", "regex.match", "regex.replace", "regex.is_valid", "semver.compare", "semver.is_valid", "walk",
		"time.parse_duration_ns", // reads a text; no clock
	}
}

// newCompiler returns a compiler that is confined to the capabilities and takes no doubtful code.
func newCompiler(caps *ast.Capabilities) *ast.Compiler {
	return ast.NewCompiler().
		WithCapabilities(caps).
		WithStrict(true).
		WithDefaultRegoVersion(ast.RegoV1).
		WithKeepModules(false)
}
