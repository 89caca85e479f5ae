package policy

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/open-policy-agent/opa/v1/ast"
	"github.com/open-policy-agent/opa/v1/metrics"
	"github.com/open-policy-agent/opa/v1/rego"
	"github.com/open-policy-agent/opa/v1/topdown"
)

// errUndefined: the rule gave no answer at all. That is never read as "no violation".
var errUndefined = errors.New("the result is undefined")

// query asks a library for the values of some of its documents. It is safe for concurrent use.
type query struct {
	prepared rego.PreparedEvalQuery
	trace    topdown.QueryTracer // nil but in tests of policies
	// cache is nil for OPA's own.
	cache topdown.VirtualCache
}

// newQuery prepares a query for the array of the documents at the given paths.
func (l *Library) newQuery(paths ...string) (*query, error) {
	options := []func(*rego.Rego){
		rego.Query("[" + strings.Join(paths, ", ") + "]"),
		rego.Compiler(l.compiler),
		rego.Capabilities(capabilities()),
		rego.Store(l.store),
		rego.StrictBuiltinErrors(true),
		rego.GenerateJSON(func(term *ast.Term, _ *rego.EvalContext) (any, error) { return term, nil }),
	}
	if l.custom {
		options = append(options, rego.Capabilities(boundedCapabilities()))
		options = append(options, boundedFunctions()...)
	}
	prepared, err := rego.New(options...).PrepareForEval(context.Background())
	if err != nil {
		return nil, fmt.Errorf("prepare %s: %w", strings.Join(paths, ", "), err)
	}
	q := &query{prepared: prepared}
	if l.custom {
		q.trace = l.trace
	}
	return q, nil
}

// eval gives the values, in the order of the paths. One that is undefined makes all of them so.
func (q *query) eval(ctx context.Context, input ast.Value) (*ast.Array, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	cancel := topdown.NewCancel()
	stop := context.AfterFunc(ctx, cancel.Cancel)
	defer stop()
	options := append(make([]rego.EvalOption, 0, 4),
		rego.EvalParsedInput(input),
		rego.EvalExternalCancel(cancel),
		rego.EvalMetrics(metrics.NoOp()),
		rego.EvalVirtualCache(q.cache),
	)
	if q.trace != nil {
		options = append(options, rego.EvalQueryTracer(q.trace))
	}
	results, err := q.prepared.Eval(ctx, options...)
	switch {
	case err != nil && ctx.Err() != nil:
		return nil, ctx.Err()
	case err != nil:
		return nil, err
	case len(results) != 1 || len(results[0].Expressions) != 1:
		return nil, errUndefined
	}
	term, ok := results[0].Expressions[0].Value.(*ast.Term)
	if !ok {
		return nil, errUndefined
	}
	values, ok := term.Value.(*ast.Array)
	if !ok {
		return nil, errUndefined
	}
	return values, nil
}

// one evaluates a query of a single path.
func (q *query) one(ctx context.Context, input ast.Value) (ast.Value, error) {
	values, err := q.eval(ctx, input)
	if err != nil {
		return nil, err
	}
	return values.Elem(0).Value, nil
}
