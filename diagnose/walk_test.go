package diagnose_test

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/fluxgate/fluxgate/diagnose"
	"github.com/fluxgate/fluxgate/flux"
	"github.com/fluxgate/fluxgate/registry"
	"github.com/fluxgate/fluxgate/test/registrytest"
	"github.com/fluxgate/fluxgate/verify"
)

// goodWalks are those in which no step fails, or in which something could not be told.
func goodWalks() map[string]func(*fixture) {
	push := func(f *fixture) string { return f.MustPush(f.t, app, "v1") }
	return map[string]func(*fixture){
		"anonymously": func(f *fixture) { push(f); f.repository(appURL, tagged) },
		"latest":      func(f *fixture) { f.MustPush(f.t, app, "latest"); f.repository(appURL) },
		"with a password": func(f *fixture) {
			push(f)
			f.login("ghcr.io", "right")
			f.Require("ghcr.io", basic())
			f.repository(appURL, tagged, pull)
		},
		"with a token": func(f *fixture) {
			push(f)
			f.login("ghcr.io", "right")
			f.Require("ghcr.io", registrytest.Login{User: "robot", Password: "right", Realm: "https://auth.example.com/token"})
			f.repository(appURL, tagged, pull)
		},
		"with a ServiceAccount": func(f *fixture) {
			push(f)
			f.login("ghcr.io", "right")
			f.add("apiVersion: v1\nkind: ServiceAccount\nmetadata: {name: puller, namespace: apps}\nimagePullSecrets: [{name: pull}]")
			f.Require("ghcr.io", basic())
			f.repository(appURL, tagged, "serviceAccountName: puller")
		},
		"with a client certificate, through a proxy": func(f *fixture) {
			push(f)
			f.Options.Roots = registrytest.Start(f.t).Roots()
			f.RequireCertificate("ghcr.io")
			certificate, key := f.MustIssue(f.t, "apps")
			f.secret("certs", "Opaque", map[string]string{"ca.crt": string(f.CA()), "tls.crt": string(certificate), "tls.key": string(key)})
			f.secret("proxy", "Opaque", map[string]string{"address": registrytest.StartProxy(f.t, f.Registry).URL()})
			f.Options.Dial = nil
			f.repository(appURL, tagged, certs, proxied)
		},
		"with the identity of a ServiceAccount": func(f *fixture) {
			f.MustPush(f.t, "acme.azurecr.io/app", "v1")
			f.Require("acme.azurecr.io", basic())
			f.cloud = azure{f.t, nil}
			f.add(puller)
			f.repository(azureURL, tagged, "provider: azure", "serviceAccountName: puller")
		},
		"the identity of the controller cannot be had": func(f *fixture) {
			f.given = true
			f.MustPush(f.t, "acme.azurecr.io/app", "v1")
			f.repository(azureURL, tagged, "provider: azure")
		},
		"no entry for a registry that asks for none": func(f *fixture) {
			push(f)
			f.login("quay.io", "right")
			f.repository(appURL, tagged, pull)
		},
		"digest beside a tag": func(f *fixture) { f.repository(appURL, "ref: {tag: v9, digest: "+push(f)+"}") },
		"digest beside a range": func(f *fixture) {
			f.repository(appURL, `ref: {semver: ">9", digest: "`+push(f)+`"}`)
		},
		"a suspended object": func(f *fixture) { push(f); f.repository(appURL, tagged, "suspend: true") },
		"semver": func(f *fixture) {
			f.MustPush(f.t, app, "1.0.0")
			f.MustPush(f.t, app, "1.2.0")
			f.repository(appURL, "ref: {semver: 1.x}")
		},
		"a chart": func(f *fixture) {
			if _, err := f.PushChart(app, "app", "1.0.0+build"); err != nil {
				f.t.Fatal(err)
			}
			f.repository(appURL, "ref: {semver: 1.x}", "layerSelector: {mediaType: application/vnd.cncf.helm.chart.content.v1.tar+gzip, operation: copy}")
		},
		"an index": func(f *fixture) {
			if _, err := f.PushIndex(app, "v1"); err != nil {
				f.t.Fatal(err)
			}
			f.repository(appURL, tagged)
		},
		"several layers, the first": func(f *fixture) {
			f.answer("application/vnd.oci.image.manifest.v1+json", manyLayers)
		},
		"verified by a key": func(f *fixture) {
			f.signatures = signed{t: f.t, digest: push(f), asked: new(int), says: verify.Signature{
				Verified: true, Scheme: verify.SchemeCosignBundle, Signers: []verify.Signer{{Fingerprint: "sha256:abc"}},
			}}
			f.repository(appURL, tagged, verified)
		},
		"verified by identities": func(f *fixture) {
			f.signatures = signed{t: f.t, digest: push(f), asked: new(int), says: verify.Signature{
				Verified: true, Scheme: verify.SchemeCosignLegacy,
				Signers: []verify.Signer{{Issuer: "https://issuer.example", Subject: "ci\x1b"}, {Subject: "CN=release"}},
			}}
			f.repository(appURL, tagged, verified)
		},
		"a verifier that could not tell": func(f *fixture) {
			f.signatures = signed{t: f.t, digest: push(f), asked: new(int), err: errors.New("the trusted root could not be read")}
			f.repository(appURL, tagged, verified)
		},
		"a Secret that may not be read": func(f *fixture) {
			f.repository(appURL, tagged, "secretRef: {name: forbidden}")
		},
		"a Secret that is not in the files": func(f *fixture) {
			f.given = true
			push(f)
			f.repository(appURL, tagged, pull, certs)
		},
		"a Secret that is encrypted": func(f *fixture) {
			f.given = true
			push(f)
			f.add("apiVersion: v1\nkind: Secret\nmetadata: {name: pull, namespace: apps}\nsops: {version: 3.9.0}\nstringData: {.dockerconfigjson: ENC}")
			f.repository(appURL, tagged, pull)
		},
		"offline": func(f *fixture) {
			f.offline = true
			f.login("ghcr.io", "right")
			f.repository(appURL, tagged, pull, verified)
		},
		"offline, by digest": func(f *fixture) {
			f.offline = true
			f.repository(appURL, "ref: {digest: \"sha256:"+strings.Repeat("a", 64)+"\"}")
		},
	}
}

const manyLayers = `{"schemaVersion":2,"config":{"mediaType":"application/vnd.oci.empty.v1+json"},"layers":[` +
	`{"mediaType":"application/vnd.example.first","size":1},{"mediaType":"application/vnd.example.second","size":2}]}`

func TestWalksInWhichNothingFails(t *testing.T) {
	var all strings.Builder
	walks := goodWalks()
	for _, name := range slices.Sorted(maps.Keys(walks)) {
		t.Run(name, func(t *testing.T) {
			f := newFixture(t)
			walks[name](f)
			got := f.mustWalk()
			if at := got.FailedAt(); at != "" {
				t.Errorf("fails at %s", at)
			}
			fmt.Fprintf(&all, "== %s\n%s\n", name, textOf(t, got))
		})
	}
	golden(t, "passed.golden", all.String())
}

// TestTheLayerIsTheFirstOfItsMediaType compares with what source-controller's selectLayer takes.
func TestTheLayerIsTheFirstOfItsMediaType(t *testing.T) {
	cases := map[string]struct{ selector, want string }{
		"no media type":       {"layerSelector: {operation: copy}", "Flux takes layer 1 of 2, application/vnd.example.first"},
		"that of the second":  {"layerSelector: {mediaType: application/vnd.example.second}", "Flux takes layer 2 of 2, application/vnd.example.second"},
		"one in another case": {"layerSelector: {mediaType: application/vnd.example.Second}", "without a layer of media type application/vnd.example.Second"},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			f := newFixture(t)
			f.answer("application/vnd.oci.image.manifest.v1+json", manyLayers)
			f.files = diagnose.NewFiles("apps")
			f.repository(appURL, tagged, c.selector)
			if got := stepOf(t, f.mustWalk(), diagnose.Manifest); !strings.HasSuffix(got.Detail, c.want) {
				t.Errorf("got %q, want %q at its end", got.Detail, c.want)
			}
		})
	}
}

func TestWhatIsBehindAStepIsToldWhereItIsAskedFor(t *testing.T) {
	cases := map[string]struct {
		prepare func(*fixture)
		step    string
		want    []string
	}{
		"an address that is refused": {func(f *fixture) { f.names["ghcr.io"] = "169.254.169.254"; f.repository(appURL, tagged) },
			diagnose.Reach, []string{"169.254.169.254", "link-local"}},
		"a name that is not found": {func(f *fixture) { f.repository("url: oci://gone.example/acme/app", tagged) },
			diagnose.Reach, []string{"lookup gone.example: no such host"}},
		"a certificate that is not trusted": {func(f *fixture) { f.Options.Roots = registrytest.Start(f.t).Roots(); f.repository(appURL, tagged) },
			diagnose.Reach, []string{"certificate signed by unknown authority"}},
		"a status": {func(f *fixture) {
			f.Break("ghcr.io", registrytest.Status(503, "UNAVAILABLE"))
			f.repository(appURL, tagged)
		},
			diagnose.Reach, []string{"503"}},
		"where it is": {func(f *fixture) { f.MustPush(f.t, app, "v1"); f.repository(appURL, tagged) },
			diagnose.Reach, []string{loopback + ":", "TLS 1.3", "CN=fluxgate registrytest"}},
		"a Secret that may not be read": {func(f *fixture) { f.repository(appURL, tagged, "secretRef: {name: forbidden}") },
			diagnose.Credentials, []string{"cannot get resource"}},
		"a verifier that could not tell": {func(f *fixture) {
			f.signatures = signed{t: f.t, digest: f.MustPush(f.t, app, "v1"), asked: new(int), err: errors.New("no trusted root")}
			f.repository(appURL, tagged, verified)
		}, diagnose.Signature, []string{"no trusted root"}},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			for _, asked := range []bool{true, false} {
				f := newFixture(t)
				f.details = asked
				c.prepare(f)
				got := stepOf(t, f.mustWalk(), c.step)
				for _, want := range c.want {
					if strings.Contains(got.Because, want) != asked || strings.Contains(got.Detail+got.Remedy, want) {
						t.Errorf("asked for: %t, got %+v, want %q in because only, and only where it is asked for", asked, got, want)
					}
				}
			}
		})
	}
}

func stepOf(t *testing.T, d diagnose.Diagnosis, name string) diagnose.Step {
	t.Helper()
	for _, step := range d.Steps {
		if step.Name == name {
			return step
		}
	}
	t.Fatalf("there is no step %s in %+v", name, d.Steps)
	return diagnose.Step{}
}

func TestAnObjectThatCannotBeReadIsBadInput(t *testing.T) {
	cases := map[string]struct{ object, want string }{
		"a url that is a number":   {"{apiVersion: source.toolkit.fluxcd.io/v1, kind: OCIRepository, metadata: {name: app}, spec: {url: 5}}", "spec.url: must be a string, is a number"},
		"no spec":                  {"{apiVersion: source.toolkit.fluxcd.io/v1, kind: OCIRepository, metadata: {name: app}}", "spec: is required"},
		"a version of long ago":    {"{apiVersion: source.toolkit.fluxcd.io/v1alpha1, kind: OCIRepository, metadata: {name: app}, spec: {url: x}}", `apiVersion: no supported version of Flux has OCIRepository in "v1alpha1"; use v1 or v1beta2`},
		"an operation of no words": {"{apiVersion: source.toolkit.fluxcd.io/v1, kind: OCIRepository, metadata: {name: app}, spec: {url: x, layerSelector: {operation: 5}}}", "spec.layerSelector.operation: must be a string"},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			f := newFixture(t)
			f.add(c.object)
			_, err := f.walk()
			if bad := (*flux.ObjectError)(nil); !errors.As(err, &bad) || bad.Error() != c.want {
				t.Errorf("got %v, want the *flux.ObjectError %q", err, c.want)
			}
		})
	}
}

// TestTheLoginOfTheUserIsNotSentByTheWayOfTheObject: who writes the file may own the proxy and the authority that it names.
func TestTheLoginOfTheUserIsNotSentByTheWayOfTheObject(t *testing.T) {
	files := diagnose.NewFiles("apps")
	logins := diagnose.Logins{Secrets: files, ServiceAccounts: files}
	if err := files.Add(map[string]any{
		"apiVersion": "v1", "kind": "Secret", "metadata": map[string]any{"name": "proxy", "namespace": "apps"},
		"stringData": map[string]any{"address": "http://proxy.evil.example:3128"},
	}); err != nil {
		t.Fatal(err)
	}
	source := flux.Source{Namespace: "apps", Provider: "generic", ProxySecretRef: "proxy"}
	source.Repository = flux.Repository{Host: "ghcr.io", Path: "acme/app"}
	for name, c := range map[string]struct {
		secretRef string
		own       registry.Credentials
		want      bool // the object's proxy is used
	}{
		"the object's own login": {own: own{t}, want: true},
		"one that stands in":     {secretRef: "elsewhere", own: registry.DockerConfig{}},
	} {
		t.Run(name, func(t *testing.T) {
			logins.Own, source.SecretRef = c.own, c.secretRef
			login, err := logins.For(t.Context(), source)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(c.want, login.Transport.Proxy != nil); diff != "" {
				t.Errorf("uses the object's proxy (-want +got):\n%s", diff)
			}
		})
	}
}
