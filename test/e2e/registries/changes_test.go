package registries_test

import (
	"fmt"
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

// step is a change between two reviews.
type step struct {
	name        string
	set, remove []client.Object
}

// history is a way to a registry whose Secrets change: the object is applied anew after each step.
type history struct {
	namespace, url string
	more           spec
	steps          []step
}

func histories(t *testing.T) []history {
	t.Helper()
	certificate, key := issue(t, w.own)
	foreign, foreignKey := issue(t, w.other)
	set := func(name string, objects ...client.Object) step { return step{name: name, set: objects} }
	remove := func(name string, objects ...client.Object) step { return step{name: name, remove: objects} }
	pull := func(password string) *corev1.Secret { return login("pull", basic, "acme", password) }
	certs := func(ca []byte, pair ...string) *corev1.Secret {
		data := map[string]string{"ca.crt": string(ca)}
		if len(pair) > 0 {
			data["tls.crt"], data["tls.key"] = pair[0], pair[1]
		}
		return opaque("certs", data)
	}
	proxy := func(address, password string) *corev1.Secret {
		return opaque("proxy", map[string]string{"address": address, "username": "proxied", "password": password})
	}
	return []history{
		{"changed-secret-ref", basic + "/acme/app", spec{"secretRef": ref("pull")}, []step{
			remove("no Secret yet"), set("the right password", pull(password)), set("a wrong password", pull("guessed")),
			set("the right password again", pull(password)),
			set("not readable", pullSecret("pull", corev1.SecretTypeDockerConfigJson, corev1.DockerConfigJsonKey, `{"auths":[]}`)),
			remove("the Secret is gone", pull(password)),
		}},
		{"changed-pull-secrets", basic + "/acme/app", spec{"serviceAccountName": "puller"}, []step{
			set("no imagePullSecrets", account("puller"), pull(password)), set("the right one", account("puller", "pull")),
			set("its password is wrong", pull("guessed")), set("a right one before it", account("puller", "better", "pull"), login("better", basic, "acme", password)),
			remove("the right one is gone", login("better", basic, "acme", password)), remove("the ServiceAccount is gone", account("puller")),
		}},
		{"changed-authority", private + "/acme/app", spec{"certSecretRef": ref("certs")}, []step{
			set("the right authority", certs(w.own.PEM())), set("another authority", certs(w.other.PEM())),
			set("both", certs(append(w.other.PEM(), w.own.PEM()...))), remove("the Secret is gone", certs(nil)),
		}},
		{"changed-client", mutual + "/acme/app", spec{"certSecretRef": ref("certs")}, []step{
			set("the right certificate", certs(w.own.PEM(), certificate, key)), set("none", certs(w.own.PEM())),
			set("that of another authority", certs(w.own.PEM(), foreign, foreignKey)), set("the right one again", certs(w.own.PEM(), certificate, key)),
		}},
		{"changed-proxy", inner + "/acme/app", spec{"proxySecretRef": ref("proxy")}, []step{
			set("the right proxy", proxy(w.proxy.URL(), password)), set("a wrong password", proxy(w.proxy.URL(), "guessed")),
			set("the right password again", proxy(w.proxy.URL(), password)), set("nobody listens", proxy("http://127.0.0.1:1", password)),
			remove("the Secret is gone", proxy("", "")),
		}},
	}
}

// TestCredentialsThatChangeCountAtOnce changes what an object's credentials are between two reviews, all within the life of
// an answer in the cache: what was found with other credentials is never the answer.
func TestCredentialsThatChangeCountAtOnce(t *testing.T) {
	var said strings.Builder
	for _, h := range histories(t) {
		team := newTenant(t, h.namespace)
		for _, step := range h.steps {
			team.create(t, step.set...)
			team.remove(t, step.remove...)
			said.WriteString(indent(h.namespace+", "+step.name, team.apply(t, h.url, h.more)))
		}
	}
	golden(t, "changes.txt", said.String())
}

// TestInsecureOfOneIsNotThatOfAnother takes insecure away again: neither the answer nor the connection serves.
func TestInsecureOfOneIsNotThatOfAnother(t *testing.T) {
	team := newTenant(t, "changed-insecure")
	var said strings.Builder
	for _, insecure := range []bool{false, true, false, true} {
		said.WriteString(indent(fmt.Sprint("insecure ", insecure), team.apply(t, private+"/acme/reserved", spec{"insecure": insecure})))
	}
	golden(t, "insecure.txt", said.String())
}
