package flux

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/types"
)

// others is a Lookup among the documents of a YAML stream.
func others(t testing.TB, documents string) Lookup {
	t.Helper()
	objects := map[Key]*unstructured.Unstructured{}
	for document := range strings.SplitSeq(documents, "---\n") {
		if strings.TrimSpace(document) == "" {
			continue
		}
		obj := object(t, document)
		objects[sourceKey(obj.GetKind(), obj.GetNamespace(), obj.GetName())] = obj
	}
	return LookupFunc(func(_ context.Context, key Key) (*unstructured.Unstructured, error) { return objects[key], nil })
}

func sourceKey(kind, namespace, name string) Key {
	return Key{Group: SourceGroup, Kind: kind, NamespacedName: types.NamespacedName{Namespace: namespace, Name: name}}
}

func originOf(kind, namespace, name string) *Key {
	key := sourceKey(kind, namespace, name)
	return &key
}

// sourcesTest is an object, what it may refer to, and what it makes Flux pull.
type sourcesTest struct {
	object, others string
	want           []Source
}

func (test sourcesTest) run(t *testing.T) {
	t.Helper()
	obj := object(t, test.object)
	before := obj.DeepCopy()
	got, err := Sources(t.Context(), obj, others(t, test.others))
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(test.want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(before, obj); diff != "" {
		t.Errorf("the object was changed (-before +after):\n%s", diff)
	}
}

const podinfoRepository = `
apiVersion: source.toolkit.fluxcd.io/v1
kind: OCIRepository
metadata: {name: podinfo, namespace: shared}
spec:
  interval: 5m
  url: oci://ghcr.io/stefanprodan/charts/podinfo
  ref: {tag: 6.5.0}
  verify: {provider: cosign, secretRef: {name: cosign-pub}}
`

// podinfoSource is podinfoRepository, as one who refers to it from a path has it.
func podinfoSource(path string) Source {
	return Source{
		Form:       FormOCIRepository,
		Kind:       "OCIRepository",
		Path:       path,
		Origin:     originOf("OCIRepository", "shared", "podinfo"),
		URL:        "oci://ghcr.io/stefanprodan/charts/podinfo",
		Repository: Repository{"ghcr.io", "stefanprodan/charts/podinfo"},
		Ref:        Ref{Tag: "6.5.0"},
		Provider:   "generic",
		Verify:     &Verify{Provider: "cosign", SecretRef: "cosign-pub"},
		Namespace:  "shared",
	}
}

func TestSourcesOfOCIRepository(t *testing.T) {
	const head = `
apiVersion: source.toolkit.fluxcd.io/v1
kind: OCIRepository
metadata: {name: app, namespace: prod}
`
	plain := Source{
		Form: FormOCIRepository, Kind: "OCIRepository", Path: "spec", Namespace: "prod", Provider: "generic",
		URL: "oci://ghcr.io/acme/app", Repository: Repository{"ghcr.io", "acme/app"},
	}
	with := func(change func(*Source)) []Source {
		s := plain
		change(&s)
		return []Source{s}
	}
	for sentence, test := range map[string]sourcesTest{
		"only a url": {object: head + `spec: {url: "oci://ghcr.io/acme/app"}`, want: []Source{plain}},
		"null is as good as absent": {
			object: head + `spec: {url: "oci://ghcr.io/acme/app", ref: null, verify: null, insecure: null, provider: null, secretRef: null}`,
			want:   []Source{plain},
		},
		"v1beta2": {
			object: strings.Replace(head, "fluxcd.io/v1", "fluxcd.io/v1beta2", 1) + `spec: {url: "oci://ghcr.io/acme/app", ref: {tag: v1.0.0}}`,
			want:   with(func(s *Source) { s.Ref.Tag = "v1.0.0" }),
		},
		"fields that nobody knows are left alone": {
			object: head + `spec: {url: "oci://ghcr.io/acme/app", futureField: {deep: [1]}}`, want: []Source{plain},
		},
		"everything": {
			object: head + `
spec:
  interval: 5m
  timeout: 60s
  url: oci://123456789012.dkr.ecr.eu-west-1.amazonaws.com/team/app
  ref: {tag: v1, semver: ">=1.0.0 <2.0.0", semverFilter: ".*-rc.*", digest: "sha256:abc"}
  layerSelector: {mediaType: application/vnd.cncf.helm.chart.content.v1.tar+gzip, operation: copy}
  provider: aws
  secretRef: {name: login}
  certSecretRef: {name: ca}
  proxySecretRef: {name: proxy}
  serviceAccountName: puller
  insecure: true
  suspend: true
  verify:
    provider: cosign
    secretRef: {name: keys}
    trustedRootSecretRef: {name: root}
    matchOIDCIdentity:
    - {issuer: "^https://token.actions.githubusercontent.com$", subject: "^https://github.com/acme/"}
    - {issuer: "", subject: ".*"}
`,
			want: []Source{{
				Form: FormOCIRepository, Kind: "OCIRepository", Path: "spec", Namespace: "prod",
				URL:        "oci://123456789012.dkr.ecr.eu-west-1.amazonaws.com/team/app",
				Repository: Repository{"123456789012.dkr.ecr.eu-west-1.amazonaws.com", "team/app"},
				Ref:        Ref{Tag: "v1", Semver: ">=1.0.0 <2.0.0", SemverFilter: ".*-rc.*", Digest: "sha256:abc"},
				MediaType:  "application/vnd.cncf.helm.chart.content.v1.tar+gzip",
				Provider:   "aws", SecretRef: "login", CertSecretRef: "ca", ProxySecretRef: "proxy", ServiceAccountName: "puller",
				Insecure: true,
				Verify: &Verify{
					Provider: "cosign", SecretRef: "keys", TrustedRootSecretRef: "root",
					Identities: []Identity{
						{Issuer: "^https://token.actions.githubusercontent.com$", Subject: "^https://github.com/acme/"},
						{Subject: ".*"},
					},
				},
			}},
		},
		"an empty verify block is one": {
			object: head + `spec: {url: "oci://ghcr.io/acme/app", verify: {}}`,
			want:   with(func(s *Source) { s.Verify = &Verify{} }),
		},
		"a url without a canonical form": {
			object: head + `spec: {url: "oci://ghcr.io/acme/../evil"}`,
			want: with(func(s *Source) {
				s.URL, s.Repository = "oci://ghcr.io/acme/../evil", Repository{}
				s.Problem = `repository "acme/../evil" has the segment "..", which a server may resolve to another repository; ` +
					`write the path without it`
			}),
		},
		"a tag that leads to another repository": {
			object: head + `spec: {url: "oci://ghcr.io/acme/app", ref: {tag: "../../../evil/app/manifests/v1"}}`,
			want: with(func(s *Source) {
				s.Ref.Tag, s.Repository = "../../../evil/app/manifests/v1", Repository{}
				s.Problem = `ref.tag "../../../evil/app/manifests/v1" would lead out of the repository; write a plain tag`
			}),
		},
		"a tag that is no segment": {
			object: head + `spec: {url: "oci://ghcr.io/acme/app", ref: {tag: ".."}}`,
			want: with(func(s *Source) {
				s.Ref.Tag, s.Repository, s.Problem = "..", Repository{}, `ref.tag ".." would lead out of the repository; write a plain tag`
			}),
		},
		"a tag with a line break": {
			object: head + `spec: {url: "oci://ghcr.io/acme/app", ref: {tag: "a\nb"}}`,
			want: with(func(s *Source) {
				s.Ref.Tag, s.Repository = "a\nb", Repository{}
				s.Problem = `ref.tag "a\nb" would lead out of the repository; write a plain tag`
			}),
		},
		"a digest that leads to another repository": {
			object: head + `spec: {url: "oci://ghcr.io/acme/app", ref: {digest: "x%2f..%2fy"}}`,
			want: with(func(s *Source) {
				s.Ref.Digest, s.Repository = "x%2f..%2fy", Repository{}
				s.Problem = `ref.digest "x%2f..%2fy" would lead out of the repository; write a plain digest`
			}),
		},
	} {
		t.Run(sentence, test.run)
	}
}

func TestSourcesOfKustomization(t *testing.T) {
	const head = `
apiVersion: kustomize.toolkit.fluxcd.io/v1
kind: Kustomization
metadata: {name: app, namespace: prod}
spec:
  interval: 10m
  path: ./deploy
  prune: true
  sourceRef: `
	for sentence, test := range map[string]sourcesTest{
		"an OCIRepository in another namespace": {
			object: head + "{kind: OCIRepository, name: podinfo, namespace: shared}", others: podinfoRepository,
			want: []Source{podinfoSource("spec.sourceRef")},
		},
		"the group of a reference means nothing to Flux": {
			object: head + "{apiVersion: example.com/v1, kind: OCIRepository, name: podinfo, namespace: shared}", others: podinfoRepository,
			want: []Source{podinfoSource("spec.sourceRef")},
		},
		"without a namespace it is the object's own": {
			object: head + "{kind: OCIRepository, name: podinfo}", others: podinfoRepository,
			want: []Source{{
				Form: FormMissing, Kind: "OCIRepository", Path: "spec.sourceRef", Namespace: "prod",
				Origin: originOf("OCIRepository", "prod", "podinfo"),
			}},
		},
		"a GitRepository": {
			object: head + "{kind: GitRepository, name: app}",
			want: []Source{{
				Form: FormOther, Kind: "GitRepository", Path: "spec.sourceRef", Namespace: "prod", Origin: originOf("GitRepository", "prod", "app"),
			}},
		},
		"a Bucket": {
			object: head + "{kind: Bucket, name: app, namespace: shared}",
			want: []Source{{
				Form: FormOther, Kind: "Bucket", Path: "spec.sourceRef", Namespace: "shared", Origin: originOf("Bucket", "shared", "app"),
			}},
		},
		"an ExternalArtifact": {
			object: head + "{kind: ExternalArtifact, name: app}",
			want: []Source{{
				Form: FormUntraceable, Kind: "ExternalArtifact", Path: "spec.sourceRef", Namespace: "prod",
				Origin: originOf("ExternalArtifact", "prod", "app"),
			}},
		},
		"a kind that Kustomizations do not have": {
			object: head + "{kind: HelmRepository, name: podinfo}", others: chartsRepository,
			want: []Source{{
				Form: FormUntraceable, Kind: "HelmRepository", Path: "spec.sourceRef", Namespace: "prod",
				Origin: originOf("HelmRepository", "prod", "podinfo"),
			}},
		},
	} {
		t.Run(sentence, test.run)
	}
}

func TestSourcesTellsBadObjectsFromLookupsThatFail(t *testing.T) {
	kustomization := `
apiVersion: kustomize.toolkit.fluxcd.io/v1
kind: Kustomization
metadata: {name: app, namespace: prod}
spec: {sourceRef: {kind: OCIRepository, name: podinfo, namespace: shared}}`
	down := errors.New("connection refused")
	for sentence, test := range map[string]struct {
		lookup    Lookup
		want      string
		badObject bool
	}{
		"the lookup fails": {
			lookup: LookupFunc(func(context.Context, Key) (*unstructured.Unstructured, error) { return nil, down }),
			want:   "look up OCIRepository shared/podinfo: connection refused",
		},
		"the lookup finds something else": {
			lookup: LookupFunc(func(context.Context, Key) (*unstructured.Unstructured, error) {
				return object(t, `{apiVersion: v1, kind: Secret, metadata: {name: podinfo, namespace: shared}}`), nil
			}),
			want: "look up OCIRepository shared/podinfo: found a Secret",
		},
		"the object referred to is malformed": {
			lookup:    others(t, strings.Replace(podinfoRepository, "url: oci://ghcr.io/stefanprodan/charts/podinfo", "url: 5", 1)),
			want:      "spec.sourceRef: refers to OCIRepository shared/podinfo, which cannot be read as one; mend that object",
			badObject: true,
		},
	} {
		t.Run(sentence, func(t *testing.T) {
			got, err := Sources(t.Context(), object(t, kustomization), test.lookup)
			if err == nil || err.Error() != test.want || got != nil {
				t.Fatalf("got %v, error %v, want error %s", got, err, test.want)
			}
			var bad *ObjectError
			if errors.As(err, &bad) != test.badObject {
				t.Errorf("%T is taken for the user's mistake: %t", err, !test.badObject)
			}
		})
	}
}

func TestSourcesTellsWhichLookupOfAChainFails(t *testing.T) {
	obj := object(t, release("  chartRef: {kind: HelmChart, name: podinfo, namespace: shared}"))
	charts := others(t, podinfoChart)
	_, err := Sources(t.Context(), obj, LookupFunc(func(ctx context.Context, key Key) (*unstructured.Unstructured, error) {
		if key.Kind == "HelmRepository" {
			return nil, errors.New("connection refused")
		}
		return charts.Lookup(ctx, key)
	}))
	if want := "look up HelmRepository shared/charts: connection refused"; err == nil || err.Error() != want {
		t.Errorf("error %v, want %s", err, want)
	}
	broken := strings.Replace(chartsRepository, "insecure: true", "insecure: often", 1)
	_, err = Sources(t.Context(), obj, others(t, podinfoChart+"---\n"+broken))
	want := "spec.chartRef: refers to HelmChart shared/podinfo, which cannot be read as one; mend that object"
	if bad := (*ObjectError)(nil); !errors.As(err, &bad) || err.Error() != want {
		t.Errorf("error %v, want %s", err, want)
	}
}

func TestSourcesOfUnknownKinds(t *testing.T) {
	for _, text := range []string{
		"{apiVersion: v1, kind: Secret}",
		"{apiVersion: source.toolkit.fluxcd.io/v1, kind: GitRepository, spec: {}}",
		"{apiVersion: example.com/v1, kind: OCIRepository, spec: {}}",
		"{apiVersion: kustomize.config.k8s.io/v1beta1, kind: Kustomization}",
	} {
		obj := object(t, text)
		if _, err := Sources(t.Context(), obj, others(t, "")); !errors.Is(err, ErrUnknownKind) || Known(obj.GroupVersionKind()) {
			t.Errorf("%s: %v", text, err)
		}
	}
}
