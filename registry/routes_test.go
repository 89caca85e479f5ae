package registry

import (
	"errors"
	"fmt"
	"net"
	"net/http"
	"testing"
	"testing/synctest"
	"time"
)

func mustRoute(t *testing.T, rs *routes, r route) http.RoundTripper {
	t.Helper()
	to, err := rs.to(r, Transport{ID: r.transport})
	if err != nil {
		t.Fatal(err)
	}
	return to
}

func TestEachRouteHasConnectionsOfItsOwn(t *testing.T) {
	rs := newRoutes(Options{}.withDefaults())
	seen := map[http.RoundTripper]route{}
	for _, transport := range []string{"", "a", "b"} {
		for _, private := range []bool{false, true} {
			for _, skip := range []bool{false, true} {
				r := route{private: private, skipVerify: skip, transport: transport}
				to := mustRoute(t, rs, r)
				if other, shared := seen[to]; shared {
					t.Errorf("%v and %v share connections", r, other)
				}
				seen[to] = r
				if mustRoute(t, rs, r) != to {
					t.Errorf("%v has other connections the second time", r)
				}
			}
		}
	}
}

func TestTheConnectionsOfObjectsAreBounded(t *testing.T) {
	rs := newRoutes(Options{}.withDefaults())
	first := mustRoute(t, rs, route{transport: "0"})
	for i := range 2 * maxOwnRoutes {
		mustRoute(t, rs, route{transport: fmt.Sprint(i)})
	}
	if got := rs.own.Len(); got != maxOwnRoutes {
		t.Errorf("%d routes are kept, want %d", got, maxOwnRoutes)
	}
	if mustRoute(t, rs, route{transport: "0"}) == first {
		t.Error("the oldest route is still there")
	}
}

func TestAClientCertificateIsForgottenSoonAfterItsLastUse(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		rs := newRoutes(Options{}.withDefaults())
		first := mustRoute(t, rs, route{transport: "a"})
		time.Sleep(keepOwnRoute - time.Second)
		if mustRoute(t, rs, route{transport: "a"}) != first {
			t.Error("it is forgotten too early")
		}
		time.Sleep(keepOwnRoute - time.Second)
		synctest.Wait()
		if rs.own.Len() != 1 {
			t.Error("a use did not prolong it")
		}
		time.Sleep(2 * time.Second)
		synctest.Wait()
		if got := rs.own.Len(); got != 0 {
			t.Errorf("%d routes are kept, want none", got)
		}
	})
}

func TestARefusedHandshakeIsNamed(t *testing.T) {
	refused := &net.OpError{Op: "remote error", Err: errors.New("tls: certificate required")}
	want := "it refuses the handshake; it may ask for a client certificate (tls.crt and tls.key of certSecretRef), or for another one"
	if got := advice(ClassUnreachable, refused); got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}
