package imagepolicy

import (
	"context"
	"encoding/pem"
	"fmt"

	"github.com/sigstore/policy-controller/pkg/apis/policy/v1alpha1"

	"github.com/fluxgate/fluxgate/verify"
)

// SecretReader reads the Secrets that policies name.
type SecretReader interface {
	// Namespace is where they are: that of policy-controller, which reads them from no other.
	Namespace() string
	// ReadSecret returns the data of a Secret there. Neither data nor an error says that there is no such Secret; an error
	// is one of infrastructure.
	ReadSecret(ctx context.Context, name string) (map[string][]byte, error)
}

// inline puts the keys of Secrets into the policy, as policy-controller's reconciler does, and notes the fingerprint of each
// authority's key. It returns the paths of keys that it found wanting. Its error is one of infrastructure.
func inline(ctx context.Context, object *v1alpha1.ClusterImagePolicy, secrets SecretReader, found *problems) ([]string, []string, error) {
	fingerprints := make([]string, len(object.Spec.Authorities))
	var wanting []string
	for i := range object.Spec.Authorities {
		key := object.Spec.Authorities[i].Key
		if key == nil {
			continue
		}
		path, before := fmt.Sprintf("spec.authorities[%d].key", i), len(*found)
		fingerprint, err := inlineKey(ctx, key, path, secrets, found)
		if err != nil {
			return nil, nil, err
		}
		if len(*found) > before {
			wanting = append(wanting, path)
		}
		fingerprints[i] = fingerprint
	}
	return fingerprints, wanting, nil
}

// inlineKey returns the fingerprint of a key. It leaves no secretRef behind: the library's validation reads the
// environment for one, and panics where that is not set.
func inlineKey(ctx context.Context, key *v1alpha1.KeyRef, path string, secrets SecretReader, found *problems) (string, error) {
	ref := key.SecretRef
	key.SecretRef = nil
	given := 0
	for _, there := range []bool{key.Data != "", key.KMS != "", ref != nil} {
		if there {
			given++
		}
	}
	switch {
	case given != 1:
		found.add(path, "write either data or secretRef")
		return "", nil
	case key.KMS != "":
		found.add(path+".kms", "no key management service is asked: write the public key into data")
		return "", nil
	case ref == nil:
		return oneKey([]byte(key.Data), path+".data", "holds", found), nil
	case secrets == nil:
		found.add(path+".secretRef", "Secrets cannot be read here: write the public key into data")
		return "", nil
	case ref.Namespace != "" && ref.Namespace != secrets.Namespace():
		found.add(path+".secretRef.namespace", "is %q, and Secrets are read from %s only: leave it out, and put the Secret there",
			ref.Namespace, secrets.Namespace())
		return "", nil
	}
	data, err := secrets.ReadSecret(ctx, ref.Name)
	if err != nil {
		return "", fmt.Errorf("read Secret %s/%s of %s: %w", secrets.Namespace(), ref.Name, path, err)
	}
	return inlineSecret(key, data, path+".secretRef", fmt.Sprintf("the Secret %s/%s", secrets.Namespace(), ref.Name), found), nil
}

func inlineSecret(key *v1alpha1.KeyRef, data map[string][]byte, path, secret string, found *problems) string {
	switch {
	case data == nil:
		found.add(path, "%s does not exist", secret)
		return ""
	case len(data) != 1:
		found.add(path, "%s has %d entries, and policy-controller wants one, which is the public key", secret, len(data))
		return ""
	}
	for entry, content := range data {
		key.Data = string(content)
		return oneKey(content, path, fmt.Sprintf("%s has under %q", secret, entry), found)
	}
	return ""
}

// oneKey returns the fingerprint of the only key in PEM. Of several the library would take the first.
func oneKey(content []byte, path, holder string, found *problems) string {
	if block, rest := pem.Decode(content); block != nil {
		if another, _ := pem.Decode(rest); another != nil {
			found.add(path, "%s more than one key: write an authority for each", holder)
			return ""
		}
	}
	public, err := verify.ParsePublicKey(content)
	if err != nil {
		found.add(path, "%s %s", holder, err)
	}
	return public.Fingerprint
}
