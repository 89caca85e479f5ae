package signatures_test

import (
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/fluxgate/fluxgate/test/fluxcontrollers"
	"github.com/fluxgate/fluxgate/test/registrytest"
	"github.com/fluxgate/fluxgate/test/signing"
)

// TestWhatWasVerifiedIsWhatRuns: the digest that is stored, that which is verified and that which Flux then pulls are one, in the
// registry's log, too, also where the tag moves between the mutating and the validating call.
func TestWhatWasVerifiedIsWhatRuns(t *testing.T) {
	t.Parallel()
	p := newPlace(t, "  pin: {tags: OnChange}\n"+verified)
	ours, public := p.key()
	p.secret("ours", map[string][]byte{"cosign.pub": public})
	signed := p.artifact("v1")
	p.must(p.SignBundle(signed, ours))
	evil := p.artifact("evil")
	// Whoever owns the registry answers the one question for the tag, and lets it name something else from then on.
	moved := func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
			next.ServeHTTP(w, req)
			if err := world.Registry.Move(p.repository, "v1", evil); err != nil {
				t.Error(err)
			}
		})
	}
	world.Registry.Break(p.repository+"/manifests/v1", moved)
	source := p.source("app", "  ref: {tag: v1}\n  verify: {provider: cosign, secretRef: {name: ours}}\n")
	fluxcontrollers.Mark(source)
	p.must(p.apply(source))
	if got := p.stored(source, "spec", "ref", "digest"); got != signed {
		t.Errorf("stored is %s, signed is %s", got, signed)
	}
	p.pulledByFlux(source, signed)
	want := map[string][]string{
		"fluxgate HEAD manifests": {"the tag"}, "fluxgate GET referrers": {"the artifact"}, "fluxgate GET manifests": {"its signature"},
		"flux GET referrers": {"the artifact"}, "flux GET manifests": {"its signature", "the artifact"},
	}
	names := map[string]string{"v1": "the tag", signed: "the artifact", evil: "the other artifact"}
	if diff := cmp.Diff(want, p.asked(names)); diff != "" {
		t.Errorf("what the registry was asked for, by whom (-want +got):\n%s", diff)
	}
	// The tag names what is not signed now: an object that is new is pinned to that, and refused.
	p.eventually("the tag that has moved is refused", func() error {
		err := p.apply(p.source("late", "  ref: {tag: v1}\n  verify: {provider: cosign, secretRef: {name: ours}}\n"))
		if err == nil {
			p.must(p.client.Delete(t.Context(), p.source("late", "")))
			return errNotYet
		}
		p.wants("the tag that has moved", err, "has no cosign signature")
		return nil
	})
}

// asked tells by whom the place's repository was asked for what, in names, where what has none is a signature.
func (p *place) asked(names map[string]string) map[string][]string {
	named := func(of string) string {
		if name, known := names[of]; known {
			return name
		}
		return "its signature"
	}
	asked := map[string][]string{}
	for _, request := range world.Registry.Requests() {
		path, ours := strings.CutPrefix(request.Path, "/v2/"+strings.TrimPrefix(p.repository, "ghcr.io/")+"/")
		if kind, of, _ := strings.Cut(path, "/"); ours && kind != "blobs" {
			by, _, _ := strings.Cut(strings.Fields(request.Agent + " nobody")[0], "/") // "flux/v2", "fluxgate go-containerregistry/…"
			what := by + " " + request.Method + " " + kind
			asked[what] = append(asked[what], named(of))
		}
	}
	for what, of := range asked {
		asked[what] = slices.Compact(slices.Sorted(slices.Values(of)))
	}
	return asked
}

// TestARotatedKeyCountsAtOnce, whatever is remembered.
func TestARotatedKeyCountsAtOnce(t *testing.T) {
	t.Parallel()
	p := newPlace(t, verified)
	old, oldPublic := p.key()
	_, newPublic := p.key()
	digest := p.artifact("v1")
	p.must(p.SignBundle(digest, old))
	spec := "  ref: {digest: '" + digest + "'}\n  verify: {provider: cosign, secretRef: {name: ours}}\n"
	p.secret("ours", map[string][]byte{"cosign.pub": oldPublic})
	p.wants("signed by the key", p.apply(p.source("first", spec)), "")
	p.secret("ours", map[string][]byte{"cosign.pub": newPublic})
	p.wants("signed by the key of before", p.apply(p.source("second", spec)), "none of which is a valid one by a key that is asked for")
	// What is there already was judged when it came: a change that is about something else is warned about.
	p.warnings()
	changed := p.source("first", spec)
	changed.SetLabels(map[string]string{"a": "b"})
	p.wants("a label of what is there", p.apply(changed), "")
	if got := p.warnings(); !strings.Contains(got, "so before this update") {
		t.Errorf("warnings are %q", got)
	}
	p.wants("what is there, with another verify block", p.apply(p.source("first", strings.Replace(spec, "provider: cosign, ", "", 1)+"  timeout: 30s\n")), "")
}

// TestARegistryThatDiesHalfWayIsNoMissingSignature: the review is undecided, and passes when it is repeated.
func TestARegistryThatDiesHalfWayIsNoMissingSignature(t *testing.T) {
	t.Parallel()
	p := newPlace(t, verified)
	ours, public := p.key()
	p.secret("ours", map[string][]byte{"cosign.pub": public})
	digest := p.artifact("v1")
	p.must(p.SignBundle(digest, ours))
	source := p.source("app", "  ref: {digest: '"+digest+"'}\n  verify: {provider: cosign, secretRef: {name: ours}}\n")
	world.Registry.Break(p.repository+"/blobs", registrytest.Status(http.StatusBadGateway, "UNKNOWN"))
	p.wants("while it is down", p.apply(source), "the signatures of the artifact could not be verified")
	world.Registry.Break(p.repository+"/blobs", nil)
	p.eventually("when it is up again", func() error { return p.apply(source) })
}

// TestWhoeverRefersToAnArtifactNeedsItsSignature: a lax namespace is no way round.
func TestWhoeverRefersToAnArtifactNeedsItsSignature(t *testing.T) {
	t.Parallel()
	lax := newPlace(t, "  action: Audit\n"+verified)
	p := newPlace(t, verified)
	digest := lax.artifact("v1")
	lax.must(lax.apply(lax.source("app", "  ref: {digest: '"+digest+"'}\n  verify: {provider: cosign, matchOIDCIdentity: [{issuer: i, subject: s}]}\n")))
	release := p.parse("apiVersion: helm.toolkit.fluxcd.io/v2\nkind: HelmRelease\nmetadata: {name: app, namespace: " + p.namespace + "}\n" +
		"spec: {interval: 1m, chartRef: {kind: OCIRepository, name: app, namespace: " + lax.namespace + "}}\n")
	p.eventually("a release of what is not signed is refused", func() error { // the source is known by a watch
		err := p.apply(release)
		if err == nil || strings.Contains(err.Error(), "missing-source") {
			return errNotYet
		}
		p.wants("a release of what is not signed", err, p.named("[POLICY/signature-verified] spec.chartRef"))
		return nil
	})
	chart := p.parse("apiVersion: source.toolkit.fluxcd.io/v1\nkind: HelmRepository\nmetadata: {name: charts, namespace: " + p.namespace + "}\n" +
		"spec: {type: oci, url: 'oci://ghcr.io/acme'}\n")
	p.must(p.apply(chart))
	byRepository := p.parse("apiVersion: helm.toolkit.fluxcd.io/v2\nkind: HelmRelease\nmetadata: {name: chart, namespace: " + p.namespace + "}\n" +
		"spec: {interval: 1m, chart: {spec: {chart: app, version: 1.0.0, sourceRef: {kind: HelmRepository, name: charts}, verify: {provider: cosign}}}}\n")
	p.eventually("a chart that cannot have a digest is refused", func() error {
		err := p.apply(byRepository)
		if err == nil {
			return errNotYet
		}
		p.wants("a chart that cannot have a digest", err, "use an OCIRepository with a digest (chartRef)")
		return nil
	})
}

// TestATenantsOwnKeyIsNoDemandMet: what an administrator demands holds whatever the object says.
func TestATenantsOwnKeyIsNoDemandMet(t *testing.T) {
	t.Parallel()
	ours, oursPublic := newKey(t)
	tenants, tenantsPublic := newKey(t)
	p := newPlace(t, "  pin: {tags: OnChange}\n  signatures:\n  - name: release\n    repositories: [ghcr.io/acme/**]\n    keys:\n    - |\n"+indented(6, string(oursPublic))+
		"  - name: built\n    repositories: [ghcr.io/acme/**]\n    identities: [{issuer: '"+issuer+"', subjectRegExp: 'https://github\\.com/acme/.*'}]\n")
	p.secret("tenants", map[string][]byte{"cosign.pub": tenantsPublic})
	block := "  verify: {provider: cosign, secretRef: {name: tenants}}\n"
	digest := p.artifact("v1")
	p.must(p.SignBundle(digest, tenants))
	source := p.source("app", "  ref: {tag: v1}\n"+block)
	p.wants("signed by the tenant", p.apply(source), p.named("[POLICY/signatures] spec.ref.digest: demand release"))
	p.must(p.SignLegacy(digest, ours))
	p.eventually("signed by us, too", func() error {
		err := p.apply(source)
		if err != nil && !strings.Contains(err.Error(), "demand release") {
			p.wants("signed by us, and not by our workflow", err, "demand built")
			return nil
		}
		return errNotYet
	})
	p.must(p.SignBundle(digest, sigstore.Identity(issuer, subject)))
	p.eventually("signed by our workflow, too", func() error { return p.apply(source) })
	if got := p.stored(source, "spec", "ref", "digest"); got != digest {
		t.Errorf("stored is %s, signed is %s", got, digest)
	}
	elsewhere := p.source("elsewhere", "  ref: {digest: '"+digest+"'}\n")
	if err := setURL(elsewhere, "oci://quay.io/acme/app"); err != nil {
		t.Fatal(err)
	}
	p.wants("what no demand is for", p.apply(elsewhere), "")
	p.wants("a range, which nobody pins", p.apply(p.source("range", "  ref: {semver: '>=1.0.0'}\n")), "set spec.ref.digest")
}

// TestADemandThatNobodyCanMeetIsRefused when the policy is applied.
func TestADemandThatNobodyCanMeetIsRefused(t *testing.T) {
	t.Parallel()
	p := newPlace(t, verified)
	for sentence, test := range map[string]struct{ demand, want string }{
		"a key that is none":          {"keys: [none]", "no public key in PEM"},
		"nobody":                      {"repositories: [ghcr.io/acme/**]", "it trusts nobody"},
		"an identity of anybody":      {"identities: [{issuer: i, subjectRegExp: '.*'}]", "matches the empty text"},
		"a trusted root that is none": {"identities: [{issuer: i, subject: s}], trustedRoot: '{'", "is no trusted root"},
	} {
		broken := p.parse("apiVersion: fluxgate.dev/v1alpha1\nkind: SourcePolicy\nmetadata: {name: broken-" + p.namespace + "}\n" +
			"spec: {signatures: [{name: a, " + test.demand + "}]}\n")
		p.wants(sentence, p.apply(broken), test.want)
	}
}

func newKey(t *testing.T) (signing.Key, []byte) {
	t.Helper()
	return (&place{T: t}).key()
}
