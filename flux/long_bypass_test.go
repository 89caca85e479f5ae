package flux_test

import (
	"errors"
	"strings"
	"testing"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/fluxgate/fluxgate/flux"
)

// Rules quote what they judge, so that a tag of megabytes would be many of them before a message is cut.
func TestATextThatNoFieldOfFluxCanMeanIsABadObject(t *testing.T) {
	obj := &unstructured.Unstructured{Object: map[string]any{
		"apiVersion": "source.toolkit.fluxcd.io/v1", "kind": "OCIRepository",
		"metadata": map[string]any{"name": "app", "namespace": "prod"},
		"spec": map[string]any{
			"url":    "oci://ghcr.io/acme/app",
			"ref":    map[string]any{"tag": strings.Repeat("a", 1<<20)},
			"ignore": strings.Repeat("# may be long\n", 1<<16),
		},
	}}
	_, err := flux.Sources(t.Context(), obj, nil)
	var bad *flux.ObjectError
	if !errors.As(err, &bad) || bad.Error() != "spec.ref.tag: has more than 16384 characters" {
		t.Errorf("Sources = %v, want an ObjectError at spec.ref.tag", err)
	}
}
