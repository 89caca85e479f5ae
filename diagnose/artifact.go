package diagnose

import (
	"context"
	"fmt"
	"strings"

	sourcev1 "github.com/fluxcd/source-controller/api/v1"

	"github.com/fluxgate/fluxgate/registry"
)

// mostTypes limits the media types of layers that a line lists.
const mostTypes = 5

func (w *walk) manifest(ctx context.Context) Step {
	if w.Registry == nil {
		return offline()
	}
	session, err := w.open(ctx, w.plain(), w.digest)
	if err != nil {
		return w.failed(Manifest, err)
	}
	defer session.Close()
	found, err := session.Manifest(w.digest)
	// Where the object has a digest, this is the first request for the repository.
	if w.source.Ref.Digest != "" && w.denied(err) {
		return Step{Status: Skipped}
	}
	if err != nil {
		return w.failed(Manifest, err)
	}
	return w.layers(found)
}

// layers selects the layer as Flux does: the first of the layerSelector's media type, or the first at all (source-controller,
// selectLayer).
func (w *walk) layers(found registry.Manifest) Step {
	what := "an image"
	if found.Index {
		what = "an index, of which Flux takes the entry for linux/amd64"
	}
	wanted := w.source.MediaType
	switch {
	case found.Image == "":
		return Step{
			Status: Failed, Detail: "an index without an entry for linux/amd64, which is the one that Flux takes",
			Remedy: "push a single manifest, or an index with an entry for linux/amd64; or name the digest of one entry in spec.ref.digest",
		}
	case len(found.Layers) == 0:
		return Step{
			Status: Failed, Detail: fmt.Sprintf("%s without layers, config %s", what, shown(found.ConfigMediaType)),
			Remedy: "push an artifact with content, for example with flux push artifact; is the digest that of a signature or an attestation?",
		}
	case w.operation != "" && w.operation != sourcev1.OCILayerExtract && w.operation != sourcev1.OCILayerCopy:
		return Step{
			Status: Failed, Detail: "layerSelector.operation: Flux has no operation " + shown(w.operation),
			Remedy: "write extract or copy into spec.layerSelector.operation",
		}
	}
	for i, layer := range found.Layers {
		if wanted != "" && layer.MediaType != wanted {
			continue
		}
		return Step{Status: Passed, Detail: fmt.Sprintf("%s, config %s; Flux takes layer %d of %d, %s",
			what, shown(found.ConfigMediaType), i+1, len(found.Layers), shown(layer.MediaType))}
	}
	return Step{
		Status: Failed, Detail: fmt.Sprintf("%s, config %s, without a layer of media type %s", what, shown(found.ConfigMediaType), shown(wanted)),
		Remedy: "write the media type of one of its layers into spec.layerSelector.mediaType, or remove spec.layerSelector; it has " + list(found.Layers),
	}
}

// list names the media types of layers, each once.
func list(layers []registry.Layer) string {
	var types []string
	known := map[string]bool{}
	for _, layer := range layers {
		if known[layer.MediaType] {
			continue
		}
		known[layer.MediaType] = true
		if len(known) > mostTypes {
			return strings.Join(types, ", ") + " and others"
		}
		types = append(types, shown(layer.MediaType))
	}
	return strings.Join(types, ", ")
}

// shown is a media type for a line: whoever pushed the artifact wrote it.
func shown(text string) string {
	const most = 128
	const harmless = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789!#$&-^_.+/"
	if text != "" && len(text) <= most && strings.Trim(text, harmless) == "" {
		return text
	}
	if len(text) > most {
		return fmt.Sprintf("%q…", text[:most])
	}
	return fmt.Sprintf("%q", text)
}
