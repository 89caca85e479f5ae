package policytest

import (
	"math"
	"sync"

	"github.com/open-policy-agent/opa/v1/ast"
	"github.com/open-policy-agent/opa/v1/cover"
	"github.com/open-policy-agent/opa/v1/topdown"
)

// failures hears of an evaluation which lines of a file of tests were false or undefined, and hands everything on to whoever
// measures coverage.
type failures struct {
	file     string
	coverage *cover.Cover // nil where nobody measures

	mu   sync.Mutex
	rows map[int]bool
}

var _ topdown.QueryTracer = (*failures)(nil)

func (f *failures) Enabled() bool { return true }

func (f *failures) Config() topdown.TraceConfig { return topdown.TraceConfig{} }

func (f *failures) TraceEvent(e topdown.Event) {
	if f.coverage != nil {
		f.coverage.TraceEvent(e)
	}
	expr, isExpr := e.Node.(*ast.Expr)
	if e.Op != topdown.FailOp || !isExpr || expr.Location == nil || expr.Location.File != f.file {
		return
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.rows == nil {
		f.rows = map[int]bool{}
	}
	f.rows[expr.Location.Row] = true
}

// last is the last line of the test that begins at a row which was false or undefined: up to it, all went well. It is 0
// where there is none.
func (f *failures) last(file *ast.Module, start int) int {
	end := math.MaxInt
	for _, rule := range file.Rules {
		if row := rule.Location.Row; row > start && row < end {
			end = row
		}
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	last := 0
	for row := range f.rows {
		if row >= start && row < end {
			last = max(last, row)
		}
	}
	return last
}
