package verdicts

import (
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"time"

	lru "github.com/hashicorp/golang-lru/v2"

	"github.com/fluxgate/fluxgate/registry"
	"github.com/fluxgate/fluxgate/verify"
)

// verdict is what a verification said, or what kept it from saying anything.
type verdict struct {
	signature verify.Signature
	err       error
}

// told is the verdict for whoever has an access: who asked first may have been of another namespace.
func (v verdict) told(access *registry.Access) (verify.Signature, error) {
	var failure *registry.Error
	if errors.As(v.err, &failure) {
		return verify.Signature{}, access.About(failure)
	}
	return v.signature, v.err
}

// cache remembers verdicts for a while. Those that are good are kept apart: the others come cheap to whoever wants to push
// them out.
type cache struct {
	options   Options
	good, bad *lru.Cache[key, remembered]
}

type key = [sha256.Size]byte

type remembered struct {
	verdict
	until time.Time
}

func newCache(o Options) *cache {
	return &cache{options: o, good: newLRU(o.Size), bad: newLRU(o.Size)}
}

func newLRU(size int) *lru.Cache[key, remembered] {
	kept, err := lru.New[key, remembered](max(size, 1))
	if err != nil {
		panic(err) // it fails only for sizes below one
	}
	return kept
}

func (c *cache) get(k key) (verdict, bool) {
	now := c.options.Now()
	for _, kept := range []*lru.Cache[key, remembered]{c.good, c.bad} {
		if r, found := kept.Get(k); found && now.Before(r.until) {
			return r.verdict, true
		}
	}
	return verdict{}, false
}

func (c *cache) put(k key, v verdict) {
	to, from, life := c.bad, c.good, c.options.Bad
	switch {
	case v.err != nil:
		life = c.options.Failed
	case v.signature.Verified:
		to, from, life = c.good, c.bad, c.options.Good
	}
	from.Remove(k)
	to.Add(k, remembered{v, c.options.Now().Add(life)})
}

// keyOf is a hash of texts that cannot be confused: each goes behind its length.
func keyOf(texts ...string) key {
	var framed []byte
	for _, text := range texts {
		framed = binary.AppendUvarint(framed, uint64(len(text)))
		framed = append(framed, text...)
	}
	return sha256.Sum256(framed)
}
