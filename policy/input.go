package policy

import (
	"cmp"
	"strings"

	"github.com/open-policy-agent/opa/v1/ast"

	"github.com/fluxgate/fluxgate/flux"
)

// Input is a review, made ready once for all policies and both phases. The document that rules read is built when the first
// of them needs it; INPUT.md has its shape. An Input is for one goroutine, and what it was made of must not change.
type Input struct {
	review Review
	key    string // see memo; empty before it is asked for

	operation, object, list, raw *ast.Term // nil before they are asked for
}

// NewInput takes a review. The raw object reaches custom rules only: no built-in rule reads it.
func NewInput(r Review) *Input { return &Input{review: r} }

// build makes the parts of the document that no policy changes.
func (in *Input) build() {
	r := &in.review
	terms := make([]*ast.Term, len(r.Sources))
	for i := range r.Sources {
		terms[i] = sourceTerm(&r.Sources[i])
	}
	in.operation = textTerm(r.Operation)
	in.object = fields{}.
		text(termAPIVersion, r.APIVersion).text(termKind, r.Kind).
		text(termNamespace, r.Namespace).text(termName, r.Name).
		text(termServiceAccountName, r.ServiceAccountName).
		text(termInterval, r.Interval).text(termChartInterval, r.ChartInterval).object()
	in.list = ast.ArrayTerm(terms...)
}

// with adds what belongs to a policy. The parts are shared; only the outermost object is new.
func (in *Input) with(params, prepared *ast.Term) ast.Value {
	if in.list == nil {
		in.build()
	}
	return ast.NewObject(
		ast.Item(termOperation, in.operation),
		ast.Item(termObject, in.object),
		ast.Item(termSources, in.list),
		ast.Item(termParams, params),
		ast.Item(termPrepared, prepared),
	)
}

// custom is with, and the object as it was sent: input.raw.
func (in *Input) custom(params, prepared *ast.Term) ast.Value {
	document := in.with(params, prepared).(ast.Object)
	if in.raw == nil {
		in.raw = rawTerm(in.review.Object)
	}
	document.Insert(termRaw, in.raw)
	return document
}

// rawTerm takes of an object what is the same through every door: neither what the API server adds to it, nor its status.
func rawTerm(object map[string]any) *ast.Term {
	metadata, _ := object["metadata"].(map[string]any)
	kept := map[string]any{}
	for _, field := range []string{"name", "generateName", "namespace", "labels", "annotations"} {
		if value := metadata[field]; value != nil {
			kept[field] = value
		}
	}
	raw := map[string]any{"metadata": kept}
	for _, field := range []string{"apiVersion", "kind", "spec"} {
		if value := object[field]; value != nil {
			raw[field] = value
		}
	}
	value, err := ast.InterfaceToValue(raw)
	if err != nil { // it was JSON before
		return ast.NullTerm()
	}
	return ast.NewTerm(value)
}

func sourceTerm(s *SourceReview) *ast.Term {
	f := make(fields, 0, 24).
		text(termForm, string(s.Form)).text(termKind, s.Kind).text(termPath, s.Path).
		text(termURL, s.URL).text(termProblem, s.Problem).text(termChart, s.Chart).
		text(termMediaType, s.MediaType).text(termProvider, s.Provider).
		text(termSecretRef, s.SecretRef).text(termCertSecretRef, s.CertSecretRef).
		text(termProxySecretRef, s.ProxySecretRef).text(termServiceAccountName, s.ServiceAccountName).
		flag(termInsecure, s.Insecure).flag(termChanged, s.Changed).flag(termPending, s.Pending).
		term(termRef, refTerm(&s.Source))
	if s.Problem == "" && !s.Repository.IsZero() {
		f = f.term(termRepository, repositoryTerm(s.Repository))
	}
	if s.Verify != nil {
		f = f.term(termVerify, verifyTerm(s.Verify))
	}
	if s.Origin != nil {
		f = f.term(termOrigin, make(fields, 0, 4).
			text(termGroup, s.Origin.Group).text(termKind, s.Origin.Kind).
			text(termNamespace, s.Origin.Namespace).text(termName, s.Origin.Name).object())
	}
	if s.Resolved != nil {
		f = f.term(termResolved, make(fields, 0, 2).
			text(termTag, s.Resolved.Tag).text(termDigest, s.Resolved.Digest).object())
	}
	if s.Keys != nil && !s.Keys.Unknown {
		f = f.term(termKeys, keysTerm(s.Keys))
	}
	if s.Signature != nil && !s.Signature.Unknown {
		f = f.term(termSignature, signatureTerm(s.Signature))
	}
	return f.object()
}

func refTerm(s *flux.Source) *ast.Term {
	f := make(fields, 0, 5).
		text(termTag, s.Ref.Tag).text(termSemver, s.Ref.Semver).
		text(termSemverFilter, s.Ref.SemverFilter).text(termDigest, s.Ref.Digest)
	if r, found := flux.RangeOf(*s); found {
		f = f.term(termRange, make(fields, 0, 4).
			text(termText, r.Text).flag(termMalformed, r.Malformed).
			flag(termBounded, r.Bounded).flag(termPrereleases, r.Prereleases).object())
	}
	return f.object()
}

func repositoryTerm(r flux.Repository) *ast.Term {
	name := r.String()
	return make(fields, 0, 6).
		text(termHost, r.Host).text(termPath, r.Path).text(termName, name).text(termCloud, r.Cloud()).
		flag(termSilentHTTP, r.SilentHTTP()).term(termParents, parents(name)).object()
}

// parents gives everything that the name lies below: "ghcr.io" and "ghcr.io/acme" for "ghcr.io/acme/app".
func parents(name string) *ast.Term {
	terms := make([]*ast.Term, 0, strings.Count(name, "/"))
	for i := range len(name) {
		if name[i] == '/' {
			terms = append(terms, textTerm(name[:i]))
		}
	}
	return ast.ArrayTerm(terms...)
}

func keysTerm(k *Keys) *ast.Term {
	entries := make([]*ast.Term, len(k.Entries))
	for i, key := range k.Entries {
		entries[i] = make(fields, 0, 2).text(termEntry, key.Entry).text(termFingerprint, key.Fingerprint).object()
	}
	return make(fields, 0, 2).text(termProblem, k.Problem).term(termEntries, ast.ArrayTerm(entries...)).object()
}

func signatureTerm(s *Signature) *ast.Term {
	signers := make([]*ast.Term, len(s.Signers))
	for i, signer := range s.Signers {
		signers[i] = make(fields, 0, 3).text(termFingerprint, signer.Fingerprint).
			text(termIssuer, signer.Issuer).text(termSubject, signer.Subject).object()
	}
	return make(fields, 0, 5).flag(termVerified, s.Verified).text(termScheme, string(s.Scheme)).
		text(termReason, string(s.Reason)).text(termMessage, s.Message).term(termSigners, ast.ArrayTerm(signers...)).object()
}

// verifyTerm reads an empty provider as Flux does (source-controller, the default of OCIRepositoryVerification.Provider).
func verifyTerm(v *flux.Verify) *ast.Term {
	identities := make([]*ast.Term, len(v.Identities))
	for i, id := range v.Identities {
		identities[i] = make(fields, 0, 2).text(termIssuer, id.Issuer).text(termSubject, id.Subject).object()
	}
	return make(fields, 0, 4).
		text(termProvider, cmp.Or(v.Provider, "cosign")).text(termSecretRef, v.SecretRef).
		text(termTrustedRootSecretRef, v.TrustedRootSecretRef).
		term(termIdentities, ast.ArrayTerm(identities...)).object()
}
