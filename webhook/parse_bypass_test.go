package webhook

import (
	"errors"
	"fmt"
	"runtime"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/fluxgate/fluxgate/flux"
)

// TestNoRequestFillsTheMemory parses the largest objects that the API server passes on (3 MB): a replica has 512 MB, and
// answers many reviews at once.
func TestNoRequestFillsTheMemory(t *testing.T) {
	const size = 3 << 20
	list := func(entry string) string {
		return "[" + strings.TrimSuffix(strings.Repeat(entry+",", size/(len(entry)+1)), ",") + "]"
	}
	var pairs strings.Builder
	for i := range size / 12 {
		fmt.Fprintf(&pairs, `"f:%d":{},`, i)
	}
	fields := "{" + strings.TrimSuffix(pairs.String(), ",") + "}"
	for sentence, text := range map[string]string{
		"values of a release": `{"metadata":{},"spec":{"values":` + list(`[]`) + `}}`,
		"identities":          `{"metadata":{},"spec":{"verify":{"matchOIDCIdentity":` + list(`{"issuer":"i","subject":"s"}`) + `}}}`,
		"owners":              `{"metadata":{"ownerReferences":` + list(`{"uid":"u"}`) + `},"spec":{}}`,
		"annotations":         `{"metadata":{"annotations":` + strings.ReplaceAll(fields, "{}", `""`) + `},"spec":{}}`,
		"managed fields":      `{"metadata":{"managedFields":[{"operation":"Apply","fieldsV1":{"f:spec":` + fields + `}}]},"spec":{}}`,
	} {
		t.Run(sentence, func(t *testing.T) {
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			obj, err := (&reader{}).parse([]byte(text))
			runtime.ReadMemStats(&after)
			if used := (after.TotalAlloc - before.TotalAlloc) >> 20; used > 8 {
				t.Errorf("%d MB were allocated for %d MB of text", used, len(text)>>20)
			}
			runtime.KeepAlive(obj)
			_ = err // whether it is refused is not what this test is about
		})
	}
}

func TestALargeFieldIsComparedAsTextAndTheOthersAreRead(t *testing.T) {
	text := func(value string) []byte {
		return []byte(`{"spec":{"url":"oci://ghcr.io/acme/app","ref":{"tag":"v1"},"values":["` + strings.Repeat("a", maxSpec) + `",` + value + `]}}`)
	}
	read := &reader{}
	var objects []any
	for _, value := range []string{`1`, `1`, `2`} {
		obj, err := read.parse(text(value))
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(map[string]any{"tag": "v1"}, obj.Object["spec"].(map[string]any)["ref"]); diff != "" {
			t.Errorf("ref (-want +got):\n%s", diff)
		}
		objects = append(objects, obj.Object)
	}
	if !cmp.Equal(objects[0], objects[1]) || cmp.Equal(objects[0], objects[2]) {
		t.Error("equal values must be equal, and others not")
	}
}

func TestAnnotationsThatNoAPIServerStoresAreABadObject(t *testing.T) {
	var bad *flux.ObjectError
	_, err := (&reader{}).parse([]byte(`{"metadata":{"annotations":{"a":"` + strings.Repeat("a", maxLabels) + `"}}}`))
	if !errors.As(err, &bad) || bad.Path != "metadata.annotations" {
		t.Errorf("parse = %v, want an ObjectError at metadata.annotations", err)
	}
}
