package policies_test

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	admissionregistrationv1 "k8s.io/api/admissionregistration/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/fluxgate/fluxgate/policy/v1alpha1"
	"github.com/fluxgate/fluxgate/test/controlplane"
)

const (
	// perSecond is how many objects are created while policies change.
	perSecond = 200
	// phase is how long each state of the policy lasts, at least: on a slow machine, until as many objects were created as in half of
	// it on a fast one.
	phase = 3 * time.Second
)

// answer is what came of one creation.
type answer struct {
	sent, got time.Time
	bad       bool // insecure
	denied    bool
	err       error // neither admitted nor denied
}

// state is what the policy says from a moment on.
type state struct {
	what string
	// asked is when the change was sent, from when it was accepted and the API server could tell those who watch.
	asked, from time.Time
	// bad, good: whether an insecure object, and any other, is denied.
	bad, good bool
}

// TestPoliciesChangeUnderLoad applies, breaks, mends and deletes a policy while 200 objects a second are created. No request
// fails, and each is judged by the policy before the change or, at the latest a second after it, by the one after it.
func TestPoliciesChangeUnderLoad(t *testing.T) {
	namespace(t, "load")
	passUnchecked(t)
	ctx, stop := context.WithCancel(t.Context())
	answers := make(chan []answer, 1)
	var created atomic.Int64
	go func() { answers <- createObjects(ctx, t, &created) }()

	var states []state
	enter := func(what string, bad, good bool, change func()) {
		asked := time.Now()
		change()
		states = append(states, state{what, asked, time.Now(), bad, good})
		enough := created.Load() + perSecond*int64(phase/time.Second)/2
		time.Sleep(phase)
		for created.Load() < enough {
			time.Sleep(20 * time.Millisecond)
		}
	}
	started := time.Now()
	enter("no policy", false, false, func() {})
	p := policyOf(t, "load", "{match: {namespaces: [load]}, rules: [{rule: forbid-insecure}]}")
	t.Cleanup(func() { _ = client.IgnoreNotFound(admin(t).Delete(context.Background(), p)) })
	enter("applied", true, false, func() {
		must(t, admin(t).Create(t.Context(), p))
		untilKnown(t, p)
	})
	enter("broken: the last good version stays in force", true, false, func() {
		update(t, p, func() { p.Spec.Rules = []v1alpha1.Rule{{Rule: "forbid-everything"}} })
	})
	enter("mended, and stricter", true, true, func() {
		update(t, p, func() {
			p.Spec.Rules = []v1alpha1.Rule{{Rule: "forbid-insecure"}, {Rule: "require-verify"}}
		})
	})
	enter("a warning only", false, false, func() { update(t, p, func() { p.Spec.Action = v1alpha1.ActionWarn }) })
	enter("strict again", true, true, func() { update(t, p, func() { p.Spec.Action = v1alpha1.ActionDeny }) })
	enter("deleted", false, false, func() {
		must(t, admin(t).Delete(t.Context(), p))
		untilKnown(t, p)
	})
	ended := time.Now()
	stop()
	judge(t, <-answers, states, ended.Sub(started))
}

// judge compares each answer with the states that it may have been judged by.
func judge(t *testing.T, all []answer, states []state, lasted time.Duration) {
	t.Helper()
	wrong, failed := 0, 0
	slowest := make([]time.Duration, len(states))
	for _, a := range all {
		if a.err != nil {
			if failed++; failed <= 5 {
				t.Errorf("a request failed: %v", a.err)
			}
			continue
		}
		may := map[bool]bool{}
		for i, s := range states {
			last := i+1 == len(states)
			begun := i == 0 || a.got.After(s.asked)
			over := !last && a.sent.After(states[i+1].from.Add(effect))
			if begun && !over {
				may[s.denies(a.bad)] = true
			}
			within := a.sent.After(s.from) && (last || a.got.Before(states[i+1].asked))
			if within && a.denied != s.denies(a.bad) {
				slowest[i] = max(slowest[i], a.sent.Sub(s.from))
			}
		}
		if !may[a.denied] {
			if wrong++; wrong <= 5 {
				t.Errorf("sent at %s, insecure: %t, denied: %t, which no state then says", a.sent.Sub(states[0].from), a.bad, a.denied)
			}
		}
	}
	rate := float64(len(all)) / lasted.Seconds()
	t.Logf("%d objects, %.0f a second; %d failed, %d judged wrongly", len(all), rate, failed, wrong)
	for i, s := range states {
		t.Logf("%-46s last judged by the state before after %s", s.what, slowest[i])
	}
	if wrong > 0 || failed > 0 {
		t.Errorf("%d requests failed and %d were judged wrongly, want none", failed, wrong)
	}
}

func (s state) denies(bad bool) bool {
	if bad {
		return s.bad
	}
	return s.good
}

// createObjects creates good and insecure objects in turn until ctx ends.
func createObjects(ctx context.Context, t *testing.T, created *atomic.Int64) []answer {
	const workers = 32
	c := admin(t)
	var (
		mu      sync.Mutex
		answers []answer
		group   sync.WaitGroup
	)
	tick := time.NewTicker(time.Second / perSecond)
	defer tick.Stop()
	for worker := range workers {
		group.Go(func() {
			for n := 0; ; n++ {
				select {
				case <-ctx.Done():
					return
				case <-tick.C:
				}
				a := createOne(c, fmt.Sprintf("o-%d-%d", worker, n), n%2 == 0)
				mu.Lock()
				answers = append(answers, a)
				mu.Unlock()
				created.Add(1)
			}
		})
	}
	group.Wait()
	return answers
}

func createOne(c client.Client, name string, bad bool) answer {
	obj := repository("load", name, nil)
	if bad {
		obj = repository("load", name, insecure)
	}
	a := answer{sent: time.Now(), bad: bad}
	err := c.Create(context.Background(), obj)
	a.got = time.Now()
	switch {
	case err == nil:
	case apierrors.IsForbidden(err) && strings.Contains(err.Error(), "[load/"):
		a.denied = true
	default:
		a.err = err
	}
	return a
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// update changes a policy. It carries a label then that lets it pass the webhook, see passUnchecked. A selector is asked
// for the stored object too, so the label comes first.
func update(t *testing.T, p *v1alpha1.SourcePolicy, change func()) {
	t.Helper()
	label := client.RawPatch(types.MergePatchType, []byte(`{"metadata":{"labels":{"`+unchecked+`":"yes"}}}`))
	must(t, admin(t).Patch(t.Context(), p, label))
	for {
		must(t, admin(t).Get(t.Context(), client.ObjectKeyFromObject(p), p))
		change()
		err := admin(t).Update(t.Context(), p)
		if !apierrors.IsConflict(err) { // with the status, which is written at the same time
			must(t, err)
			untilKnown(t, p)
			return
		}
	}
}

// untilKnown waits until the API server can tell those who watch of a policy as it was written last: how long etcd and the API server
// take for that is not Fluxgate's doing.
func untilKnown(t *testing.T, p *v1alpha1.SourcePolicy) {
	t.Helper()
	must(t, controlplane.UntilCached(t.Context(), admin(t), p))
}

// unchecked is a label of test policies that the webhook does not see.
const unchecked = "test.fluxgate.dev/unchecked"

// passUnchecked lets policies with the label unchecked pass the webhook that would refuse a broken one, until the test ends. In
// a cluster such a policy is one that was good to another version of Fluxgate, or written while the webhook was not there.
func passUnchecked(t *testing.T) {
	t.Helper()
	key := client.ObjectKey{Name: "fluxgate"}
	set := func(selector *metav1.LabelSelector) {
		config := &admissionregistrationv1.ValidatingWebhookConfiguration{}
		must(t, admin(t).Get(context.Background(), key, config))
		for i := range config.Webhooks {
			if config.Webhooks[i].Name == "policies.fluxgate.dev" {
				config.Webhooks[i].ObjectSelector = selector
			}
		}
		must(t, admin(t).Update(context.Background(), config))
	}
	set(&metav1.LabelSelector{MatchExpressions: []metav1.LabelSelectorRequirement{
		{Key: unchecked, Operator: metav1.LabelSelectorOpDoesNotExist},
	}})
	t.Cleanup(func() { set(&metav1.LabelSelector{}) })
	eventually(t, "a broken policy that nobody checks", func() bool {
		probe := policyOf(t, "probe", "{match: {namespaces: [none]}, rules: [{rule: no-such-rule}]}")
		probe.Labels = map[string]string{unchecked: "yes"}
		return admin(t).Create(t.Context(), probe, client.DryRunAll) == nil
	})
}
