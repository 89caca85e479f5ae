package cloud_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/fluxgate/fluxgate/flux"
	"github.com/fluxgate/fluxgate/registry"
	"github.com/fluxgate/fluxgate/test/registrytest"
)

// A tenant can have Fluxgate's own identity used by leaving out serviceAccountName, so an administrator says whether it is.
func TestFluxgatesOwnIdentityIsUsedOnlyWhereAnAdministratorSaysSo(t *testing.T) {
	const want = "Fluxgate's own identity is not used for it; name a ServiceAccount that has an identity of the cloud in " +
		"serviceAccountName, or let an administrator start Fluxgate with --own-cloud-identity"
	for _, host := range []string{ecr, gar, acr} {
		t.Run(host, func(t *testing.T) {
			f := newFixture(t)
			q, digest := prepare(t, f, host, nil)
			f.login(registry.ObjectCredentials{})
			_, err := f.client.Resolve(t.Context(), q)
			wantFailure(t, err, registry.ClassCredentials, want)
			if calls := f.took(); calls != nil || len(world.Requests()) > 0 {
				t.Errorf("asked %q and %v, want nobody", calls, world.Requests())
			}
			f.login(registry.ObjectCredentials{OwnIdentity: true})
			if got, err := f.client.Resolve(t.Context(), q); err != nil || got.Digest != digest {
				t.Errorf("got %v, %v, want %s", got, err, digest)
			}
		})
	}
}

func TestTheDefaultServiceAccountStandsInForOwnIdentity(t *testing.T) {
	const theirs, given = "arn:aws:iam::123456789012:role/theirs", "arn:aws:iam::123456789012:role/default"
	calls := func(account, role string) []string {
		return []string{
			"TokenRequest apps/" + account + " for sts.amazonaws.com",
			"STS " + role + " with token-of-" + account, "ECR GetAuthorizationToken signed by AKIDEXAMPLE",
		}
	}
	cases := map[string]struct {
		change func(*fixture, *flux.Source)
		want   []string
		advice string
	}{
		"a source that names none": {want: calls("standard", given)},
		"a source that names one": {
			change: func(_ *fixture, s *flux.Source) { s.ServiceAccountName = "puller" }, want: calls("puller", theirs),
		},
		"a namespace without it": {
			change: func(f *fixture, _ *flux.Source) { delete(f.accounts, "apps/standard") },
			advice: "ServiceAccount apps/standard does not exist",
		},
		"a namespace without it, seen from another": {
			change: func(f *fixture, s *flux.Source) {
				delete(f.accounts, "apps/standard")
				s.Origin = &flux.Key{Kind: "OCIRepository"}
			},
			advice: "its ServiceAccount does not exist",
		},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			f := newFixture(t)
			q, digest := prepare(t, f, ecr, map[string]string{role: theirs})
			f.accounts["apps/standard"] = &registry.ServiceAccount{
				Annotations: map[string]string{role: given}, PullSecrets: []string{"not-read"},
			}
			q.Source.ServiceAccountName = ""
			if c.change != nil {
				c.change(f, &q.Source)
			}
			f.login(registry.ObjectCredentials{DefaultAccount: "standard"})
			got, err := f.client.Resolve(t.Context(), q)
			switch {
			case c.advice != "":
				wantFailure(t, err, registry.ClassCredentials, c.advice)
			case err != nil || got.Digest != digest:
				t.Errorf("got %v, %v, want %s", got, err, digest)
			}
			if diff := cmp.Diff(c.want, f.took()); diff != "" {
				t.Errorf("calls (-want +got):\n%s", diff)
			}
		})
	}
}

// Without a provider Flux asks anonymously: the default is for clouds only.
func TestTheDefaultServiceAccountIsForCloudsOnly(t *testing.T) {
	f := newFixture(t)
	world.MustPush(t, gar+"/acme/app", "v1")
	f.login(registry.ObjectCredentials{DefaultAccount: "standard"}) // which does not exist
	q := query(t, gar, "", "v1")
	q.Source.Provider = "generic"
	world.Require(gar, registrytest.Login{}) // everybody is let in
	if _, err := f.client.Resolve(t.Context(), q); err != nil {
		t.Error(err)
	}
	if calls := f.took(); calls != nil {
		t.Errorf("asked %q, want nobody", calls)
	}
}
