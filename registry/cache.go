package registry

import (
	"crypto/sha256"
	"time"

	lru "github.com/hashicorp/golang-lru/v2"
)

// answer is what came of asking a registry: a Resolution, or what kept it from one.
type answer struct {
	resolution Resolution
	failure    *Error // nil where there is a resolution
	// unasked: the registry was not asked, as it was not this query's turn in time, or as it wants a pause. That is nothing
	// to remember.
	unasked bool
	// retryAfter is the pause that the registry asked for; zero where it asked for none.
	retryAfter time.Duration
}

// result gives every caller an error of its own, about its own source.
func (a answer) result(p *plan) (Resolution, error) {
	if a.failure != nil {
		return Resolution{}, p.told(a.failure)
	}
	return a.resolution, nil
}

// cache remembers answers for a while. Failures are kept apart: they come cheap to whoever wants to push out answers.
type cache struct {
	options           CacheOptions
	now               func() time.Time
	answers, failures *lru.Cache[cacheKey, remembered]
}

type cacheKey = [sha256.Size]byte

type remembered struct {
	answer
	young, until time.Time // when its first half ends, and its life
}

func newCache(o CacheOptions, now func() time.Time) *cache {
	return &cache{options: o, now: now, answers: newLRU[remembered](o.Size), failures: newLRU[remembered](o.Size)}
}

func newLRU[V any](size int) *lru.Cache[cacheKey, V] {
	kept, err := lru.New[cacheKey, V](max(size, 1))
	if err != nil {
		panic(err) // it fails only for sizes below one
	}
	return kept
}

// get returns an answer that is not too old for the query.
func (c *cache) get(key cacheKey, q Query) (answer, bool) {
	if q.Fresh {
		return answer{}, false
	}
	for _, kept := range []*lru.Cache[cacheKey, remembered]{c.answers, c.failures} {
		r, found := kept.Get(key)
		if !found {
			continue
		}
		end := r.until
		if q.Young && r.failure == nil {
			end = r.young
		}
		if c.now().Before(end) {
			return r.answer, true
		}
	}
	return answer{}, false
}

// put replaces what is known: an answer removes an older failure, and the other way round.
func (c *cache) put(key cacheKey, a answer) {
	to, from := c.answers, c.failures
	if a.failure != nil {
		to, from = from, to
	}
	from.Remove(key)
	now, life := c.now(), c.lifetime(a)
	to.Add(key, remembered{answer: a, young: now.Add(life / 2), until: now.Add(life)})
}

func (c *cache) lifetime(a answer) time.Duration {
	if a.failure == nil {
		return c.options.Found
	}
	switch a.failure.Class {
	case ClassNotFound, ClassNoMatch:
		return c.options.NotFound
	case ClassRateLimited:
		return max(c.options.Failed, min(a.retryAfter, c.options.RetryAfter))
	default:
		return c.options.Failed
	}
}
