package v1alpha1

import (
	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
)

// SignatureDemand asks for a signature that the administrator trusts: by one of the keys or of the identities, or as the
// ClusterImagePolicies say.
//
// +kubebuilder:validation:XValidation:rule="has(self.keys) && size(self.keys) > 0 || has(self.identities) && size(self.identities) > 0 || has(self.clusterImagePolicies)",message="it trusts nobody, so nothing could meet it: set keys, identities or clusterImagePolicies"
// +kubebuilder:validation:XValidation:rule="!has(self.clusterImagePolicies) || !has(self.keys) && !has(self.identities) && !has(self.trustedRoot)",message="clusterImagePolicies say themselves whom they trust: write keys, identities and trustedRoot into a demand of their own"
// +kubebuilder:validation:XValidation:rule="!has(self.trustedRoot) || has(self.identities) && size(self.identities) > 0",message="trustedRoot is for identities, and there are none"
type SignatureDemand struct {
	// Name names the demand in messages, for example release.
	//
	// +kubebuilder:validation:MaxLength=63
	// +kubebuilder:validation:XValidation:rule="self.matches('^[a-z]([a-z0-9-]*[a-z0-9])?$')",message="is no name for a demand: write lower-case letters, digits and hyphens, as in release"
	Name string `json:"name"`

	// Repositories are patterns of the repositories that the demand is for, as in the rule registry-allowlist:
	// ghcr.io/acme/**. Absent, it is for all.
	//
	// +kubebuilder:validation:MaxItems=64
	// +kubebuilder:validation:items:MaxLength=512
	// +kubebuilder:validation:items:XValidation:rule="self.matches('^([a-z0-9._*-]+|\\\\[[0-9a-f:]+\\\\])(:[0-9]+)?(/[a-z0-9._*-]+)+$')",message="is no pattern of repositories: write a host and a path in lower case, as in ghcr.io/acme/**"
	Repositories []string `json:"repositories,omitempty"`

	// Action replaces the policy's action for this demand.
	Action Action `json:"action,omitempty"`

	// Keys are public keys in PEM (ECDSA, RSA or Ed25519), one each, that cosign's signatures may be made with.
	//
	// +kubebuilder:validation:MaxItems=16
	// +kubebuilder:validation:items:MaxLength=8192
	Keys []string `json:"keys,omitempty"`

	// Identities are whom the certificate of a keyless signature of cosign's may be for.
	//
	// +kubebuilder:validation:MaxItems=64
	Identities []SignatureIdentity `json:"identities,omitempty"`

	// TrustedRoot is the trusted root of sigstore (the JSON of trusted_root.json) that keyless signatures are verified
	// against. Absent, it is that of --trusted-root.
	//
	// +kubebuilder:validation:MaxLength=262144
	TrustedRoot string `json:"trustedRoot,omitempty"`

	// ClusterImagePolicies are policies of sigstore's policy-controller. Each that is for the artifact must admit it, and one
	// at least must be for it.
	ClusterImagePolicies *ImagePolicies `json:"clusterImagePolicies,omitempty"`
}

// SignatureIdentity is the identity in the certificate of a keyless signature. Issuer and subject are given either as they
// are, or by a regular expression (RE2) that must match the whole of them.
//
// +kubebuilder:validation:XValidation:rule="has(self.issuer) != has(self.issuerRegExp)",message="set either issuer or issuerRegExp"
// +kubebuilder:validation:XValidation:rule="has(self.subject) != has(self.subjectRegExp)",message="set either subject or subjectRegExp"
type SignatureIdentity struct {
	// Issuer is the issuer of the identity token, as in https://token.actions.githubusercontent.com.
	//
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=1024
	Issuer string `json:"issuer,omitempty"`

	// IssuerRegExp matches the issuer.
	//
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=1024
	IssuerRegExp string `json:"issuerRegExp,omitempty"`

	// Subject is the subject, as in https://github.com/acme/app/.github/workflows/release.yaml@refs/tags/v1.0.0.
	//
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=1024
	Subject string `json:"subject,omitempty"`

	// SubjectRegExp matches the subject.
	//
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=1024
	SubjectRegExp string `json:"subjectRegExp,omitempty"`
}

// ImagePolicies are ClusterImagePolicies of policy.sigstore.dev.
//
// +kubebuilder:validation:XValidation:rule="has(self.names) && size(self.names) > 0 || has(self.inline) && size(self.inline) > 0",message="names no policy: set names or inline"
type ImagePolicies struct {
	// Names are those of ClusterImagePolicies in the cluster, or in the files of --policies; "*" stands for all of them.
	//
	// +kubebuilder:validation:MaxItems=64
	// +kubebuilder:validation:items:MinLength=1
	// +kubebuilder:validation:items:MaxLength=253
	Names []string `json:"names,omitempty"`

	// Inline are ClusterImagePolicies written here.
	//
	// +kubebuilder:validation:MaxItems=16
	// +kubebuilder:validation:items:Type=object
	Inline []apiextensionsv1.JSON `json:"inline,omitempty"`
}
