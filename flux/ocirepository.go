package flux

import (
	"fmt"
	"strings"

	sourcev1 "github.com/fluxcd/source-controller/api/v1"
)

// declareOCIRepository reads a sourcev1.OCIRepositorySpec, be it that of an OCIRepository or one in a HelmRelease.
func declareOCIRepository(spec fields, namespace string) Source {
	ref, _ := spec.object("ref")
	layer, _ := spec.object("layerSelector")
	s := Source{
		Form: FormOCIRepository,
		Kind: sourcev1.OCIRepositoryKind,
		Path: spec.path,
		URL:  spec.required("url"),
		Ref: Ref{
			Tag:          ref.text("tag"),
			Semver:       ref.text("semver"),
			SemverFilter: ref.text("semverFilter"),
			Digest:       ref.text("digest"),
		},
		MediaType:          layer.text("mediaType"),
		Provider:           providerOf(spec),
		Verify:             verifyOf(spec),
		SecretRef:          spec.secret("secretRef"),
		CertSecretRef:      spec.secret("certSecretRef"),
		ProxySecretRef:     spec.secret("proxySecretRef"),
		ServiceAccountName: spec.text("serviceAccountName"),
		Namespace:          namespace,
		Insecure:           spec.flag("insecure"),
	}
	s.setRepository(ParseRepository(s.URL))
	if problem := s.Ref.problem(); problem != "" && s.Problem == "" {
		s.Repository, s.Problem = Repository{}, problem
	}
	return s
}

// setRepository takes the outcome of a parser.
func (s *Source) setRepository(r Repository, err error) {
	s.Repository, s.Problem = r, ""
	if err != nil {
		s.Repository, s.Problem = Repository{}, err.Error()
	}
}

// problem says why a ref could lead out of its repository; empty where it cannot. Flux puts tag and digest into the
// request's path as they are (source-controller, getArtifactRef: name.Repository.Tag does not check them), so a tag
// "../../../other/app/manifests/v1" would be answered, by a server that cleans paths, from another repository.
func (r Ref) problem() string {
	name, value := "tag", r.Tag
	if !leadsAway(value) {
		name, value = "digest", r.Digest
	}
	if !leadsAway(value) {
		return ""
	}
	return fmt.Sprintf("ref.%s %s would lead out of the repository; write a plain %s", name, quote(value), name)
}

func leadsAway(value string) bool {
	if value == "." || value == ".." {
		return true
	}
	for i := range len(value) {
		if c := value[i]; c <= ' ' || c >= 0x7f || strings.IndexByte(`/\%?#`, c) >= 0 {
			return true
		}
	}
	return false
}

// providerOf reads an absent provider as generic: the CRDs of Flux before 1.10 default it so, later controllers do.
func providerOf(spec fields) string {
	if provider := spec.text("provider"); provider != "" {
		return provider
	}
	return sourcev1.GenericOCIProvider
}

// verifyOf reads sourcev1.OCIRepositoryVerification, and the smaller blocks of HelmChart and HelmRelease.
func verifyOf(spec fields) *Verify {
	block, found := spec.object("verify")
	if !found {
		return nil
	}
	v := &Verify{
		Provider:             block.text("provider"),
		SecretRef:            block.secret("secretRef"),
		TrustedRootSecretRef: block.secret("trustedRootSecretRef"),
	}
	for _, match := range block.objects("matchOIDCIdentity") {
		v.Identities = append(v.Identities, Identity{Issuer: match.text("issuer"), Subject: match.text("subject")})
	}
	return v
}
