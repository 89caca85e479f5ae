package check

import (
	"context"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/fluxgate/fluxgate/flux"
)

// name fills in what the object makes Flux pull.
func (r *Result) name(ctx context.Context, u *unstructured.Unstructured, inventory *Inventory) {
	sources, err := flux.Sources(ctx, u, inventory)
	if err != nil {
		return // a bad object; its result says so
	}
	for _, s := range sources {
		named := Source{Path: s.Path, Form: string(s.Form)}
		if !s.Repository.IsZero() {
			named.Repository, named.Provider = s.Repository.String(), s.Repository.Cloud()
		}
		r.Sources = append(r.Sources, named)
	}
}
