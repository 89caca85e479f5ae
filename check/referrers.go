package check

import (
	"context"
	"fmt"

	"github.com/fluxgate/fluxgate/flux"
	"github.com/fluxgate/fluxgate/gate"
	"github.com/fluxgate/fluxgate/policy"
)

var _ gate.Referrers = (*Inventory)(nil)

// Referring returns the namespaces whose objects, among the files, refer to a source.
func (i *Inventory) Referring(ctx context.Context, source flux.Key) ([]policy.Namespace, error) {
	var all []policy.Namespace
	for _, name := range i.referrers.Namespaces(source) {
		labels, err := i.Labels(ctx, name)
		if err != nil {
			return nil, err
		}
		all = append(all, policy.Namespace{Name: name, Labels: labels})
	}
	return all, nil
}

// refer takes account of what a judged object refers to. Those whose name is generated are told apart by their number.
func (i *Inventory) refer(found *item) {
	key := flux.KeyOf(found.object)
	if key.Name == "" {
		key.Name = fmt.Sprintf("#%d", len(i.judged))
	}
	i.referrers.Set(key, found.object)
}
