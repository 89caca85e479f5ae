package diagnose_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"log"
	"maps"
	"net"
	"net/http"
	"net/http/httptest"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/fluxgate/fluxgate/diagnose"
	"github.com/fluxgate/fluxgate/registry"
	"github.com/fluxgate/fluxgate/test/registrytest"
	"github.com/fluxgate/fluxgate/verify"
)

const (
	appURL   = "url: oci://" + app
	tagged   = "ref: {tag: v1}"
	pull     = "secretRef: {name: pull}"
	certs    = "certSecretRef: {name: certs}"
	proxied  = "proxySecretRef: {name: proxy}"
	azureURL = "url: oci://acme.azurecr.io/app"
	puller   = "{apiVersion: v1, kind: ServiceAccount, metadata: {name: puller, namespace: apps}}"
	verified = "verify: {provider: cosign, secretRef: {name: cosign-keys}}"
)

// basic is what a registry asks for in these tests.
func basic() registrytest.Login { return registrytest.Login{User: "robot", Password: "right"} }

type failure struct {
	at      string // the step that fails; empty where none does
	prepare func(*fixture)
}

// secretFailures are wrong with what the object names.
func secretFailures() map[string]failure {
	return map[string]failure{
		"missing Secret": {diagnose.Credentials, func(f *fixture) { f.repository(appURL, tagged, pull) }},
		"wrong type of Secret": {diagnose.Credentials, func(f *fixture) {
			f.secret("pull", "Opaque", map[string]string{"password": "hunter2"})
			f.repository(appURL, tagged, pull)
		}},
		"a Secret without the key": {diagnose.Credentials, func(f *fixture) {
			f.secret("pull", "kubernetes.io/dockerconfigjson", map[string]string{"password": "hunter2"})
			f.repository(appURL, tagged, pull)
		}},
		"malformed dockerconfigjson": {diagnose.Credentials, func(f *fixture) {
			f.secret("pull", "kubernetes.io/dockerconfigjson", map[string]string{".dockerconfigjson": `{"auths": ["hunter2"]}`})
			f.repository(appURL, tagged, pull)
		}},
		"missing ServiceAccount": {diagnose.Credentials, func(f *fixture) { f.repository(appURL, tagged, "serviceAccountName: puller") }},
		"a ServiceAccount whose imagePullSecret is missing": {diagnose.Credentials, func(f *fixture) {
			f.add("apiVersion: v1\nkind: ServiceAccount\nmetadata: {name: puller, namespace: apps}\nimagePullSecrets: [{name: gone}]")
			f.repository(appURL, tagged, "serviceAccountName: puller")
		}},
		"missing certificates": {diagnose.Credentials, func(f *fixture) { f.repository(appURL, tagged, certs) }},
		"certificates that are none": {diagnose.Credentials, func(f *fixture) {
			f.secret("certs", "Opaque", map[string]string{"ca.crt": "hunter2"})
			f.repository(appURL, tagged, certs)
		}},
		"a proxy without an address": {diagnose.Credentials, func(f *fixture) {
			f.secret("proxy", "Opaque", map[string]string{"url": "http://hunter2"})
			f.repository(appURL, tagged, proxied)
		}},
		"everything missing at once":    {diagnose.Credentials, func(f *fixture) { f.repository(appURL, tagged, pull, certs, proxied) }},
		"the provider of another cloud": {diagnose.Credentials, func(f *fixture) { f.repository(appURL, tagged, "provider: aws") }},
		"no entry for this registry": {diagnose.Auth, func(f *fixture) {
			f.login("quay.io", "right")
			f.Require("ghcr.io", basic())
			f.repository(appURL, tagged, pull)
		}},
	}
}

// networkFailures are wrong on the way to an answer.
func networkFailures() map[string]failure {
	at := func(place string, fault registrytest.Fault) func(*fixture) {
		return func(f *fixture) {
			f.MustPush(f.t, app, "v1")
			f.Break(place, fault)
			f.repository(appURL, tagged)
		}
	}
	return map[string]failure{
		"unknown CA": {diagnose.Reach, func(f *fixture) {
			f.Options.Roots = x509.NewCertPool()
			f.repository(appURL, tagged)
		}},
		"unknown CA, beside another one": {diagnose.Reach, func(f *fixture) {
			f.Options.Roots = x509.NewCertPool()
			f.secret("certs", "Opaque", map[string]string{"ca.crt": string(registrytest.Start(f.t).CA())})
			f.repository(appURL, tagged, certs)
		}},
		"unknown CA, and the certificates are not in the files": {diagnose.Reach, func(f *fixture) {
			f.given = true
			f.Options.Roots = x509.NewCertPool()
			f.repository(appURL, tagged, certs)
		}},
		"client certificate demanded": {diagnose.Reach, func(f *fixture) {
			f.demandCertificate()
			f.repository("url: oci://example.com/acme/app", tagged)
		}},
		"proxy refuses": {diagnose.Reach, func(f *fixture) {
			proxy := registrytest.StartProxy(f.t) // it leads nowhere
			f.throughProxy(proxy, nil)
		}},
		"proxy asks for a login": {diagnose.Reach, func(f *fixture) {
			proxy := registrytest.StartProxy(f.t, f.Registry)
			proxy.Require("robot", "right")
			f.throughProxy(proxy, map[string]string{"username": "robot", "password": "hunter2"})
		}},
		"proxy at a private address": {diagnose.Reach, func(f *fixture) {
			f.secret("proxy", "Opaque", map[string]string{"address": "http://10.0.0.5:3128"})
			f.repository(appURL, tagged, proxied)
		}},
		"DNS failure":              {diagnose.Reach, func(f *fixture) { f.repository("url: oci://gone.example/acme/app", tagged) }},
		"connection dropped":       {diagnose.Reach, at("ghcr.io", registrytest.Down())},
		"server error":             {diagnose.Reach, at("ghcr.io", registrytest.Status(503, "UNAVAILABLE"))},
		"a ping that is not found": {diagnose.Reach, at("ghcr.io", registrytest.Status(404, ""))},
		"address refused by the guard": {diagnose.Reach, func(f *fixture) {
			f.names["ghcr.io"] = "169.254.169.254"
			f.repository(appURL, tagged)
		}},
		"token realm refused": {diagnose.Auth, func(f *fixture) {
			f.Require("ghcr.io", registrytest.Login{Realm: "https://169.254.169.254/token"})
			f.repository(appURL, tagged)
		}},
		"redirect refused":         {diagnose.Ref, at(app, registrytest.RedirectTo("https://169.254.169.254/"))},
		"redirects without end":    {diagnose.Ref, at(app, registrytest.RedirectLoop())},
		"rate limited":             {diagnose.Ref, at(app, registrytest.RateLimited(30))},
		"rate limited at the ping": {diagnose.Reach, at("ghcr.io", registrytest.RateLimited(30))},
		"time-out": {diagnose.Reach, func(f *fixture) {
			f.Options.RequestTimeout = 200 * time.Millisecond
			at("ghcr.io", f.Slow())(f)
		}},
		"endless answer": {diagnose.Ref, func(f *fixture) {
			f.Options.RequestTimeout = 500 * time.Millisecond
			at(app, f.Drip())(f)
		}},
		"an answer of 100 MB": {diagnose.Ref, at(app, registrytest.Huge(100<<20))},
	}
}

// authFailures are a registry's no.
func authFailures() map[string]failure {
	return map[string]failure{
		"wrong password (401)": {diagnose.Auth, func(f *fixture) {
			f.login("ghcr.io", "hunter2")
			f.Require("ghcr.io", basic())
			f.repository(appURL, tagged, pull)
		}},
		"wrong password at the token server": {diagnose.Auth, func(f *fixture) {
			f.login("ghcr.io", "hunter2")
			f.Require("ghcr.io", registrytest.Login{User: "robot", Password: "right", Realm: "https://auth.example.com/token"})
			f.repository(appURL, tagged, pull)
		}},
		"wrong password, by digest": {diagnose.Auth, func(f *fixture) {
			f.login("ghcr.io", "hunter2")
			f.Require("ghcr.io", basic())
			f.repository(appURL, "ref: {digest: "+f.MustPush(f.t, app, "v1")+"}", pull)
		}},
		"wrong password of a ServiceAccount": {diagnose.Auth, func(f *fixture) {
			f.login("ghcr.io", "hunter2")
			f.add("apiVersion: v1\nkind: ServiceAccount\nmetadata: {name: puller, namespace: apps}\nimagePullSecrets: [{name: pull}]")
			f.Require("ghcr.io", basic())
			f.repository(appURL, tagged, "serviceAccountName: puller")
		}},
		"the cloud gives no login": {diagnose.Auth, func(f *fixture) {
			f.cloud = azure{f.t, errors.New("no federated identity for the subject")}
			f.repository(azureURL, tagged, "provider: azure", "serviceAccountName: puller")
			f.add(puller)
		}},
		"the cloud gives no login in time": {diagnose.Auth, func(f *fixture) {
			f.cloud = azure{f.t, context.DeadlineExceeded}
			f.repository(azureURL, tagged, "provider: azure", "serviceAccountName: puller")
			f.add(puller)
		}},
		"the login of the cloud may not pull": {diagnose.Auth, func(f *fixture) {
			f.cloud = azure{f.t, nil}
			f.Break("acme.azurecr.io/app", registrytest.Status(403, "DENIED"))
			f.repository(azureURL, tagged, "provider: azure", "serviceAccountName: puller")
			f.add(puller)
		}},
		"no login": {diagnose.Auth, func(f *fixture) {
			f.Require("ghcr.io", basic())
			f.repository(appURL, tagged)
		}},
		"forbidden (403)": {diagnose.Auth, func(f *fixture) {
			f.login("ghcr.io", "right")
			f.Require("ghcr.io", basic())
			f.Break(app, registrytest.Status(403, "DENIED"))
			f.repository(appURL, tagged, pull)
		}},
	}
}

// artifactFailures are wrong with what is asked for, or with what is there.
func artifactFailures() map[string]failure {
	return map[string]failure{
		"not found tag": {diagnose.Ref, func(f *fixture) {
			f.MustPush(f.t, app, "v1")
			f.repository(appURL, "ref: {tag: v2}")
		}},
		"not found latest": {diagnose.Ref, func(f *fixture) {
			f.MustPush(f.t, app, "v1")
			f.repository(appURL)
		}},
		"not found repository, semver": {diagnose.Ref, func(f *fixture) { f.repository(appURL, "ref: {semver: 1.x}") }},
		"not found digest": {diagnose.Manifest, func(f *fixture) {
			f.repository(appURL, "ref: {digest: \"sha256:"+strings.Repeat("a", 64)+"\"}")
		}},
		"no version in semver range": {diagnose.Ref, func(f *fixture) {
			f.MustPush(f.t, app, "1.0.0")
			f.repository(appURL, `ref: {semver: ">=2.0.0", semverFilter: ".*"}`)
		}},
		"bad semver":                 {diagnose.Ref, func(f *fixture) { f.repository(appURL, "ref: {semver: newest}") }},
		"bad tag":                    {diagnose.Ref, func(f *fixture) { f.repository(appURL, "ref: {tag: \"-v1\"}") }},
		"bad digest":                 {diagnose.Ref, func(f *fixture) { f.repository(appURL, "ref: {digest: sha256:abc}") }},
		"a tag that leads elsewhere": {diagnose.Ref, func(f *fixture) { f.repository(appURL, "ref: {tag: ../../evil/manifests/v1}") }},
		"bad url":                    {diagnose.URL, func(f *fixture) { f.repository("url: https://ghcr.io/acme/app", tagged) }},
		"a url with a tag":           {diagnose.URL, func(f *fixture) { f.repository("url: oci://ghcr.io/acme/app:v1", tagged) }},
		"wrong layer media type": {diagnose.Manifest, func(f *fixture) {
			f.MustPush(f.t, app, "v1")
			f.repository(appURL, tagged, "layerSelector: {mediaType: application/vnd.cncf.helm.chart.content.v1.tar+gzip, operation: copy}")
		}},
		"unknown operation": {diagnose.Manifest, func(f *fixture) {
			f.MustPush(f.t, app, "v1")
			f.repository(appURL, tagged, "layerSelector: {operation: move}")
		}},
		"index without linux/amd64": {diagnose.Manifest, func(f *fixture) {
			f.answer("application/vnd.oci.image.index.v1+json", `{"schemaVersion":2,"manifests":[{"mediaType":"application/vnd.oci.image.manifest.v1+json",`+
				`"size":2,"digest":"sha256:`+strings.Repeat("b", 64)+`","platform":{"os":"linux","architecture":"arm64"}}]}`)
		}},
		"image without layers": {diagnose.Manifest, func(f *fixture) {
			f.answer("application/vnd.oci.image.manifest.v1+json", `{"schemaVersion":2,"config":{"mediaType":"text/\u001b[31mred"},"layers":[]}`)
		}},
		"a manifest that is none": {diagnose.Manifest, func(f *fixture) {
			f.answer("application/vnd.oci.image.manifest.v1+json", `{"schemaVersion":2,"layers":7}`)
		}},
	}
}

// signatureFailures are a verifier's no.
func signatureFailures() map[string]failure {
	says := func(signature verify.Signature, err error) func(*fixture) {
		return func(f *fixture) {
			f.signatures = signed{t: f.t, digest: f.MustPush(f.t, app, "v1"), says: signature, err: err, asked: new(int)}
			f.repository(appURL, tagged, verified)
		}
	}
	return map[string]failure{
		"unsigned":      {diagnose.Signature, says(verify.Unverified(verify.ReasonUnsigned, "has no signature"), nil)},
		"wrong key":     {diagnose.Signature, says(verify.Unverified(verify.ReasonWrongKey, "is signed by none of the keys"), nil)},
		"missing keys":  {diagnose.Signature, says(verify.Unverified(verify.ReasonSecret, "Secret apps/cosign-keys does not exist"), nil)},
		"weak policy":   {diagnose.Signature, says(verify.Unverified(verify.ReasonAnyIdentity, "anybody may sign"), nil)},
		"tampered":      {diagnose.Signature, says(verify.Unverified(verify.ReasonOtherArtifact, "is signed for another artifact"), nil)},
		"registry down": {diagnose.Signature, says(verify.Signature{}, &registry.Error{Class: registry.ClassUnreachable, Cause: registry.CauseServer})},
	}
}

func TestEveryFailureNamesItsStepAndTheRemedy(t *testing.T) {
	for file, failures := range map[string]map[string]failure{
		"secrets.golden": secretFailures(), "network.golden": networkFailures(), "auth.golden": authFailures(),
		"artifacts.golden": artifactFailures(), "signatures.golden": signatureFailures(),
	} {
		var all strings.Builder
		for _, name := range slices.Sorted(maps.Keys(failures)) {
			t.Run(name, func(t *testing.T) {
				f := newFixture(t)
				failures[name].prepare(f)
				got := f.mustWalk()
				if got.FailedAt() != failures[name].at {
					t.Errorf("fails at %q, want %q", got.FailedAt(), failures[name].at)
				}
				text := textOf(t, got)
				for _, told := range []string{"hunter2", loopback, "169.254", "10.0.0.5", "\x1b"} {
					if strings.Contains(text, told) {
						t.Errorf("%q is told:\n%s", told, text)
					}
				}
				for _, step := range got.Steps {
					if (step.Status == diagnose.Failed) != (step.Remedy != "") {
						t.Errorf("step %s is %s, and its remedy is %q", step.Name, step.Status, step.Remedy)
					}
				}
				fmt.Fprintf(&all, "== %s\n%s\n", name, text)
			})
		}
		golden(t, file, all.String())
	}
}

func textOf(t *testing.T, all ...diagnose.Diagnosis) string {
	t.Helper()
	var text bytes.Buffer
	if err := diagnose.NewReport(all).Write(&text, "text", false); err != nil {
		t.Fatal(err)
	}
	return text.String()
}

// throughProxy names the proxy in the object, beside a login.
func (f *fixture) throughProxy(proxy *registrytest.Proxy, login map[string]string) {
	f.t.Helper()
	f.Options.Dial = nil
	entries := map[string]string{"address": proxy.URL()}
	maps.Copy(entries, login)
	f.secret("proxy", "Opaque", entries)
	f.repository(appURL, tagged, proxied)
}

// demandCertificate puts a registry in the place of the others that asks for a client certificate during the handshake of TLS
// 1.2, which alone tells for sure that it does.
func (f *fixture) demandCertificate() {
	f.t.Helper()
	server := httptest.NewUnstartedServer(http.NotFoundHandler())
	server.TLS = &tls.Config{ClientAuth: tls.RequireAnyClientCert, MaxVersion: tls.VersionTLS12} //nolint:gosec // see above
	server.Config.ErrorLog = log.New(io.Discard, "", 0)
	server.StartTLS()
	f.t.Cleanup(server.Close)
	f.Options.Roots = x509.NewCertPool()
	f.Options.Roots.AddCert(server.Certificate())
	f.names["example.com"] = loopback
	f.Options.Dial = func(ctx context.Context, network, _ string) (net.Conn, error) {
		return (&net.Dialer{}).DialContext(ctx, network, server.Listener.Addr().String())
	}
}

// answer lets the tag v1 of the object's repository name a manifest of somebody's making.
func (f *fixture) answer(mediaType, manifest string) {
	f.t.Helper()
	f.Break(app, func(http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", mediaType)
			w.Header().Set("Content-Length", strconv.Itoa(len(manifest)))
			w.Header().Set("Docker-Content-Digest", fmt.Sprintf("sha256:%x", sha256.Sum256([]byte(manifest))))
			_, _ = io.WriteString(w, manifest) // the walk tells
		})
	})
	f.repository(appURL, tagged)
}
