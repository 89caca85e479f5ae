package certs

import (
	"testing"
	"time"

	"sigs.k8s.io/controller-runtime/pkg/client/interceptor"
)

const day = 24 * time.Hour

func TestALeafIsRenewedWhenAThirdOfItsLifeIsLeft(t *testing.T) {
	for name, test := range map[string]struct {
		after   time.Duration
		renewed bool
	}{
		"a day before":            {leafLife*2/3 - day, false},
		"a day after":             {leafLife*2/3 + day, true},
		"after it expired":        {leafLife + day, true},
		"clock an hour back":      {-time.Hour + time.Minute, false},
		"clock far back: invalid": {-2 * time.Hour, true},
	} {
		t.Run(name, func(t *testing.T) {
			at := newClock()
			c := cluster(interceptor.Funcs{})
			certs := replica(t, c, at)
			ensure(t, certs)
			before, authority := served(t, certs).Leaf, certs.arrival.authority
			at.advance(test.after)
			restarted := replica(t, c, at)
			ensure(t, restarted)
			if got := !served(t, restarted).Leaf.Equal(before); got != test.renewed {
				t.Errorf("renewed %t, want %t", got, test.renewed)
			}
			if test.after > 0 && !restarted.arrival.authority.Equal(authority) {
				t.Error("the CA changed where only the leaf was due")
			}
			trusted(t, c, restarted)
		})
	}
}

func TestACARotatesWithOverlap(t *testing.T) {
	at := newClock()
	c := cluster(interceptor.Funcs{})
	first, second := replica(t, c, at), replica(t, c, at)
	ensure(t, first)
	ensure(t, second)
	for at.Before(start.Add(authorityLife*2/3 - leafLife/4)) { // leaves come and go, as in life
		at.advance(leafLife / 8)
		ensure(t, first)
		ensure(t, second)
	}
	old := first.arrival.authority
	oldLeaf := served(t, first).Leaf
	at.Time = start.Add(authorityLife*2/3 + day)

	ensure(t, first)
	if first.arrival.authority.Equal(old) {
		t.Fatal("the CA was not rotated")
	}
	if !served(t, first).Leaf.Equal(oldLeaf) {
		t.Error("the new leaf is served in the round that published its CA")
	}
	trusted(t, c, first)
	trusted(t, c, second)

	at.advance(first.options.Settle)
	ensure(t, first)
	if served(t, first).Leaf.CheckSignatureFrom(first.arrival.authority) != nil {
		t.Error("the new leaf is not served after the settle time")
	}
	trusted(t, c, first)
	trusted(t, c, second) // has not had a round: the old CA must still be trusted

	at.Time = start.Add(authorityLife + day)
	ensure(t, second)
	for _, bundle := range bundles(t, c) {
		for _, cert := range parseBundle(bundle, start) {
			if cert.Equal(old) {
				t.Error("the expired CA is still published")
			}
		}
	}
	trusted(t, c, second)
}

func TestADeletedSecretBreaksNobody(t *testing.T) {
	at := newClock()
	c := cluster(interceptor.Funcs{})
	first, second := replica(t, c, at), replica(t, c, at)
	ensure(t, first)
	ensure(t, second)
	if err := c.Delete(t.Context(), secretOf(t, c)); err != nil {
		t.Fatal(err)
	}
	ensure(t, first)
	trusted(t, c, first)
	trusted(t, c, second)
	at.advance(time.Minute)
	ensure(t, second)
	ensure(t, first)
	at.advance(time.Minute)
	ensure(t, second)
	if !served(t, first).Leaf.Equal(served(t, second).Leaf) {
		t.Error("the replicas serve different leaves in the end")
	}
	trusted(t, c, first)
}

func TestASecretDeletedOverAndOverDoesNotGrowTheBundle(t *testing.T) {
	at := newClock()
	c := cluster(interceptor.Funcs{})
	certs := replica(t, c, at)
	ensure(t, certs)
	for range 2 * maxAuthorities {
		if err := c.Delete(t.Context(), secretOf(t, c)); err != nil {
			t.Fatal(err)
		}
		at.advance(time.Minute)
		ensure(t, certs)
		trusted(t, c, certs)
	}
	if got := len(parseBundle(bundles(t, c)[0], at.now())); got != maxAuthorities {
		t.Errorf("%d CAs in the bundle, want %d", got, maxAuthorities)
	}
}
