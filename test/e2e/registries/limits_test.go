package registries_test

import (
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	admissionregistrationv1 "k8s.io/api/admissionregistration/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/fluxgate/fluxgate/test/registrytest"
)

// TestAMinuteOf429UnderFiveHundredAdmissions lets a registry answer 429 and ask for a minute, while twenty teams, half of them with
// logins of their own, create 500 objects. registry's TestAMinuteOf429MakesNoStorm lets the whole minute pass, by a clock.
func TestAMinuteOf429UnderFiveHundredAdmissions(t *testing.T) {
	const teams, objects, host = 20, 25, "123456789012.dkr.ecr.eu-west-1.amazonaws.com"
	w.Registry.Break(host, registrytest.RateLimited(60))
	var working sync.WaitGroup
	var mu sync.Mutex
	var slowest time.Duration
	answers := map[string]int{}
	logins := make([]spec, teams)
	all := make([]tenant, teams)
	for i := range teams {
		all[i] = newTenant(t, fmt.Sprint("limited-", i))
		if i%2 == 0 {
			all[i].create(t, login("pull", host, fmt.Sprint("robot-", i), password))
			logins[i] = spec{"secretRef": ref("pull")}
		}
	}
	begin := time.Now()
	for i, team := range all {
		working.Go(func() {
			for tag := range objects {
				start := time.Now()
				said := team.apply(t, host+"/acme/app", with(logins[i], "ref", spec{"tag": fmt.Sprint("v", tag)}))
				took := time.Since(start)
				mu.Lock()
				slowest = max(slowest, took)
				_, class, _ := strings.Cut(said, fmt.Sprintf(":v%d: ", tag))
				answers[class]++
				mu.Unlock()
			}
		})
	}
	working.Wait()
	asked := w.Registry.Count("", host)
	t.Logf("%d admissions in %s asked the registry %d times; the slowest took %s; answers: %v",
		teams*objects, time.Since(begin).Round(time.Millisecond), asked, slowest.Round(time.Millisecond), answers)
	limited := 0
	for class, n := range answers {
		if strings.HasPrefix(class, "rate-limited: ") {
			limited += n
		}
	}
	if limited != teams*objects {
		t.Errorf("%d of %d were told that the registry is limited: %v", limited, teams*objects, answers)
	}
	// Eight may be under way when the first 429 comes, each with two requests; after that one at a time finds out, of each of the
	// eleven logins once.
	if most := 2*8 + 2*(teams/2+1); asked > most {
		t.Errorf("the registry was asked %d times, want at most %d", asked, most)
	}
	if limit := patience(t); slowest > limit {
		t.Errorf("an answer took %s, while the API server waits %s for both webhooks", slowest, limit)
	}
}

// patience is how long the API server waits for both webhooks.
func patience(t *testing.T) time.Duration {
	t.Helper()
	admin, err := client.New(w.Config, client.Options{})
	if err != nil {
		t.Fatal(err)
	}
	config := &admissionregistrationv1.ValidatingWebhookConfiguration{}
	if err := admin.Get(t.Context(), client.ObjectKey{Name: "fluxgate"}, config); err != nil {
		t.Fatal(err)
	}
	return 2 * time.Duration(*config.Webhooks[0].TimeoutSeconds) * time.Second
}
