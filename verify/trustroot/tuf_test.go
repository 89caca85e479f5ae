package trustroot

import (
	"context"
	"crypto"
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/sigstore/sigstore/pkg/signature"
	"github.com/theupdateframework/go-tuf/v2/metadata"
)

// tufRepository is a TUF repository over HTTP on loopback.
type tufRepository struct {
	*httptest.Server
	t      *testing.T
	signer signature.Signer
	root   *metadata.Metadata[metadata.RootType]

	mu      sync.Mutex
	files   map[string][]byte
	version int64
}

func newTUFRepository(t *testing.T) *tufRepository {
	t.Helper()
	_, private, err := ed25519.GenerateKey(nil)
	if err != nil {
		t.Fatal(err)
	}
	r := &tufRepository{t: t, files: map[string][]byte{}, root: metadata.Root(time.Now().Add(time.Hour))}
	if r.signer, err = signature.LoadSigner(private, crypto.Hash(0)); err != nil {
		t.Fatal(err)
	}
	key, err := metadata.KeyFromPublicKey(private.Public())
	if err != nil {
		t.Fatal(err)
	}
	for _, role := range []string{"root", "targets", "snapshot", "timestamp"} {
		if err := r.root.Signed.AddKey(key, role); err != nil {
			t.Fatal(err)
		}
	}
	r.put("1.root.json", signed(t, r.root, r.signer))
	r.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		r.mu.Lock()
		defer r.mu.Unlock()
		content, found := r.files[strings.TrimPrefix(req.URL.Path, "/")]
		if !found {
			http.NotFound(w, req)
			return
		}
		_, _ = w.Write(content) // a client that went away is none of its business
	}))
	t.Cleanup(r.Close)
	return r
}

func signed[T metadata.Roles](t *testing.T, m *metadata.Metadata[T], signer signature.Signer) []byte {
	t.Helper()
	if _, err := m.Sign(signer); err != nil {
		t.Fatal(err)
	}
	text, err := m.ToBytes(false)
	if err != nil {
		t.Fatal(err)
	}
	return text
}

func (r *tufRepository) put(name string, content []byte) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.files[name] = content
}

// publish makes a text the target, in a new version of everything.
func (r *tufRepository) publish(text string) {
	r.t.Helper()
	r.version++
	until := time.Now().Add(time.Hour)
	targets, snapshot, timestamp := metadata.Targets(until), metadata.Snapshot(until), metadata.Timestamp(until)
	targets.Signed.Version, snapshot.Signed.Version, timestamp.Signed.Version = r.version, r.version, r.version
	info, err := metadata.TargetFile().FromBytes(target, []byte(text), "sha256")
	if err != nil {
		r.t.Fatal(err)
	}
	targets.Signed.Targets[target] = info
	snapshot.Signed.Meta["targets.json"] = metadata.MetaFile(r.version)
	timestamp.Signed.Meta["snapshot.json"] = metadata.MetaFile(r.version)
	version := string(rune('0' + r.version))
	r.put(version+".targets.json", signed(r.t, targets, r.signer))
	r.put(version+".snapshot.json", signed(r.t, snapshot, r.signer))
	r.put("timestamp.json", signed(r.t, timestamp, r.signer))
	sum := sha256.Sum256([]byte(text))
	r.put("targets/"+hex.EncodeToString(sum[:])+"."+target, []byte(text))
}

// TestATUFRepositoryIsAskedAgain, and believed only where the anchor vouches for it.
func TestATUFRepositoryIsAskedAgain(t *testing.T) {
	t.Setenv("HOME", "/nowhere/to/write") // the pod has no disk
	r, stranger := newTUFRepository(t), newTUFRepository(t)
	anchor := r.files["1.root.json"]
	first, second := rootOf(t), rootOf(t)
	r.publish(first)
	k := New(TUF(r.URL, anchor))
	if err := k.Refresh(t.Context()); err != nil || string(k.Root()) != first {
		t.Fatalf("the first root: error %v", err)
	}
	r.publish(second)
	if err := k.Refresh(t.Context()); err != nil || string(k.Root()) != second {
		t.Errorf("the second root: error %v", err)
	}
	r.publish("{}garbage")
	if err := k.Refresh(t.Context()); err == nil || string(k.Root()) != second {
		t.Errorf("what is no root is taken, error %v", err)
	}
	r.Close()
	if err := k.Refresh(t.Context()); err == nil || string(k.Root()) != second {
		t.Errorf("a repository that is down is believed, error %v", err)
	}
	stranger.publish(first)
	if err := New(TUF(stranger.URL, anchor)).Refresh(t.Context()); err == nil {
		t.Error("a repository that the anchor does not vouch for is believed")
	}
}

// TestARepositoryThatNeverAnswersIsLeft, and holds no connection: it is asked again every minute.
func TestARepositoryThatNeverAnswersIsLeft(t *testing.T) {
	asked, left := make(chan struct{}), make(chan struct{})
	silent := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, req *http.Request) {
		close(asked)
		<-req.Context().Done()
		close(left)
	}))
	t.Cleanup(silent.Close)
	ctx, cancel := context.WithCancel(t.Context())
	go func() {
		<-asked
		cancel()
	}()
	r := newTUFRepository(t)
	if err := New(TUF(silent.URL, r.files["1.root.json"])).Refresh(ctx); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v, want the end of the context", err)
	}
	select {
	case <-left:
	case <-time.After(30 * time.Second):
		silent.CloseClientConnections()
		t.Error("the request goes on")
	}
}

// TestWhatIsNoAnchorIsToldApart before a repository is asked: nothing that it says could mend that.
func TestWhatIsNoAnchorIsToldApart(t *testing.T) {
	const none = "is no root.json of a TUF repository: write the one that its owner gives out"
	r := newTUFRepository(t)
	r.publish(rootOf(t))
	for sentence, c := range map[string]struct{ text, want string }{
		"a root.json":             {string(r.files["1.root.json"]), ""},
		"nothing":                 {"", none},
		"another file in JSON":    {"{}", none},
		"another role's metadata": {string(r.files["timestamp.json"]), none},
		"a trusted root":          {rootOf(t), none},
	} {
		got := ""
		if err := CheckAnchor([]byte(c.text)); err != nil {
			got = err.Error()
		}
		if got != c.want {
			t.Errorf("%s: got %q, want %q", sentence, got, c.want)
		}
	}
}
