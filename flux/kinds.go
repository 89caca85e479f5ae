package flux

import (
	"errors"
	"slices"

	helmv2 "github.com/fluxcd/helm-controller/api/v2"
	kustomizev1 "github.com/fluxcd/kustomize-controller/api/v1"
	sourcev1 "github.com/fluxcd/source-controller/api/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
)

// The groups of the kinds that this package reads.
const (
	SourceGroup    = "source.toolkit.fluxcd.io"
	HelmGroup      = "helm.toolkit.fluxcd.io"
	KustomizeGroup = "kustomize.toolkit.fluxcd.io"
)

// ErrUnknownKind is what Sources returns, wrapped, for an object of a kind that is not Known. It says nothing about the
// object: neither that it is bad, nor that Flux pulls nothing for it.
var ErrUnknownKind = errors.New("not a kind of Flux that names a source")

// Known reports whether Sources reads objects of this group and kind, in some version.
func Known(gvk schema.GroupVersionKind) bool { return versions(gvk.Group, gvk.Kind) != nil }

// versions lists the versions of a kind that a supported Flux serves; nil for other kinds.
func versions(group, kind string) []string {
	switch {
	case group == SourceGroup && slices.Contains([]string{
		sourcev1.OCIRepositoryKind, sourcev1.HelmRepositoryKind, sourcev1.HelmChartKind,
	}, kind):
		return []string{"v1", "v1beta2"}
	case group == HelmGroup && kind == helmv2.HelmReleaseKind:
		return []string{"v2"}
	case group == KustomizeGroup && kind == kustomizev1.KustomizationKind:
		return []string{"v1"}
	}
	return nil
}

// Referents lists the kinds that Sources asks its Lookup for.
func Referents() []schema.GroupKind {
	return []schema.GroupKind{
		{Group: SourceGroup, Kind: sourcev1.OCIRepositoryKind},
		{Group: SourceGroup, Kind: sourcev1.HelmRepositoryKind},
		{Group: SourceGroup, Kind: sourcev1.HelmChartKind},
	}
}

// Referring lists the kinds whose objects refer to others: those that References looks at.
func Referring() []schema.GroupKind {
	return []schema.GroupKind{
		{Group: HelmGroup, Kind: helmv2.HelmReleaseKind},
		{Group: KustomizeGroup, Kind: kustomizev1.KustomizationKind},
		{Group: SourceGroup, Kind: sourcev1.HelmChartKind},
	}
}

// CanBeSource reports whether objects of a kind can be referred to: whether it is one of Referents.
func CanBeSource(gk schema.GroupKind) bool { return slices.Contains(Referents(), gk) }
