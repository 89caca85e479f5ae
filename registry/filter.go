package registry

import (
	"errors"
	"regexp"

	"github.com/fluxgate/fluxgate/flux"
)

// compileFilter reads ref.semverFilter. Its error is a badReference.
func compileFilter(source flux.Source) (*regexp.Regexp, error) {
	const field = "ref.semverFilter"
	filter := source.Ref.SemverFilter
	compiled, err := flux.CompileExpression(filter)
	switch {
	case errors.Is(err, flux.ErrExpressionTooLong):
		return nil, badReference(source, field, err.Error(), "shorten it")
	case errors.Is(err, flux.ErrExpressionRepeats):
		return nil, badReference(source, field, quote(filter)+" "+err.Error(), `write "*" or "+" instead of large counts`)
	case err != nil:
		return nil, badReference(source, field, quote(filter)+" "+err.Error(), "see https://github.com/google/re2/wiki/Syntax")
	}
	return compiled, nil
}
