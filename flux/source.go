package flux

import "k8s.io/apimachinery/pkg/types"

// Form says how a Source names what Flux pulls, and so what can be asked of it.
type Form string

const (
	// FormOCIRepository is an artifact named by a repository and a ref; its ref has a digest field, so it can be pinned.
	FormOCIRepository Form = "oci-repository"
	// FormHelmChart is a chart in a HelmRepository of type oci: a repository and a version range; Flux has no digest field for it.
	FormHelmChart Form = "helm-chart"
	// FormHelmRepository is a HelmRepository of type oci by itself: a prefix below which charts are named by others.
	FormHelmRepository Form = "helm-repository"
	// FormOther is a source that is not an OCI artifact: a GitRepository, a Bucket, a HelmRepository over http.
	FormOther Form = "other"
	// FormUntraceable is a source of which Fluxgate cannot tell what is pulled: an ExternalArtifact or an unknown kind.
	FormUntraceable Form = "untraceable"
	// FormMissing is a reference to an object that does not exist (yet).
	FormMissing Form = "missing"
)

// Source is one declaration that makes Flux pull something.
type Source struct {
	// Form is never empty.
	Form Form
	// Kind is the kind of the object that declares the source: OCIRepository, HelmRepository, GitRepository, …,
	// or whatever an untraceable reference names. A chart is declared by its HelmRepository.
	Kind string
	// Path is the JSON path, in the judged object, of the declaration ("spec", "spec.chart.spec") or, where Origin is
	// set, of the reference to it ("spec.chartRef", "spec.sourceRef"). A chart that the judged object itself names in a
	// HelmRepository stands at the spec that names it ("spec.chart.spec"): chart, version and verify are there.
	Path string
	// Origin is the object that declares the source, where that is not the judged object itself; nil otherwise. For a
	// chart it is the HelmRepository, whose url and transport it has, or the HelmChart that a chartRef names.
	Origin *Key

	// URL is the url as written (for a chart: the HelmRepository's).
	URL string
	// Repository is the canonical repository; zero where Problem is set and for forms without one. For FormHelmRepository
	// it is a prefix, whose Path may be empty.
	Repository Repository
	// Problem says why URL (or the chart's name) has no canonical form, or how the ref would lead out of the repository;
	// a clause for users, empty where all is well. Never dialled when set.
	Problem string

	// Chart is the name of a chart in a HelmRepository: that of FormHelmChart, or of FormOther and FormMissing where the
	// HelmRepository is over http or not there (yet). Empty for all else.
	Chart string
	// Ref says which artifact of the repository. The version of a chart is Ref.Semver, see RangeOf.
	Ref Ref
	// MediaType is layerSelector.mediaType; it decides how semver tags are read.
	MediaType string

	// Provider is generic, aws, azure or gcp; an empty provider in the object reads as generic.
	Provider string
	// Verify is the verify block; nil where there is none. An empty block is not nil.
	Verify *Verify
	// SecretRef, CertSecretRef and ProxySecretRef name Secrets of Namespace; empty where there is none.
	SecretRef, CertSecretRef, ProxySecretRef string
	// ServiceAccountName names a ServiceAccount of Namespace; empty where there is none.
	ServiceAccountName string
	// Namespace is where the source's Secrets are read: that of the declaring object.
	Namespace string
	// Insecure is the field insecure of the declaration.
	Insecure bool
}

// Pinnable reports whether a digest can be written into the judged object for this source.
func (s Source) Pinnable() bool { return s.Form == FormOCIRepository && s.Origin == nil }

// Ref selects an artifact of a repository. Flux's precedence is Digest, Semver, Tag, and "latest" where all are empty
// (source-controller, getArtifactRef).
type Ref struct {
	Tag          string
	Semver       string
	SemverFilter string
	Digest       string
}

// Verify is the verify block of a source.
type Verify struct {
	// Provider is cosign or notation, or whatever else is written; empty reads as cosign.
	Provider             string
	SecretRef            string
	TrustedRootSecretRef string
	Identities           []Identity
}

// Identity is an entry of verify.matchOIDCIdentity: unanchored regular expressions, as Flux reads them.
type Identity struct{ Issuer, Subject string }

// Key names an object.
type Key struct {
	Group string
	Kind  string
	types.NamespacedName
}
