package check

import (
	"context"
	"encoding/base64"
	"fmt"
	"strings"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"

	"github.com/fluxgate/fluxgate/gate"
	"github.com/fluxgate/fluxgate/verify"
)

// publicKeys are what a Secret of the files says to each provider. Of its content nothing is kept.
type publicKeys map[string]foundKeys

type foundKeys struct {
	keys []verify.Key
	err  error
}

// Keys gives the public keys of a Secret among the files; one that is not there is gate.ErrNotGiven: it may well be in the
// cluster. Secrets in Git are usually encrypted, or made by something else; those with public keys need not be.
func (i *Inventory) Keys(_ context.Context, namespace, secret, provider string) ([]verify.Key, error) {
	known, found := i.secrets[types.NamespacedName{Namespace: namespace, Name: secret}]
	if !found {
		return nil, gate.ErrNotGiven
	}
	if provider != "notation" {
		provider = "cosign"
	}
	return known[provider].keys, known[provider].err
}

// addSecret remembers the public keys of a Secret. Of two with one name nobody knows which would end up in the cluster, so
// neither is given.
func (i *Inventory) addSecret(u *unstructured.Unstructured) {
	name := types.NamespacedName{Namespace: u.GetNamespace(), Name: u.GetName()}
	if name.Name == "" {
		return
	}
	if name.Namespace == "" {
		name.Namespace = i.namespace
	}
	if _, twice := i.secrets[name]; twice {
		i.secrets[name] = notGiven(fmt.Errorf("%w: it is in the files twice", gate.ErrNotGiven))
		return
	}
	if _, encrypted := u.Object["sops"]; encrypted {
		i.secrets[name] = notGiven(fmt.Errorf("%w: it is encrypted", gate.ErrNotGiven))
		return
	}
	data, known := publicData(u), publicKeys{}
	for _, provider := range []string{"cosign", "notation"} {
		keys, err := verify.Keys(provider, data)
		known[provider] = foundKeys{keys, err}
	}
	i.secrets[name] = known
}

func notGiven(err error) publicKeys {
	return publicKeys{"cosign": {err: err}, "notation": {err: err}}
}

// publicData reads only the entries that hold public keys. What is not written as the API server would take it is empty,
// and so no key.
func publicData(u *unstructured.Unstructured) map[string][]byte {
	public := map[string][]byte{}
	read := func(field string, decode func(string) []byte) {
		entries, _ := u.Object[field].(map[string]any)
		for entry, value := range entries {
			if strings.HasSuffix(entry, ".pub") || strings.HasSuffix(entry, ".crt") || strings.HasSuffix(entry, ".pem") {
				text, _ := value.(string)
				public[entry] = decode(text)
			}
		}
	}
	read("data", func(text string) []byte {
		content, err := base64.StdEncoding.DecodeString(text)
		if err != nil {
			return nil
		}
		return content
	})
	read("stringData", func(text string) []byte { return []byte(text) }) // it overrides data
	return public
}

func isSecret(gvk schema.GroupVersionKind) bool {
	return gvk == schema.GroupVersionKind{Version: "v1", Kind: "Secret"}
}
