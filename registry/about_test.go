package registry

import (
	"testing"

	"k8s.io/apimachinery/pkg/types"

	"github.com/fluxgate/fluxgate/flux"
)

// TestAFailureIsToldInTheWordsOfWhoeverAsks: what a session for another source failed at may have named that one's objects.
func TestAFailureIsToldInTheWordsOfWhoeverAsks(t *testing.T) {
	own := flux.Source{
		Repository: flux.Repository{Host: "ghcr.io", Path: "acme/app"}, Ref: flux.Ref{Digest: "sha256:aa"}, Namespace: "apps",
		ServiceAccountName: "builder",
	}
	foreign := own
	foreign.Origin = &flux.Key{Kind: "OCIRepository", NamespacedName: types.NamespacedName{Namespace: "apps", Name: "app"}}
	account := cloudKeychain{source: own, identity: Identity{Account: &ServiceAccount{}}}.advice()
	for sentence, test := range map[string]struct {
		asking flux.Source
		class  Class
		want   string
	}{
		"the owner, who is told what to look at": {own, ClassIdentity, "ghcr.io/acme/app@sha256:aa: cloud-identity: " + account},
		"who refers to it, about its identity":   {foreign, ClassIdentity, "OCIRepository apps/app: cloud-identity: the cloud gave no login"},
		"who refers to it, about a slow cloud":   {foreign, ClassTimeout, "OCIRepository apps/app: timeout: the registry did not answer in time"},
	} {
		t.Run(sentence, func(t *testing.T) {
			heard := &Error{Class: test.class, Reference: "whatever was asked first", Advice: account}
			access := &Access{plan: &plan{source: test.asking}}
			if got := access.About(heard).Error(); got != test.want {
				t.Errorf("got  %s\nwant %s", got, test.want)
			}
			if heard.Reference != "whatever was asked first" || heard.Advice != account {
				t.Errorf("what others share was changed: %v", heard)
			}
		})
	}
}
