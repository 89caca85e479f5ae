package registrytest

import (
	"crypto/rand"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
)

const tokenPath = "/token"

// Login is what a registry asks for.
type Login struct {
	// User and Password are those that are let in; where both are empty, a token is given to everybody.
	User, Password string
	// Realm is the URL of the token server; where it is empty, basic authentication is asked for. Each host of the
	// Registry gives out tokens for all others at https://<host>/token.
	Realm string
}

// Require makes a host ask for a login; the zero Login ends that.
func (r *Registry) Require(host string, login Login) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if login == (Login{}) {
		delete(r.logins, host)
		return
	}
	r.logins[host] = login
}

func (r *Registry) admitted(req *http.Request) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	login, asks := r.logins[req.Host]
	if !asks {
		return true
	}
	if login.Realm == "" {
		user, password, _ := req.BasicAuth()
		return user == login.User && password == login.Password
	}
	token, _ := strings.CutPrefix(req.Header.Get("Authorization"), "Bearer ")
	return token != "" && r.tokens[token] == req.Host
}

func (r *Registry) challenge(w http.ResponseWriter, host string) {
	r.mu.Lock()
	login := r.logins[host]
	r.mu.Unlock()
	challenge := `Basic realm="registry"`
	if login.Realm != "" {
		challenge = fmt.Sprintf(`Bearer realm=%q,service=%q`, login.Realm, host)
	}
	w.Header().Set("WWW-Authenticate", challenge)
	answerError(w, http.StatusUnauthorized, "UNAUTHORIZED")
}

// issueToken is the token server (https://distribution.github.io/distribution/spec/auth/token/).
func (r *Registry) issueToken(w http.ResponseWriter, req *http.Request) {
	r.mu.Lock()
	defer r.mu.Unlock()
	service := req.URL.Query().Get("service")
	login := r.logins[service]
	user, password, _ := req.BasicAuth()
	if login.User != user || login.Password != password {
		answerError(w, http.StatusUnauthorized, "UNAUTHORIZED")
		return
	}
	token := rand.Text()
	r.tokens[token] = service
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(map[string]any{"token": token, "expires_in": 300}) // see serveTags
}

// answerError answers as registries do
// (https://github.com/opencontainers/distribution-spec/blob/v1.1.1/spec.md#error-codes).
func answerError(w http.ResponseWriter, status int, code string) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_, _ = fmt.Fprintf(w, `{"errors":[{"code":%q,"message":"registrytest says so"}]}`, code) // see serveTags
}
