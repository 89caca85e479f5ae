package imagepolicy

import (
	"bytes"
	"io"
	"net/http"
	"net/http/httptest"
	"testing"
)

func TestMemoKeepsWithinItsBounds(t *testing.T) {
	asked := map[string]int{}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		asked[req.URL.Path]++
		switch req.URL.Path {
		case "/small":
			_, _ = w.Write([]byte("small"))
		case "/limit":
			_, _ = w.Write(make([]byte, maxAnswer))
		case "/large":
			_, _ = w.Write(make([]byte, maxAnswer+1))
		case "/trouble":
			w.WriteHeader(http.StatusServiceUnavailable)
		default:
			http.NotFound(w, req)
		}
	}))
	defer server.Close()
	m := &memo{next: server.Client().Transport, kept: map[string]answer{}}
	client := &http.Client{Transport: m}
	get := func(path string, want int) {
		t.Helper()
		resp, err := client.Get(server.URL + path)
		if err != nil {
			t.Fatal(err)
		}
		defer resp.Body.Close()
		body, err := io.ReadAll(resp.Body)
		if err != nil || len(body) != want {
			t.Errorf("%s: %d bytes (%v), want %d", path, len(body), err, want)
		}
	}
	for range 2 {
		get("/small", 5)
		get("/limit", maxAnswer)
		get("/large", maxAnswer+1)
		get("/trouble", 0)
		get("/nothing", len("404 page not found\n"))
	}
	for path, want := range map[string]int{"/small": 1, "/limit": 1, "/large": 2, "/trouble": 2, "/nothing": 1} {
		if asked[path] != want {
			t.Errorf("%s was asked for %d times, want %d", path, asked[path], want)
		}
	}
	m.keep("much", answer{body: bytes.Repeat([]byte("a"), maxKept)})
	if _, kept := m.kept["much"]; kept {
		t.Error("more than the bound is kept")
	}
}
