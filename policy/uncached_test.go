package policy

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/open-policy-agent/opa/v1/ast"
)

// TestUncachedRulesSayTheSame as each of them alone, with OPA's cache, of every object that these tests know.
func TestUncachedRulesSayTheSame(t *testing.T) {
	p := mustParse(t, everyRule)
	reviews := []Review{pinned(), full()}
	for _, ways := range []map[string]way{kindWays(), identityWays(), boundsWays(), trustWays()} {
		for _, w := range ways {
			reviews = append(reviews, reviewOf(t, w.object, w.others))
		}
	}
	for _, objects := range formObjects() {
		bad := strings.NewReplacer("SPEC", "url: 'oci://10.0.0.1/evil', insecure: true")
		reviews = append(reviews, reviewOf(t, bad.Replace(objects[0]), bad.Replace(objects[1])))
	}
	said := 0
	for _, review := range reviews {
		in := NewInput(review)
		for _, g := range p.phases {
			together, err := g.all.eval(t.Context(), in.with(g.params, g.prepared))
			if err != nil {
				t.Fatal(err)
			}
			for i, r := range g.rules {
				alone, err := r.alone.one(t.Context(), in.with(g.params, g.prepared))
				if err != nil {
					t.Fatal(err)
				}
				if diff := cmp.Diff(alone.String(), together.Elem(i).Value.String()); diff != "" {
					t.Errorf("%s of %s/%s (-alone +together):\n%s", r.Name, review.Kind, review.Name, diff)
				}
				said += alone.(ast.Set).Len()
			}
		}
	}
	if said < len(reviews) {
		t.Errorf("only %d violations of %d objects were compared", said, len(reviews))
	}
}
