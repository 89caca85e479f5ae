package verdicts_test

import (
	"context"
	"errors"
	"net/http"
	"testing"
	"time"

	"github.com/fluxgate/fluxgate/flux"
	"github.com/fluxgate/fluxgate/registry"
	"github.com/fluxgate/fluxgate/test/registrytest"
	"github.com/fluxgate/fluxgate/verify/verdicts"
)

// TestANamespaceThatWaitsForItselfKeepsNobodyWaiting, be it that others ask for the same artifact, by the same keys and login.
func TestANamespaceThatWaitsForItselfKeepsNobodyWaiting(t *testing.T) {
	w := newWorld(t)
	options := w.registry()
	options.PerNamespace = 1
	w.options.Registry = registry.New(options)
	key, public := w.key()
	w.must(w.place.SignBundle(w.digest, key))
	w.secrets["busy/keys"] = map[string][]byte{"cosign.pub": public}
	w.put("keys", map[string][]byte{"cosign.pub": public})
	held := make(chan struct{})
	defer close(held)
	w.Break("ghcr.io/busy/app", func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(rw http.ResponseWriter, req *http.Request) {
			<-held
			next.ServeHTTP(rw, req)
		})
	})
	v := verdicts.New(w.options)
	leave := func(source flux.Source) {
		source.Namespace = "busy"
		ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
		defer cancel()
		if _, err := v.Own(ctx, source, false); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("the busy namespace got error %v", err)
		}
	}
	source := w.source(flux.Verify{SecretRef: "keys"})
	slow := source
	slow.Repository.Path = "busy/app"
	leave(slow)
	leave(source)
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	if got, err := v.Own(ctx, source, false); err != nil || !got.Verified {
		t.Errorf("another namespace got %s, error %v", summary(got), err)
	}
}

// TestATurnThatDidNotComeIsNotRemembered: nobody was asked, so there is nothing that others should hear.
func TestATurnThatDidNotComeIsNotRemembered(t *testing.T) {
	w := newWorld(t)
	options := w.registry()
	options.PerHost = 1
	options.ResolveTimeout = 2 * time.Second // enough for what comes after, on a busy machine
	w.options.Registry = registry.New(options)
	key, public := w.key()
	w.must(w.place.SignBundle(w.digest, key))
	w.put("keys", map[string][]byte{"cosign.pub": public})
	source := w.source(flux.Verify{SecretRef: "keys"})
	other, err := w.options.Registry.Access(t.Context(), source, w.digest, false)
	w.must(err)
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	session, err := other.Open(ctx)
	w.must(err)
	v := verdicts.New(w.options)
	var failure *registry.Error
	if _, err := v.Own(t.Context(), source, false); !errors.As(err, &failure) || failure.Class != registry.ClassTimeout {
		t.Fatalf("while another holds the only turn: %v", err)
	}
	session.Close()
	if got := w.own(v, source); !got.Verified {
		t.Errorf("after that: %s", summary(got))
	}
}

// TestAFailureTellsNobodyOfTheObjectsOfOthers: it is remembered for whoever asks the same, and each is told of what it wrote itself.
func TestAFailureTellsNobodyOfTheObjectsOfOthers(t *testing.T) {
	w := newWorld(t)
	w.Break("ghcr.io", registrytest.Down())
	_, public := w.key()
	w.put("keys", map[string][]byte{"cosign.pub": public})
	own := w.source(flux.Verify{SecretRef: "keys"})
	foreign := own
	foreign.Origin = &flux.Key{Kind: "OCIRepository"}
	foreign.Origin.Namespace, foreign.Origin.Name = "apps", "secret-project"
	for sentence, asked := range map[string][]flux.Source{
		"the owner first": {own, foreign}, "who refers to it first": {foreign, own},
	} {
		t.Run(sentence, func(t *testing.T) {
			v := verdicts.New(w.options)
			for _, source := range asked {
				want := app + "@" + w.digest
				if source.Origin != nil {
					want = "OCIRepository apps/secret-project"
				}
				want += ": unreachable: it cannot be reached, or is in trouble; try again later"
				if _, err := v.Own(t.Context(), source, false); err == nil || err.Error() != want {
					t.Errorf("got  %v\nwant %s", err, want)
				}
			}
		})
	}
}
