package registrytest

import (
	"bytes"
	"context"
	"fmt"
	"net"
	"net/http"
	"strconv"
	"time"
)

// Fault answers in the place of a registry, or changes its answer: next is the registry as it would be without.
type Fault func(next http.Handler) http.Handler

// Break installs a fault at a place and below it: "ghcr.io" (all of it, the ping too), "ghcr.io/acme/app",
// "ghcr.io/acme/app/manifests/v1". The most specific place wins. A nil fault mends the place.
func (r *Registry) Break(prefix string, fault Fault) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if fault == nil {
		delete(r.faults, prefix)
		return
	}
	r.faults[prefix] = fault
}

func (r *Registry) fault(req *http.Request) Fault {
	r.mu.Lock()
	defer r.mu.Unlock()
	var found Fault
	longest := -1
	at := place(req.Host, req.URL.Path)
	for prefix, fault := range r.faults {
		if len(prefix) > longest && below(at, prefix) {
			found, longest = fault, len(prefix)
		}
	}
	return found
}

// Down drops the connection without an answer, with everything else that is under way on it.
func Down() Fault {
	return answer(func(_ http.ResponseWriter, req *http.Request) {
		if conn, known := req.Context().Value(connection{}).(net.Conn); known {
			_ = conn.Close() // it may be gone already
		}
		panic(http.ErrAbortHandler)
	})
}

// connection is the context's key for the connection that a request came over.
type connection struct{}

func withConnection(ctx context.Context, conn net.Conn) context.Context {
	return context.WithValue(ctx, connection{}, conn)
}

// Slow never answers.
func (r *Registry) Slow() Fault {
	return answer(func(_ http.ResponseWriter, req *http.Request) { r.wait(req, time.Hour) })
}

// Drip answers at once, and then sends a byte now and again for ever.
func (r *Registry) Drip() Fault {
	return answer(func(w http.ResponseWriter, req *http.Request) {
		w.Header().Set("Content-Type", manifestType)
		for r.wait(req, 20*time.Millisecond) {
			if _, err := w.Write([]byte(" ")); err != nil {
				return
			}
			_ = http.NewResponseController(w).Flush() // the next write tells
		}
	})
}

// wait reports whether the time has passed before the client, or the registry, has gone.
func (r *Registry) wait(req *http.Request, d time.Duration) bool {
	select {
	case <-time.After(d):
		return true
	case <-req.Context().Done():
	case <-r.stopped:
	}
	return false
}

// Status answers with a status and an error of the distribution specification: 401, 404, 500, …
func Status(status int, code string) Fault {
	return answer(func(w http.ResponseWriter, _ *http.Request) { answerError(w, status, code) })
}

// RateLimited answers 429 and asks for a pause of so many seconds.
func RateLimited(seconds int) Fault {
	return answer(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Retry-After", strconv.Itoa(seconds))
		answerError(w, http.StatusTooManyRequests, "TOOMANYREQUESTS")
	})
}

// Garbage answers 200 with something that is neither a manifest nor a list of tags.
func Garbage() Fault {
	return answer(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/html")
		w.Header().Set("Docker-Content-Digest", "garbage")
		_, _ = fmt.Fprint(w, "<html>Please log in to the Wi-Fi</html>") // see serveTags
	})
}

// RedirectTo answers 307 to a URL.
func RedirectTo(url string) Fault {
	return answer(func(w http.ResponseWriter, req *http.Request) {
		http.Redirect(w, req, url, http.StatusTemporaryRedirect)
	})
}

// RedirectLoop redirects to a new URL on the same host again and again.
func RedirectLoop() Fault {
	return answer(func(w http.ResponseWriter, req *http.Request) {
		n, _ := strconv.Atoi(req.URL.Query().Get("hop")) // none is hop 0
		http.Redirect(w, req, fmt.Sprintf("https://%s%s?hop=%d", req.Host, req.URL.Path, n+1), http.StatusTemporaryRedirect)
	})
}

// Huge refuses HEAD and answers GET with a manifest of so many bytes, without saying beforehand how many.
func Huge(size int) Fault {
	return answer(func(w http.ResponseWriter, req *http.Request) {
		if req.Method == http.MethodHead {
			answerError(w, http.StatusMethodNotAllowed, "UNSUPPORTED")
			return
		}
		w.Header().Set("Content-Type", manifestType)
		chunk := bytes.Repeat([]byte(" "), 64<<10)
		for sent := 0; sent < size; sent += len(chunk) {
			if _, err := w.Write(chunk); err != nil {
				return
			}
		}
	})
}

// NoHead refuses HEAD, as some registries and proxies do.
func NoHead() Fault {
	return func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
			if req.Method == http.MethodHead {
				answerError(w, http.StatusMethodNotAllowed, "UNSUPPORTED")
				return
			}
			next.ServeHTTP(w, req)
		})
	}
}

func answer(handle http.HandlerFunc) Fault {
	return func(http.Handler) http.Handler { return handle }
}
