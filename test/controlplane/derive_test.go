package controlplane

import (
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
)

func TestOnlyDerivedCRDsAreMarkedAndChanged(t *testing.T) {
	for name, test := range map[string]struct {
		flux Flux
		want map[string][]string
	}{
		"as released": {Released, map[string][]string{
			"HelmRelease": {"v2"}, "HelmChart": {"v1"}, "HelmRepository": {"v1"}, "Kustomization": {"v1"}, "OCIRepository": {"v1"},
		}},
		"derived": {Derived, map[string][]string{
			"HelmRelease": {"v2", "derived"}, "HelmChart": {"v1"}, "HelmRepository": {"v1"}, "Kustomization": {"v1"},
			"OCIRepository": {"v1", "v1beta2", "derived"},
		}},
	} {
		t.Run(name, func(t *testing.T) {
			crds, err := fluxCRDs(t.Context(), test.flux)
			if err != nil {
				t.Fatal(err)
			}
			got := map[string][]string{}
			for _, crd := range crds {
				if _, judged := test.want[crd.Spec.Names.Kind]; judged {
					got[crd.Spec.Names.Kind] = servedBy(crd)
				}
			}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("served versions (-want +got):\n%s", diff)
			}
		})
	}
}

func servedBy(crd *apiextensionsv1.CustomResourceDefinition) []string {
	var versions []string
	for _, version := range crd.Spec.Versions {
		if version.Served {
			versions = append(versions, version.Name)
		}
	}
	slices.Sort(versions)
	if crd.Annotations[derivedAnnotation] != "" {
		versions = append(versions, "derived")
	}
	return versions
}
