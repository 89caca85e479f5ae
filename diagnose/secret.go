package diagnose

import (
	"encoding/base64"
	"errors"
	"fmt"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/fluxgate/fluxgate/flux"
	"github.com/fluxgate/fluxgate/registry"
)

// secretOf reads a Secret as the API server would: stringData overrides data.
func secretOf(u *unstructured.Unstructured) (*registry.Secret, error) {
	secret := &registry.Secret{Data: map[string][]byte{}}
	secret.Type, _, _ = unstructured.NestedString(u.Object, "type") // the API server defaults what is none
	if secret.Type == "" {
		secret.Type = string(corev1.SecretTypeOpaque)
	}
	data, _, err := unstructured.NestedStringMap(u.Object, "data")
	if err != nil {
		return nil, errors.New("data: holds something else than strings")
	}
	for key, value := range data {
		if secret.Data[key], err = base64.StdEncoding.DecodeString(value); err != nil {
			return nil, fmt.Errorf("data: %s is not base64; write plain text under stringData", flux.Plain(key))
		}
	}
	texts, _, err := unstructured.NestedStringMap(u.Object, "stringData")
	if err != nil {
		return nil, errors.New("stringData: holds something else than strings")
	}
	for key, value := range texts {
		secret.Data[key] = []byte(value)
	}
	return secret, nil
}
