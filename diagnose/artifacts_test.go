package diagnose_test

import (
	"crypto/sha256"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"

	"github.com/fluxgate/fluxgate/diagnose"
)

// artifactFailures are wrong with what is asked for, or with what is there.
func artifactFailures() map[string]failure {
	return map[string]failure{
		"not found tag": {diagnose.Ref, func(f *fixture) {
			f.MustPush(f.t, app, "v1")
			f.repository(appURL, "ref: {tag: v2}")
		}},
		"not found latest": {diagnose.Ref, func(f *fixture) {
			f.MustPush(f.t, app, "v1")
			f.repository(appURL)
		}},
		"not found repository, semver": {diagnose.Ref, func(f *fixture) { f.repository(appURL, "ref: {semver: 1.x}") }},
		"not found digest": {diagnose.Manifest, func(f *fixture) {
			f.repository(appURL, "ref: {digest: \"sha256:"+strings.Repeat("a", 64)+"\"}")
		}},
		"no version in semver range": {diagnose.Ref, func(f *fixture) {
			f.MustPush(f.t, app, "1.0.0")
			f.repository(appURL, `ref: {semver: ">=2.0.0", semverFilter: ".*"}`)
		}},
		"bad semver":                 {diagnose.Ref, func(f *fixture) { f.repository(appURL, "ref: {semver: newest}") }},
		"bad tag":                    {diagnose.Ref, func(f *fixture) { f.repository(appURL, "ref: {tag: \"-v1\"}") }},
		"bad digest":                 {diagnose.Ref, func(f *fixture) { f.repository(appURL, "ref: {digest: sha256:abc}") }},
		"a tag that leads elsewhere": {diagnose.Ref, func(f *fixture) { f.repository(appURL, "ref: {tag: ../../evil/manifests/v1}") }},
		"bad url":                    {diagnose.URL, func(f *fixture) { f.repository("url: https://ghcr.io/acme/app", tagged) }},
		"a url with a tag":           {diagnose.URL, func(f *fixture) { f.repository("url: oci://ghcr.io/acme/app:v1", tagged) }},
		"wrong layer media type": {diagnose.Manifest, func(f *fixture) {
			f.MustPush(f.t, app, "v1")
			f.repository(appURL, tagged, "layerSelector: {mediaType: application/vnd.cncf.helm.chart.content.v1.tar+gzip, operation: copy}")
		}},
		"unknown operation": {diagnose.Manifest, func(f *fixture) {
			f.MustPush(f.t, app, "v1")
			f.repository(appURL, tagged, "layerSelector: {operation: move}")
		}},
		"index without linux/amd64": {diagnose.Manifest, func(f *fixture) {
			f.answer("application/vnd.oci.image.index.v1+json", `{"schemaVersion":2,"manifests":[{"mediaType":"application/vnd.oci.image.manifest.v1+json",`+
				`"size":2,"digest":"sha256:`+strings.Repeat("b", 64)+`","platform":{"os":"linux","architecture":"arm64"}}]}`)
		}},
		"image without layers": {diagnose.Manifest, func(f *fixture) {
			f.answer("application/vnd.oci.image.manifest.v1+json", `{"schemaVersion":2,"config":{"mediaType":"text/\u001b[31mred"},"layers":[]}`)
		}},
		"a manifest that is none": {diagnose.Manifest, func(f *fixture) {
			f.answer("application/vnd.oci.image.manifest.v1+json", `{"schemaVersion":2,"layers":7}`)
		}},
	}
}

// answer lets the tag v1 of the object's repository name a manifest of somebody's making.
func (f *fixture) answer(mediaType, manifest string) {
	f.t.Helper()
	f.Break(app, func(http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", mediaType)
			w.Header().Set("Content-Length", strconv.Itoa(len(manifest)))
			w.Header().Set("Docker-Content-Digest", fmt.Sprintf("sha256:%x", sha256.Sum256([]byte(manifest))))
			_, _ = io.WriteString(w, manifest) // the walk tells
		})
	})
	f.repository(appURL, tagged)
}
