package check

import (
	"context"
	"encoding/base64"
	"fmt"
	"maps"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"

	"github.com/fluxgate/fluxgate/gate"
	"github.com/fluxgate/fluxgate/verify"
)

// publicSecret is what is public of a Secret of the files, or why that is not given. Of its other content nothing is kept.
type publicSecret struct {
	data map[string][]byte
	err  error
}

// Keys gives the public keys of a Secret among the files; one that is not there is gate.ErrNotGiven: it may well be in the
// cluster. Secrets in Git are usually encrypted, or made by something else; those with public keys need not be.
func (i *Inventory) Keys(ctx context.Context, namespace, secret, provider string) ([]verify.Key, error) {
	data, err := i.Material(ctx, namespace, secret)
	if err != nil {
		return nil, err
	}
	return verify.Keys(provider, data)
}

// Material gives what a verify block reads in a Secret among the files; one that is not there is gate.ErrNotGiven.
func (i *Inventory) Material(_ context.Context, namespace, secret string) (map[string][]byte, error) {
	known, found := i.secrets[types.NamespacedName{Namespace: namespace, Name: secret}]
	if !found {
		return nil, gate.ErrNotGiven
	}
	return maps.Clone(known.data), known.err
}

// addSecret remembers what is public of a Secret. Of two with one name nobody knows which would end up in the cluster, so
// neither is given.
func (i *Inventory) addSecret(u *unstructured.Unstructured) {
	name := types.NamespacedName{Namespace: u.GetNamespace(), Name: u.GetName()}
	if name.Name == "" {
		return
	}
	if name.Namespace == "" {
		name.Namespace = i.namespace
	}
	_, twice := i.secrets[name]
	_, encrypted := u.Object["sops"]
	switch {
	case twice:
		i.secrets[name] = publicSecret{err: fmt.Errorf("%w: it is in the files twice", gate.ErrNotGiven)}
	case encrypted:
		i.secrets[name] = publicSecret{err: fmt.Errorf("%w: it is encrypted", gate.ErrNotGiven)}
	default:
		i.secrets[name] = publicSecret{data: publicData(u)}
	}
}

// publicData reads only the entries that a verify block reads. What is not written as the API server would take it is empty,
// and so no key.
func publicData(u *unstructured.Unstructured) map[string][]byte {
	public := map[string][]byte{}
	read := func(field string, decode func(string) []byte) {
		entries, _ := u.Object[field].(map[string]any)
		for entry, value := range entries {
			if verify.IsEntry(entry) {
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
