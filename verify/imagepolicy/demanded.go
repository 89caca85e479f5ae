package imagepolicy

import (
	"slices"

	cueast "cuelang.org/go/cue/ast"
	"cuelang.org/go/cue/parser"
	"cuelang.org/go/cue/token"
	webhookcip "github.com/sigstore/policy-controller/pkg/webhook/clusterimagepolicy"
)

// demandedBy lists the authorities that a CUE policy over the authorities names: authorityMatches: {release: …}. To CUE that
// says how the field must be if it is there, so the library's verdict is met by an authority that did not pass. Whoever
// writes it wants it to have passed, so Fluxgate demands that too; fields with a question mark are not demanded.
func demandedBy(policy *webhookcip.AttestationPolicy, authorities []webhookcip.Authority) []string {
	if policy == nil || policy.Type != "cue" {
		return nil
	}
	file, err := parser.ParseFile("policy.cue", policy.Data)
	if err != nil {
		return nil // it has been compiled before
	}
	var demanded []string
	for _, matches := range named(file.Decls, "authorityMatches") {
		for _, authority := range authorities {
			if len(named(matches, authority.Name)) > 0 && !slices.Contains(demanded, authority.Name) {
				demanded = append(demanded, authority.Name)
			}
		}
	}
	return demanded
}

// named returns what the fields of a name hold, for those that are not optional.
func named(declarations []cueast.Decl, name string) [][]cueast.Decl {
	var found [][]cueast.Decl
	for _, declaration := range declarations {
		field, is := declaration.(*cueast.Field)
		if !is || field.Constraint == token.OPTION {
			continue
		}
		if label, _, err := cueast.LabelName(field.Label); err != nil || label != name {
			continue
		}
		var held []cueast.Decl
		if value, is := field.Value.(*cueast.StructLit); is {
			held = value.Elts
		}
		found = append(found, held)
	}
	return found
}
