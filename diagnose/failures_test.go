package diagnose_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

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
