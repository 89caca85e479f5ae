package registries_test

import (
	"cmp"
	"strings"
	"testing"

	gocmp "github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/fluxgate/fluxgate/test/registrytest"
)

// way is a way to a registry: an object's url, and what it says of credentials.
type way struct {
	name, url string
	more      spec
}

// kit is every Secret and ServiceAccount that a way names, the missing ones excepted.
func kit(t *testing.T) []client.Object {
	t.Helper()
	certificate, key := issue(t, w.own)
	foreign, foreignKey := issue(t, w.other)
	ca := string(w.own.PEM())
	at := func(address, password string) map[string]string {
		return map[string]string{"address": address, "username": "proxied", "password": password}
	}
	return []client.Object{
		login("right", basic, "acme", password),
		login("right-for-tokens", tokens, "acme", password),
		login("wrong", basic, "acme", "guessed"),
		login("wrong-for-tokens", tokens, "acme", "guessed"),
		login("elsewhere", "elsewhere.example.com", "acme", password),
		pullSecret("old", corev1.SecretTypeDockercfg, corev1.DockerConfigKey, `{"`+basic+`":{"username":"acme","password":"`+password+`"}}`),
		pullSecret("malformed", corev1.SecretTypeDockerConfigJson, corev1.DockerConfigJsonKey, `{"auths":{"`+basic+`":{"auth":"`+password+`!"}}}`),
		opaque("opaque", map[string]string{corev1.DockerConfigJsonKey: `{}`}),
		account("puller", "right"), account("wrong", "wrong"), account("bare"), account("half", "missing"), account("malformed", "malformed"),

		opaque("ca", map[string]string{"ca.crt": ca}),
		opaque("other-ca", map[string]string{"ca.crt": string(w.other.PEM())}),
		opaque("malformed-ca", map[string]string{"ca.crt": password}),
		opaque("no-ca", map[string]string{"ca.pem": ca}),
		opaque("client", map[string]string{"ca.crt": ca, "tls.crt": certificate, "tls.key": key}),
		opaque("other-client", map[string]string{"ca.crt": ca, "tls.crt": foreign, "tls.key": foreignKey}),
		opaque("keyless-client", map[string]string{"ca.crt": ca, "tls.crt": certificate}),
		opaque("mixed-client", map[string]string{"ca.crt": ca, "tls.crt": certificate, "tls.key": foreignKey}),

		opaque("proxy", at(w.proxy.URL(), password)),
		opaque("wrong-proxy", at(w.proxy.URL(), "guessed")),
		opaque("dead-proxy", at("http://127.0.0.1:1", password)),
		opaque("malformed-proxy", at("proxy.example.com:3128", password)),
		opaque("no-proxy", map[string]string{"username": "proxied", "password": password}),
	}
}

func issue(t *testing.T, by interface {
	IssueClient(name string) (certificate, key []byte, err error)
},
) (certificate, key string) {
	t.Helper()
	signed, private, err := by.IssueClient("apps")
	if err != nil {
		t.Fatal(err)
	}
	return string(signed), string(private)
}

func logins() []way {
	secret := func(name string) spec { return spec{"secretRef": ref(name)} }
	serviceAccount := func(name string) spec { return spec{"serviceAccountName": name} }
	return []way{
		{"anonymous, where everybody may pull", public + "/acme/app", nil},
		{"anonymous, where a login is asked for", basic + "/acme/app", nil},
		{"anonymous, with a token that everybody gets", tokens + "/acme/app", nil},
		{"anonymous, with a token that is not enough", tokens + "/acme/reserved", nil},
		{"secretRef", basic + "/acme/app", secret("right")},
		{"secretRef, for a token", tokens + "/acme/reserved", secret("right-for-tokens")},
		{"secretRef of the type kubernetes.io/dockercfg", basic + "/acme/app", secret("old")},
		{"secretRef that nobody asks for", public + "/acme/app", secret("wrong")},
		{"secretRef with a wrong password", basic + "/acme/app", secret("wrong")},
		{"secretRef with a wrong password, for a token", tokens + "/acme/app", secret("wrong-for-tokens")},
		{"secretRef for another registry", basic + "/acme/app", secret("elsewhere")},
		{"secretRef that is missing", basic + "/acme/app", secret("missing")},
		{"secretRef that is missing, where everybody may pull", public + "/acme/app", secret("missing")},
		{"secretRef that is malformed", basic + "/acme/app", secret("malformed")},
		{"secretRef of another type", basic + "/acme/app", secret("opaque")},
		{"serviceAccountName", basic + "/acme/app", serviceAccount("puller")},
		{"serviceAccountName, and a secretRef that goes first", basic + "/acme/app", spec{"serviceAccountName": "puller", "secretRef": ref("wrong")}},
		{"serviceAccountName, and a secretRef for another registry", basic + "/acme/app", spec{"serviceAccountName": "puller", "secretRef": ref("elsewhere")}},
		{"serviceAccountName with a wrong password", basic + "/acme/app", serviceAccount("wrong")},
		{"serviceAccountName without imagePullSecrets", basic + "/acme/app", serviceAccount("bare")},
		{"serviceAccountName that is missing", basic + "/acme/app", serviceAccount("missing")},
		{"serviceAccountName whose Secret is missing", basic + "/acme/app", serviceAccount("half")},
		{"serviceAccountName whose Secret is malformed", basic + "/acme/app", serviceAccount("malformed")},
	}
}

func connections() []way {
	certs := func(name string) spec { return spec{"certSecretRef": ref(name)} }
	proxy := func(name string) spec { return spec{"proxySecretRef": ref(name)} }
	insecure := func(more string) spec {
		if more == "" {
			return spec{"insecure": true}
		}
		return spec{"insecure": true, "certSecretRef": ref(more)}
	}
	plain := w.plain.Addr() + "/acme/app"
	return []way{
		{"an authority that nobody trusts", private + "/acme/app", nil},
		{"certSecretRef with the authority", private + "/acme/app", certs("ca")},
		{"certSecretRef with another authority", private + "/acme/app", certs("other-ca")},
		{"certSecretRef with another authority than the administrator's", public + "/acme/app", certs("other-ca")},
		{"certSecretRef that is missing", private + "/acme/app", certs("missing")},
		{"certSecretRef that is malformed", private + "/acme/app", certs("malformed-ca")},
		{"certSecretRef without the key ca.crt", private + "/acme/app", certs("no-ca")},
		{"certSecretRef with a client certificate", mutual + "/acme/app", certs("client")},
		{"certSecretRef with no client certificate", mutual + "/acme/app", certs("ca")},
		{"certSecretRef with a client certificate of another authority", mutual + "/acme/app", certs("other-client")},
		{"certSecretRef with a client certificate without its key", mutual + "/acme/app", certs("keyless-client")},
		{"certSecretRef with a client certificate and another key", mutual + "/acme/app", certs("mixed-client")},
		{"a registry behind a proxy, without one", inner + "/acme/app", nil},
		{"proxySecretRef", inner + "/acme/app", proxy("proxy")},
		{"proxySecretRef with a wrong password", inner + "/acme/app", proxy("wrong-proxy")},
		{"proxySecretRef where nobody listens", inner + "/acme/app", proxy("dead-proxy")},
		{"proxySecretRef that does not lead there", public + "/acme/app", proxy("proxy")},
		{"proxySecretRef that is missing", inner + "/acme/app", proxy("missing")},
		{"proxySecretRef that is malformed", inner + "/acme/app", proxy("malformed-proxy")},
		{"proxySecretRef without the key address", inner + "/acme/app", proxy("no-proxy")},
		{"insecure, over plain http", plain, insecure("")},
		{"insecure, with a certificate that nobody trusts", private + "/acme/app", insecure("")},
		{"insecure, with certSecretRef: what it says counts", private + "/acme/app", insecure("other-ca")},
		{"plain http without insecure", plain, nil},
	}
}

// TestWaysToARegistry applies an object by each way, and lets Flux go the same way. The golden file has what its author reads,
// what Flux made of it, and which step fails for `fluxgate diagnose`: whatever Flux pulls, Fluxgate pins, and nothing else.
func TestWaysToARegistry(t *testing.T) {
	for name, ways := range map[string][]way{"logins": logins(), "connections": connections()} {
		t.Run(name, func(t *testing.T) {
			team, flux := newTenant(t, name), newTenant(t, "flux-"+name)
			team.create(t, kit(t)...)
			flux.create(t, kit(t)...)
			names, pulls := make([]string, len(ways)), make([]func() string, len(ways))
			for i, way := range ways {
				names[i], pulls[i] = flux.leave(t, way.url, way.more)
			}
			var said strings.Builder
			for i, way := range ways {
				fluxgate, pulled := team.apply(t, way.url, way.more), pulls[i]()
				step := diagnosed(t, flux.namespace, names[i])
				said.WriteString(indent(way.name, fluxgate+"\nFlux "+pulled+"\ndiagnose: "+cmp.Or(step, "no step")+" fails"))
				alike(t, way.name, fluxgate, pulled)
				agrees(t, way.name, step, pulled)
			}
			golden(t, name+".txt", said.String())
		})
	}
}

// TestTheProxyOfAnObjectIsPassedThrough counts what passes by: one connection, over which the registry is asked once.
func TestTheProxyOfAnObjectIsPassedThrough(t *testing.T) {
	const repository = "acme/proxied"
	push(t, repository, "v1")
	proxy := registrytest.StartProxy(t) // with connections of its own
	proxy.Route(inner+":443", w.public.Addr())
	team := newTenant(t, "proxied")
	team.create(t, opaque("proxy", map[string]string{"address": proxy.URL()}))
	for range 3 {
		if got, want := team.apply(t, inner+"/"+repository, spec{"proxySecretRef": ref("proxy")}), "pinned to "+repository+":v1"; got != want {
			t.Fatalf("got %q, want %q", got, want)
		}
	}
	if diff := gocmp.Diff([]string{inner + ":443"}, proxy.Asked()); diff != "" {
		t.Errorf("the object's proxy was asked (-want +got):\n%s", diff)
	}
	wantRequests(t, w.public, repository, "HEAD /v2/"+repository+"/manifests/v1 200")
}
