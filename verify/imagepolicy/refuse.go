package imagepolicy

import (
	"fmt"

	"github.com/sigstore/policy-controller/pkg/apis/policy/v1alpha1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// maxAuthorities bounds the work for one artifact: each may have to ask the registry.
const maxAuthorities = 32

const (
	noTrustRoot = "TrustRoot objects are not read: leave it out, and give Fluxgate the trusted root by --trusted-root"
	perObject   = "a verdict is kept by digest for all objects, so it may not depend on one: leave it out, and judge the object " +
		"by a rule of a SourcePolicy, or select it by spec.match"
)

// refuse adds what Fluxgate does not judge, as the library would dial by ways of its own, or silently leave it out.
func refuse(object *v1alpha1.ClusterImagePolicy, found *problems) {
	spec := &object.Spec
	if len(spec.Authorities) > maxAuthorities {
		found.add("spec.authorities", "are %d, and more than %d are not judged", len(spec.Authorities), maxAuthorities)
	}
	names := map[string]bool{}
	for i := range spec.Authorities {
		path := fmt.Sprintf("spec.authorities[%d]", i)
		authority := &spec.Authorities[i]
		if authority.Name != "" && names[authority.Name] {
			found.add(path+".name", "%q is the name of another authority too", authority.Name)
		}
		names[authority.Name] = true
		refuseAuthority(authority, path, found)
	}
	refusePolicy(spec.Policy, "spec.policy", found)
	for i, match := range spec.Match {
		if _, err := metav1.LabelSelectorAsSelector(match.ResourceSelector); err != nil {
			found.add(fmt.Sprintf("spec.match[%d].selector", i), "%s", err)
		}
	}
}

func refuseAuthority(authority *v1alpha1.Authority, path string, found *problems) {
	switch authority.SignatureFormat {
	case "", "legacy", "bundle":
	default:
		found.add(path+".signatureFormat", "is %q: write legacy or bundle", authority.SignatureFormat)
	}
	for i, source := range authority.Sources {
		at := fmt.Sprintf("%s.source[%d]", path, i)
		if source.OCI != "" {
			found.add(at+".oci", "signatures are read from the repository of the artifact only: leave it out, and copy them there")
		}
		if len(source.SignaturePullSecrets) > 0 {
			found.add(at+".signaturePullSecrets", "signatures are read with the login of the artifact: leave it out")
		}
	}
	switch log := authority.CTLog; {
	case log == nil:
	case log.TrustRootRef != "":
		found.add(path+".ctlog.trustRootRef", noTrustRoot)
	case log.URL == nil:
		found.add(path+".ctlog", "has no url, by which policy-controller would ask no log at all: leave it out, or write url")
	}
	if authority.RFC3161Timestamp != nil {
		found.add(path+".rfc3161timestamp", noTrustRoot)
	}
	if keyless := authority.Keyless; keyless != nil {
		if keyless.TrustRootRef != "" {
			found.add(path+".keyless.trustRootRef", noTrustRoot)
		}
		if keyless.CACert != nil {
			found.add(path+".keyless.ca-cert", "policy-controller 0.15.1 admits nothing by it: write url, and give Fluxgate the "+
				"authority in the trusted root of --trusted-root")
			keyless.CACert = nil // the library's validation panics over a secretRef, see inlineKey
		}
	}
	for i := range authority.Attestations {
		refusePolicy(authority.Attestations[i].Policy, fmt.Sprintf("%s.attestations[%d].policy", path, i), found)
	}
}

func refusePolicy(policy *v1alpha1.Policy, path string, found *problems) {
	if policy == nil {
		return
	}
	if policy.ConfigMapRef != nil {
		found.add(path+".configMapRef", "ConfigMaps are not read: write the policy into data")
	}
	if policy.Remote != nil {
		found.add(path+".remote", "nothing is fetched from a url: write the policy into data")
	}
	if set(policy.FetchConfigFile) {
		found.add(path+".fetchConfigFile", "an artifact of Flux has no image configuration: leave it out")
	}
	for field, value := range map[string]*bool{
		"includeSpec": policy.IncludeSpec, "includeObjectMeta": policy.IncludeObjectMeta, "includeTypeMeta": policy.IncludeTypeMeta,
	} {
		if set(value) {
			found.add(path+"."+field, perObject)
		}
	}
	if problem := uncompilable(policy.Type, policy.Data); problem != "" {
		found.add(path+".data", "%s", problem)
	}
}

func set(flag *bool) bool { return flag != nil && *flag }
