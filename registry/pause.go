package registry

import (
	"crypto/sha256"
	"fmt"
	"sync"
	"time"

	lru "github.com/hashicorp/golang-lru/v2"
)

const (
	// maxPauses limits the registries, and the logins at registries, of which pauses are remembered.
	maxPauses = 4096
	// firstHostPause and longestHostPause are how long a registry is spared by those whom it asked for no pause.
	firstHostPause, longestHostPause = 2 * time.Second, 8 * time.Second
	// provenFor is how long a login that was answered is taken to be within its own limits.
	provenFor = 10 * time.Minute
)

// pauses remember which registries asked for a pause (429, or 503 with Retry-After), and whom they asked. Registries count
// by login, and those without one by address. So that none can be made to keep others away for long:
//
//   - the login that was asked for a pause keeps it whole;
//   - a login that was answered in the last minutes goes on: the limit is not its own;
//   - the others pause for a few seconds, after which one of them at a time finds out, and opens the way for all where it
//     is answered.
//
// A registry is another one where it is reached over another route: who answers through a tenant's proxy is the tenant.
type pauses struct {
	now func() time.Time
	// least is the pause where a registry names none, most the longest that is kept.
	least, most time.Duration

	mu     sync.Mutex
	logins *lru.Cache[[sha256.Size]byte, pause]
	proven *lru.Cache[[sha256.Size]byte, time.Time]
	hosts  *lru.Cache[[sha256.Size]byte, hostPause]
}

type pause struct {
	class Class
	until time.Time
}

type hostPause struct {
	pause
	length time.Duration
}

// asker is a login at a registry.
type asker struct{ host, login [sha256.Size]byte }

func askerOf(p *plan, login Login) asker {
	r := routeOf(p, login.Transport)
	host := sha256.Sum256(frame(p.repository.RegistryStr(), fmt.Sprint(r.private, r.skipVerify), r.transport))
	return asker{host: host, login: sha256.Sum256(frame(string(host[:]), login.ID))}
}

func newPauses(o CacheOptions, now func() time.Time) *pauses {
	return &pauses{
		now: now, least: o.Failed, most: o.RetryAfter,
		logins: newLRU[pause](maxPauses), proven: newLRU[time.Time](maxPauses), hosts: newLRU[hostPause](maxPauses),
	}
}

// standing returns the pause that keeps a from asking now, if there is one.
func (ps *pauses) standing(a asker) (pause, bool) {
	ps.mu.Lock()
	defer ps.mu.Unlock()
	return ps.find(a)
}

func (ps *pauses) find(a asker) (pause, bool) {
	now := ps.now()
	if own, found := ps.logins.Get(a.login); found && now.Before(own.until) {
		return own, true
	}
	if at, found := ps.proven.Get(a.login); found && now.Before(at.Add(provenFor)) {
		return pause{}, false
	}
	host, found := ps.hosts.Get(a.host)
	return host.pause, found && now.Before(host.until)
}

// enter is standing for one that goes on to ask: after the pause of a host it is the one that finds out, and the others
// wait until it has.
func (ps *pauses) enter(a asker) (pause, bool) {
	ps.mu.Lock()
	defer ps.mu.Unlock()
	if kept, found := ps.find(a); found {
		return kept, true
	}
	if host, found := ps.hosts.Get(a.host); found {
		host.until = ps.now().Add(host.length)
		ps.hosts.Add(a.host, host)
	}
	return pause{}, false
}

// learn takes in what came of asking.
func (ps *pauses) learn(a asker, found answer) {
	ps.mu.Lock()
	defer ps.mu.Unlock()
	now := ps.now()
	length := ps.asked(found)
	switch {
	case length > 0:
		own := pause{class: found.failure.Class, until: now.Add(length)}
		ps.logins.Add(a.login, own)
		ps.proven.Remove(a.login)
		ps.lengthen(a.host, own, length)
	case found.failure == nil:
		ps.proven.Add(a.login, now)
		ps.hosts.Remove(a.host)
	}
}

// lengthen begins the pause of a host, or doubles one after which nobody was answered.
func (ps *pauses) lengthen(host [sha256.Size]byte, own pause, length time.Duration) {
	next := hostPause{pause: own, length: firstHostPause}
	if last, found := ps.hosts.Get(host); found && ps.now().Before(last.until.Add(ps.most)) {
		next.length = min(2*last.length, longestHostPause)
	}
	next.until = ps.now().Add(min(next.length, length))
	ps.hosts.Add(host, next)
}

// asked is the pause that an answer asks for; zero where it asks for none.
func (ps *pauses) asked(found answer) time.Duration {
	switch {
	case found.failure == nil:
		return 0
	case found.failure.Class == ClassRateLimited:
		return min(max(found.retryAfter, ps.least), ps.most)
	default:
		return min(found.retryAfter, ps.most)
	}
}

// failure is what a query gets that a pause keeps from asking.
func (s pause) failure(p *plan, now time.Time) *Error {
	left := s.until.Sub(now).Round(time.Second)
	remedy := "try again later"
	if s.class == ClassRateLimited {
		remedy = advice(ClassRateLimited, nil)
	}
	return &Error{
		Class: s.class, Reference: reference(p.source), Advice: "the registry asked for a pause; " + remedy,
		Err: fmt.Errorf("not asked: the registry asked for a pause, which ends in %s", left),
	}
}
