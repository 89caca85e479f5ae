package cloud_test

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/fluxgate/fluxgate/test/registrytest"
)

// edge is what the clouds' endpoints and the API server are asked, and what they answer.
type edge struct {
	t *testing.T

	mu    sync.Mutex
	calls []string
	// password is what the next login is; each exchange of an access token for a login takes it.
	password string
	// broken answers in the place of an endpoint: by the beginning of its call.
	broken map[string]http.HandlerFunc
	// forbidden keeps the API server from issuing tokens.
	forbidden error
}

func endpoints() []string {
	return []string{
		"sts.eu-west-1.amazonaws.com", "api.ecr.eu-west-1.amazonaws.com", "sts.googleapis.com", "iamcredentials.googleapis.com",
		"login.microsoftonline.com",
		"sts.us-east-1.amazonaws.com", "api.ecr-public.us-east-1.amazonaws.com",
		"sts.cn-north-1.amazonaws.com.cn", "api.ecr.cn-north-1.amazonaws.com.cn",
	}
}

func served(host string) bool { return slices.Contains(append(endpoints(), registries()...), host) }

func newEdge(t *testing.T) *edge {
	e := &edge{t: t, password: "secret-1", broken: map[string]http.HandlerFunc{}}
	world.edge = e
	for place, handler := range map[string]http.HandlerFunc{
		"sts.eu-west-1.amazonaws.com":     e.awsSTS,
		"api.ecr.eu-west-1.amazonaws.com": e.awsECR,
		"sts.googleapis.com":              e.googleSTS,
		"iamcredentials.googleapis.com":   e.googleIAM,
		"login.microsoftonline.com":       e.microsoft,
		acr + "/oauth2/exchange":          e.azureExchange,
		acrChina + "/oauth2/exchange":     e.azureExchange,
		acrUS + "/oauth2/exchange":        e.azureExchange,

		"sts.us-east-1.amazonaws.com":            e.awsSTS,
		"api.ecr-public.us-east-1.amazonaws.com": e.awsECRPublic,
		"sts.cn-north-1.amazonaws.com.cn":        e.awsSTS,
		"api.ecr.cn-north-1.amazonaws.com.cn":    e.awsECR,
	} {
		world.Break(place, func(http.Handler) http.Handler { return handler })
	}
	return e
}

// IssueToken is the API server's edge.
func (e *edge) IssueToken(_ context.Context, namespace, name string, audiences []string) (string, error) {
	e.called("TokenRequest %s/%s for %s", namespace, name, strings.Join(audiences, ","))
	return "token-of-" + name, e.forbidden
}

func (e *edge) called(format string, args ...any) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.calls = append(e.calls, fmt.Sprintf(format, args...))
}

// took returns the calls since the last time.
func (e *edge) took() []string {
	e.mu.Lock()
	defer e.mu.Unlock()
	calls := e.calls
	e.calls = nil
	return calls
}

// rotate makes the registries take another password, which the exchanges hand out from now on.
func (e *edge) rotate(password string) {
	e.mu.Lock()
	e.password = password
	e.mu.Unlock()
	e.require(password)
}

func (e *edge) require(password string) {
	for _, host := range []string{ecr, ecrPublic, ecrChina} {
		world.Require(host, registrytest.Login{User: "AWS", Password: password})
	}
	world.Require(gar, registrytest.Login{User: "oauth2accesstoken", Password: password})
	for _, host := range []string{acr, acrChina, acrUS} {
		world.Require(host, registrytest.Login{
			User: "00000000-0000-0000-0000-000000000000", Password: refreshToken(password), Realm: "https://" + host + "/token",
		})
	}
}

func (e *edge) next() string {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.password
}

// call logs a call and reports whether somebody answers in its place.
func (e *edge) call(w http.ResponseWriter, req *http.Request, format string, args ...any) bool {
	call := fmt.Sprintf(format, args...)
	e.called("%s", call)
	for prefix, handler := range e.broken {
		if strings.HasPrefix(call, prefix) {
			handler(w, req)
			return true
		}
	}
	return false
}

func (e *edge) unexpected(w http.ResponseWriter, req *http.Request) {
	e.t.Errorf("unexpected call: %s %s%s", req.Method, req.Host, req.URL)
	w.WriteHeader(http.StatusNotImplemented)
}

func (e *edge) answer(w http.ResponseWriter, body any) {
	w.Header().Set("Content-Type", "application/json")
	if err := json.NewEncoder(w).Encode(body); err != nil {
		e.t.Error(err)
	}
}

func (e *edge) awsSTS(w http.ResponseWriter, req *http.Request) {
	if req.FormValue("Action") != "AssumeRoleWithWebIdentity" {
		e.unexpected(w, req)
		return
	}
	if e.call(w, req, "STS %s with %s", req.FormValue("RoleArn"), req.FormValue("WebIdentityToken")) {
		return
	}
	w.Header().Set("Content-Type", "text/xml")
	_, _ = fmt.Fprintf(w, `<AssumeRoleWithWebIdentityResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/">
<AssumeRoleWithWebIdentityResult><Credentials><AccessKeyId>AKIDEXAMPLE</AccessKeyId><SecretAccessKey>secret-key</SecretAccessKey>
<SessionToken>secret-session</SessionToken><Expiration>%s</Expiration></Credentials></AssumeRoleWithWebIdentityResult>
</AssumeRoleWithWebIdentityResponse>`, time.Now().Add(time.Hour).UTC().Format(time.RFC3339)) // the client tells
}

func (e *edge) awsECR(w http.ResponseWriter, req *http.Request) {
	if login := e.awsLogin(w, req, "AmazonEC2ContainerRegistry_V20150921", "ECR"); login != nil {
		e.answer(w, map[string]any{"authorizationData": []any{login}})
	}
}

func (e *edge) awsECRPublic(w http.ResponseWriter, req *http.Request) {
	if login := e.awsLogin(w, req, "SpencerFrontendService", "ECR Public"); login != nil {
		e.answer(w, map[string]any{"authorizationData": login})
	}
}

func (e *edge) awsLogin(w http.ResponseWriter, req *http.Request, target, called string) map[string]any {
	if req.Header.Get("X-Amz-Target") != target+".GetAuthorizationToken" {
		e.unexpected(w, req)
		return nil
	}
	signer, _, _ := strings.Cut(strings.TrimPrefix(req.Header.Get("Authorization"), "AWS4-HMAC-SHA256 Credential="), "/")
	if e.call(w, req, "%s GetAuthorizationToken signed by %s", called, signer) {
		return nil
	}
	return map[string]any{
		"authorizationToken": base64.StdEncoding.EncodeToString([]byte("AWS:" + e.next())),
		"expiresAt":          time.Now().Add(12 * time.Hour).Unix(),
	}
}

func (e *edge) googleSTS(w http.ResponseWriter, req *http.Request) {
	if req.URL.Path != "/v1/token" {
		e.unexpected(w, req)
		return
	}
	if e.call(w, req, "Google STS %s for %s", req.FormValue("subject_token"), req.FormValue("audience")) {
		return
	}
	e.answer(w, map[string]any{
		"access_token": e.next(), "issued_token_type": "urn:ietf:params:oauth:token-type:access_token",
		"token_type": "Bearer", "expires_in": 3600,
	})
}

func (e *edge) googleIAM(w http.ResponseWriter, req *http.Request) {
	account, found := strings.CutPrefix(req.URL.Path, "/v1/projects/-/serviceAccounts/")
	if !found || e.call(w, req, "Google IAM %s by %s", account, req.Header.Get("Authorization")) {
		return
	}
	e.answer(w, map[string]any{"accessToken": e.next(), "expireTime": time.Now().Add(time.Hour).UTC().Format(time.RFC3339)})
}

// metadata is Google's metadata service, as the pod sees it.
func (e *edge) metadata(w http.ResponseWriter, req *http.Request) {
	path := strings.TrimPrefix(req.URL.Path, "/computeMetadata/v1/")
	w.Header().Set("Metadata-Flavor", "Google")
	values := map[string]string{
		"project/project-id": "acme", "instance/attributes/cluster-location": "europe-west1",
		"instance/attributes/cluster-name": "prod", "universe/universe-domain": "googleapis.com",
	}
	switch value, known := values[path]; {
	case known:
		_, _ = fmt.Fprint(w, value) // the client tells
	case path == "instance/service-accounts/default/token":
		e.called("Google metadata: own token")
		e.answer(w, map[string]any{"access_token": e.next(), "expires_in": 3600, "token_type": "Bearer"})
	default:
		e.unexpected(w, req)
	}
}

// microsoft is Entra ID.
func (e *edge) microsoft(w http.ResponseWriter, req *http.Request) {
	authority := "https://login.microsoftonline.com"
	tenant, rest, _ := strings.Cut(strings.TrimPrefix(req.URL.Path, "/"), "/")
	switch rest {
	case "discovery/instance":
		e.answer(w, map[string]any{
			"tenant_discovery_endpoint": authority + "/" + tenant + "/v2.0/.well-known/openid-configuration",
			"metadata": []map[string]any{{
				"preferred_network": "login.microsoftonline.com", "preferred_cache": "login.windows.net",
				"aliases": []string{"login.microsoftonline.com"},
			}},
		})
	case "v2.0/.well-known/openid-configuration":
		e.answer(w, map[string]any{
			"authorization_endpoint": authority + "/" + tenant + "/oauth2/v2.0/authorize",
			"token_endpoint":         authority + "/" + tenant + "/oauth2/v2.0/token",
			"issuer":                 authority + "/" + tenant + "/v2.0",
		})
	case "oauth2/v2.0/token":
		if e.call(w, req, "Entra %s/%s with %s for %s", tenant, req.FormValue("client_id"),
			req.FormValue("client_assertion"), req.FormValue("scope")) {
			return
		}
		e.answer(w, map[string]any{"token_type": "Bearer", "expires_in": 3600, "access_token": "secret-access"})
	default:
		e.unexpected(w, req)
	}
}

// azureExchange is the registry's own endpoint.
func (e *edge) azureExchange(w http.ResponseWriter, req *http.Request) {
	if e.call(w, req, "ACR exchange of %s at %s", req.FormValue("access_token"), req.FormValue("service")) {
		return
	}
	e.answer(w, map[string]any{"refresh_token": refreshToken(e.next())})
}

// refreshToken is a JWT that is good for three hours; only its password tells two apart, so that they can be compared.
func refreshToken(password string) string {
	part := func(text string) string { return base64.RawURLEncoding.EncodeToString([]byte(text)) }
	return part(`{"alg":"none"}`) + "." + part(fmt.Sprintf(`{"exp":%d,"jti":%q}`, expiry, password)) + "."
}

var expiry = time.Now().Add(3 * time.Hour).Unix()
