package registries_test

import (
	"fmt"
	"testing"
)

// TestTwoTenantsNeverSeeEachOthersAnswers lets one who may pull a repository and one who may not ask for the same tag, in
// both orders and more than once, so that the answer of each is in the cache when the other asks.
func TestTwoTenantsNeverSeeEachOthersAnswers(t *testing.T) {
	rich, poor := newTenant(t, "rich"), newTenant(t, "poor")
	tenants := map[string]tenant{"rich": rich, "poor": poor}
	rich.create(t, login("pull", tokens, "rich", password), account("puller", "pull"))
	poor.create(t, login("pull", tokens, "poor", password), account("puller", "pull"))
	for i, order := range [][]string{
		{"rich", "poor", "rich", "poor"},
		{"poor", "rich", "poor", "rich"},
		{"rich", "rich", "poor", "poor"},
		{"poor", "poor", "rich", "rich"},
	} {
		for field, more := range map[string]spec{
			"secret":  {"secretRef": ref("pull")},
			"account": {"serviceAccountName": "puller"},
		} {
			t.Run(fmt.Sprintf("%s by %v", field, order), func(t *testing.T) {
				repository := fmt.Sprintf("acme/shared-%s-%d", field, i)
				push(t, repository, "v1")
				w.auth.Permit("rich", password, repository)
				w.auth.Permit("poor", password)
				want := map[string]string{
					"rich": "pinned to " + repository + ":v1",
					"poor": `admission webhook "validate.fluxgate.dev" denied the request: undecided, so not admitted:` + "\n" +
						"not judged: [pinned] spec.ref: " + tokens + "/" + repository +
						":v1: unauthorized: the repository does not exist, or the credentials are not good for it",
				}
				for _, who := range order {
					if got := tenants[who].apply(t, tokens+"/"+repository, more); got != want[who] {
						t.Errorf("%s got %q, want %q", who, got, want[who])
					}
				}
				// The one whom it lets asked once, whatever the other did; the other asked, and got nothing from the cache.
				manifest := "/v2/" + repository + "/manifests/v1"
				counted := func(all []string) (found, refused int) {
					return count(all, "HEAD "+manifest+" 200"), count(all, "HEAD "+manifest+" 401")
				}
				asked := untilLogged(t, w.tokens, repository, func(all []string) bool {
					found, refused := counted(all)
					return found > 0 && refused > 0
				})
				if found, refused := counted(asked); found != 1 || refused == 0 {
					t.Errorf("the registry answered %d times and refused %d times, want 1 and some: %v", found, refused, asked)
				}
			})
		}
	}
}

func count(all []string, one string) int {
	n := 0
	for _, each := range all {
		if each == one {
			n++
		}
	}
	return n
}
