package imagepolicy_test

import (
	"strings"
	"testing"

	"github.com/google/go-containerregistry/pkg/name"

	"github.com/fluxgate/fluxgate/verify"
	"github.com/fluxgate/fluxgate/verify/imagepolicy"
)

func TestMatches(t *testing.T) {
	const ocirepositories = "group: source.toolkit.fluxcd.io, resource: ocirepositories"
	flux := verify.ImagePolicyObject{APIVersion: "source.toolkit.fluxcd.io/v1", Kind: "OCIRepository", Labels: map[string]string{"team": "a"}}
	release := verify.ImagePolicyObject{APIVersion: "helm.toolkit.fluxcd.io/v2", Kind: "HelmRelease"}
	for sentence, test := range map[string]struct {
		glob, match string
		repository  string // ghcr.io/acme/app unless it is given
		object      verify.ImagePolicyObject
		want        bool
	}{
		"everything":                     {glob: "**", object: flux, want: true},
		"all below a path":               {glob: "ghcr.io/acme/**", object: flux, want: true},
		"all in a path":                  {glob: "ghcr.io/acme/*", object: flux, want: true},
		"one segment is not two":         {glob: "ghcr.io/*", object: flux},
		"the repository with any digest": {glob: "ghcr.io/acme/app@*", object: flux, want: true},
		"the repository without a digest, which no digest matches": {glob: "ghcr.io/acme/app", object: flux},
		"a tag, which no digest matches":                           {glob: "ghcr.io/acme/app:v1", object: flux},
		"another host that ends alike":                             {glob: "ghcr.io/acme/**", repository: "evil-ghcr.io/acme/app", object: flux},
		"a dot is no wildcard":                                     {glob: "ghcr.io/acme/**", repository: "ghcr-io.example/acme/app", object: flux},
		"Docker Hub by its full name":                              {glob: "index.docker.io/acme/**", repository: "docker.io/acme/app", object: flux, want: true},
		"Docker Hub by its short name, which does not match":       {glob: "docker.io/acme/**", repository: "docker.io/acme/app", object: flux},
		"* alone is Docker Hub's library, and not everything":      {glob: "*", object: flux},
		"the kind": {
			glob: "**", match: "{" + ocirepositories + ", version: v1}", object: flux, want: true},
		"another kind":                        {glob: "**", match: "{" + ocirepositories + ", version: v1}", object: release},
		"another version":                     {glob: "**", match: "{" + ocirepositories + ", version: v1beta2}", object: flux},
		"any version":                         {glob: "**", match: "{" + ocirepositories + `, version: "*"}`, object: flux, want: true},
		"no version, which no object matches": {glob: "**", match: "{" + ocirepositories + "}", object: flux},
		"one of several kinds": {
			glob: "**", match: "{resource: pods, version: v1}, {group: helm.toolkit.fluxcd.io, resource: helmreleases, version: v2}", object: release, want: true},
		"the labels": {
			glob: "**", match: "{" + ocirepositories + ", version: v1, selector: {matchLabels: {team: a}}}", object: flux, want: true},
		"other labels": {
			glob: "**", match: "{" + ocirepositories + ", version: v1, selector: {matchLabels: {team: b}}}", object: flux},
		"the kind but not the image": {
			glob: "quay.io/**", match: "{" + ocirepositories + ", version: v1}", object: flux},
		"an object whose version cannot be read is not left out": {
			glob: "**", match: "{" + ocirepositories + ", version: v1}", object: verify.ImagePolicyObject{APIVersion: "a/b/c", Kind: "d"}, want: true},
	} {
		t.Run(sentence, func(t *testing.T) {
			if test.repository == "" {
				test.repository = repository
			}
			ref, err := name.NewRepository(test.repository)
			if err != nil {
				t.Fatal(err)
			}
			document := strings.Replace(authority("static: {action: pass}"), `"**"`, `"`+test.glob+`"`, 1) + "  match: [" + test.match + "]\n"
			policy, err := imagepolicy.Parse(t.Context(), []byte(document), nil)
			if err != nil {
				t.Fatal(err)
			}
			if got := policy.Matches(ref, "sha256:"+strings.Repeat("a", 64), test.object); got != test.want {
				t.Errorf("got %v", got)
			}
		})
	}
}

func TestADigestThatIsNoneIsNotLeftOut(t *testing.T) {
	policy, err := imagepolicy.Parse(t.Context(), []byte(authority(pinned)), nil)
	if err != nil {
		t.Fatal(err)
	}
	if !policy.Matches(name.MustParseReference(repository).Context(), "latest", verify.ImagePolicyObject{}) {
		t.Error("the policy is not asked")
	}
}
