package policy

import (
	"github.com/open-policy-agent/opa/v1/ast"
	"github.com/open-policy-agent/opa/v1/topdown"
)

// uncached forgets what a rule's documents and functions came to. OPA remembers each of them for the rest of an evaluation,
// which for the rules of the library is a third of its allocations and of no use: a document is asked for once, or a few
// times to word a violation. Rules by others, whose documents may build on each other at will, are left with OPA's cache.
type uncached struct{}

var _ topdown.VirtualCache = uncached{}

// Push does nothing.
func (uncached) Push() {}

// Pop does nothing.
func (uncached) Pop() {}

// Get says of every document that it is not known.
func (uncached) Get(ast.Ref) (*ast.Term, bool) { return nil, false }

// Put does nothing.
func (uncached) Put(ast.Ref, *ast.Term) {}

// Keys gives none.
func (uncached) Keys() []ast.Ref { return nil }
