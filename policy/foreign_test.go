package policy

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/fluxgate/fluxgate/flux"
)

// TestAForeignObjectIsNotRevealed: a user may refer to what he may not read.
func TestAForeignObjectIsNotRevealed(t *testing.T) {
	bodies := map[string]string{"made": `violations contains {
	"source": 0, "path": "spec.url", "message": "the url is oci://secret", "remediation": "write oci://other",
}`}
	foreign := Violation{
		Policy: "made", Rule: "made", Action: Deny, Path: "spec.chartRef",
		Message:     "OCIRepository infra/base breaks made: a made rule",
		Remediation: "ask those who own it to change it, or refer to another source",
	}
	own := Violation{
		Policy: "made", Rule: "made", Action: Deny, Path: "spec.url",
		Message: "the url is oci://secret", Remediation: "write oci://other",
	}
	key := func(namespace string) *flux.Key {
		k := &flux.Key{Kind: "OCIRepository"}
		k.Namespace, k.Name = namespace, "base"
		return k
	}
	for name, c := range map[string]struct {
		origin *flux.Key
		want   Violation
	}{
		"the object itself":               {nil, own},
		"an object of the same namespace": {key("apps"), own},
		"an object of another namespace":  {key("infra"), foreign},
	} {
		t.Run(name, func(t *testing.T) {
			p, err := madePolicy(t, bodies)
			if err != nil {
				t.Fatal(err)
			}
			in := NewInput(oneSource(c.origin))
			got, err := p.Evaluate(t.Context(), in, Static)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff([]Violation{c.want}, got); diff != "" {
				t.Error("(-want +got):\n", diff)
			}
		})
	}
}
