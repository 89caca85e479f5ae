package verdicts

import (
	"maps"
	"slices"
	"strings"

	lru "github.com/hashicorp/golang-lru/v2"

	"github.com/fluxgate/fluxgate/verify"
)

// maxKeyrings is the number of Secrets whose keys are remembered: reading a key takes longer than all else of a review that
// finds its verdict remembered.
const maxKeyrings = 1024

// keyrings remember the public keys of Secrets by a hash of their content.
type keyrings struct{ known *lru.Cache[key, keyring] }

type keyring struct {
	keys []verify.PublicKey
	err  error // a *verify.SecretError, which tells no name
}

func newKeyrings() *keyrings {
	known, err := lru.New[key, keyring](maxKeyrings)
	if err != nil {
		panic(err) // it fails only for sizes below one
	}
	return &keyrings{known}
}

// of is verify.PublicKeys.
func (k *keyrings) of(data map[string][]byte) ([]verify.PublicKey, error) {
	var content []string
	for _, entry := range slices.Sorted(maps.Keys(data)) {
		if strings.HasSuffix(entry, ".pub") {
			content = append(content, entry, string(data[entry]))
		}
	}
	id := keyOf(content...)
	if ring, found := k.known.Get(id); found {
		return ring.keys, ring.err
	}
	keys, err := verify.PublicKeys(data)
	k.known.Add(id, keyring{keys, err})
	return keys, err
}
