package webhook

import (
	"fmt"
	"runtime"
	"strings"
	"testing"
)

// TestNoRequestFillsTheMemory parses the largest objects that the API server passes on (3 MB): a replica has 256 MB, and
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
