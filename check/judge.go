package check

import (
	"cmp"
	"context"
	"sync"
	"time"

	sourcev1 "github.com/fluxcd/source-controller/api/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/fluxgate/fluxgate/gate"
)

const (
	defaultTimeout = 30 * time.Second
	// parallel bounds how many objects are judged at a time, and so how many questions registries get at once.
	parallel = 8
)

// Judge lets a gate judge the objects of an inventory.
type Judge struct {
	// Gate answers from the inventory that is judged; it may not be nil.
	Gate gate.Reviewer
	// Details adds to what could not be judged what is behind it. It may name addresses, which a webhook's users must not
	// learn; whoever runs a check asks with his own credentials from his own machine.
	Details bool
	// Timeout bounds the judging of one object; zero means 30 s.
	Timeout time.Duration
}

// Report judges every object as the two webhooks would when it is created: what comes out of the mutating call goes into
// the validating one. Results are in input order. Afterwards the inventory holds the OCIRepositories as others see them.
func (j Judge) Report(ctx context.Context, inventory *Inventory) *Report {
	var repositories, others []*item
	for _, found := range inventory.judged {
		if found.object.GetKind() == sourcev1.OCIRepositoryKind {
			repositories = append(repositories, found)
		} else {
			others = append(others, found)
		}
	}
	results := map[*item]Result{}
	for _, reviewed := range j.reviewAll(ctx, repositories) {
		reviewed.item.admit(reviewed)
		reviewed.result.name(ctx, reviewed.admitted, inventory)
		results[reviewed.item] = reviewed.result
	}
	for _, reviewed := range j.reviewAll(ctx, others) {
		reviewed.result.NotJudged = append(reviewed.result.NotJudged, inventory.unpinned(ctx, reviewed.admitted)...)
		reviewed.result.name(ctx, reviewed.admitted, inventory)
		results[reviewed.item] = reviewed.result
	}
	return newReport(inventory, results)
}

// reviewed is an object with its result, and as it would be stored.
type reviewed struct {
	item     *item
	admitted *unstructured.Unstructured
	result   Result
}

func (j Judge) reviewAll(ctx context.Context, items []*item) []reviewed {
	all := make([]reviewed, len(items))
	next := make(chan int)
	var workers sync.WaitGroup
	for range min(parallel, len(items)) {
		workers.Go(func() {
			for n := range next {
				all[n] = j.review(ctx, items[n])
			}
		})
	}
	for n := range items {
		next <- n
	}
	close(next)
	workers.Wait()
	return all
}

// review is what happens to one object at admission. An object that is refused stays as it was written: others that refer
// to it are judged as if it were mended.
func (j Judge) review(ctx context.Context, found *item) reviewed {
	ctx, cancel := context.WithTimeout(ctx, cmp.Or(j.Timeout, defaultTimeout))
	defer cancel()

	request := gate.Request{Operation: gate.Create, Object: found.object}
	stored, mutated, err := j.Gate.Mutate(ctx, request)
	if err != nil {
		return reviewed{item: found, admitted: found.object, result: failedResult(found, err)}
	}
	request.Object = stored
	decision, err := j.Gate.Validate(ctx, request)
	if err != nil {
		return reviewed{item: found, admitted: found.object, result: failedResult(found, err)}
	}
	return reviewed{item: found, admitted: stored, result: j.newResult(found, mutated, decision)}
}
