package imagepolicy_test

import (
	"errors"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/fluxgate/fluxgate/verify/imagepolicy"
)

// TestMutatedPolicies stands for a fuzz target: go's fuzzer instruments the 2,000 packages of the library, takes minutes to
// build and then tries less than one document a second. The documents are the same at every run.
func TestMutatedPolicies(t *testing.T) {
	seeds := []string{
		everything, authority(pinned), policyOver("type: cue, data: \"a: 1\""),
		policyOver("type: rego, data: \"package sigstore\\nisCompliant { true }\""),
		authority("keyless: {identities: [{issuer: a, subject: b}]}, ctlog: {url: \"https://a.example\"}"),
		authority("key: {secretRef: {name: a, namespace: b}}"),
	}
	random := rand.New(rand.NewPCG(1, 2))
	for range 5000 {
		document := []byte(seeds[random.IntN(len(seeds))])
		for range 1 + random.IntN(4) {
			document = mutated(document, random)
		}
		policy, err := imagepolicy.Parse(t.Context(), document, secrets{})
		var invalid *imagepolicy.InvalidError
		switch {
		case policy == nil && errors.As(err, &invalid) && len(invalid.Problems) > 0:
		case policy != nil && err == nil && policy.ID() != "" && policy.Name() != "":
		default:
			t.Fatalf("%q gives %v, %v", document, policy, err)
		}
	}
}

func mutated(document []byte, random *rand.Rand) []byte {
	const special = "{}[]:,&*|>-#\"'\n !%?\x00\xff"
	at := random.IntN(len(document))
	until := min(len(document), at+1+random.IntN(20))
	switch from := random.IntN(len(document)); random.IntN(3) {
	case 0:
		return slices.Replace(slices.Clone(document), at, at+1, special[random.IntN(len(special))])
	case 1:
		return append(slices.Delete(slices.Clone(document), at, until), '\n')
	default:
		return slices.Insert(slices.Clone(document), from, document[at:until]...)
	}
}
