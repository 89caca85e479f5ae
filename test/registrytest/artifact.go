package registrytest

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/partial"
	"github.com/google/go-containerregistry/pkg/v1/static"
	"github.com/google/go-containerregistry/pkg/v1/types"
)

// The media types of `flux push artifact` (fluxcd/pkg/oci) and of `helm push` (helm.sh/helm/v3/pkg/registry).
const (
	fluxConfig  = "application/vnd.cncf.flux.config.v1+json"
	fluxContent = "application/vnd.cncf.flux.content.v1.tar+gzip"
	helmConfig  = "application/vnd.cncf.helm.config.v1+json"
	helmContent = "application/vnd.cncf.helm.chart.content.v1.tar+gzip"
)

// artifact is a manifest's two blobs.
type artifact struct{ config, layer v1.Layer }

// manifest is a manifest as it is stored; it implements remote.Taggable.
type manifest struct {
	raw       []byte
	mediaType types.MediaType
}

// RawManifest implements remote.Taggable.
func (m manifest) RawManifest() ([]byte, error) { return m.raw, nil }

// MediaType tells remote.Put the content type.
func (m manifest) MediaType() (types.MediaType, error) { return m.mediaType, nil }

// configMap is the only file of an artifact, with a text that makes its digest.
func configMap(text string) map[string]string {
	return map[string]string{
		"configmap.yaml": "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: registrytest\ndata:\n  text: " + text + "\n",
	}
}

// fluxArtifact holds files.
func fluxArtifact(files map[string]string) (artifact, error) {
	content, err := archive(files)
	return artifact{config: static.NewLayer([]byte("{}"), fluxConfig), layer: static.NewLayer(content, fluxContent)}, err
}

// chartArtifact holds a chart whose only template is a ConfigMap with a text that makes its digest.
func chartArtifact(chart, version, text string) (artifact, error) {
	config, err := json.Marshal(map[string]string{"apiVersion": "v2", "name": chart, "version": version})
	if err != nil {
		return artifact{}, err
	}
	content, err := archive(map[string]string{
		chart + "/Chart.yaml": fmt.Sprintf("apiVersion: v2\nname: %s\nversion: %s\n", chart, version),
		chart + "/templates/configmap.yaml": "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: {{ .Release.Name }}\n" +
			"data:\n  text: " + text + "\n",
	})
	return artifact{config: static.NewLayer(config, helmConfig), layer: static.NewLayer(content, helmContent)}, err
}

// chartTag writes a version as Helm does in a tag, where "+" is not permitted.
func chartTag(version string) string { return strings.ReplaceAll(version, "+", "_") }

func (a artifact) manifest() (manifest, error) {
	config, err := partial.Descriptor(a.config)
	if err != nil {
		return manifest{}, err
	}
	layer, err := partial.Descriptor(a.layer)
	if err != nil {
		return manifest{}, err
	}
	raw, err := json.Marshal(v1.Manifest{
		SchemaVersion: 2, MediaType: types.OCIManifestSchema1, Config: *config, Layers: []v1.Descriptor{*layer},
	})
	return manifest{raw: raw, mediaType: types.OCIManifestSchema1}, err
}

// archive packs files in the order of their names and without compressing them, so that the same files are always the same
// bytes, whatever version of Go.
func archive(files map[string]string) ([]byte, error) {
	var packed bytes.Buffer
	zipped, err := gzip.NewWriterLevel(&packed, gzip.NoCompression)
	if err != nil {
		return nil, err
	}
	tarred := tar.NewWriter(zipped)
	for _, name := range slices.Sorted(maps.Keys(files)) {
		content := files[name]
		if err := tarred.WriteHeader(&tar.Header{Name: name, Mode: 0o644, Size: int64(len(content))}); err != nil {
			return nil, err
		}
		if _, err := tarred.Write([]byte(content)); err != nil {
			return nil, err
		}
	}
	if err := tarred.Close(); err != nil {
		return nil, err
	}
	if err := zipped.Close(); err != nil {
		return nil, err
	}
	return packed.Bytes(), nil
}
