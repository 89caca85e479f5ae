package policy

import (
	"github.com/open-policy-agent/opa/v1/ast"

	"github.com/fluxgate/fluxgate/flux"
)

// The keys of the input document. They are made once, since making them for each review would cost more than the values.
var (
	termOperation = ast.StringTerm("operation")
	termObject    = ast.StringTerm("object")
	termSources   = ast.StringTerm("sources")
	termParams    = ast.StringTerm("params")
	termPrepared  = ast.StringTerm("prepared")
	termRaw       = ast.StringTerm("raw")

	termAPIVersion = ast.StringTerm("api_version")
	termKind       = ast.StringTerm("kind")
	termNamespace  = ast.StringTerm("namespace")
	termName       = ast.StringTerm("name")
	termGroup      = ast.StringTerm("group")

	termInterval      = ast.StringTerm("interval")
	termChartInterval = ast.StringTerm("chart_interval")

	termOwn                = ast.StringTerm("own")
	termSource             = ast.StringTerm("source")
	termForm               = ast.StringTerm("form")
	termPath               = ast.StringTerm("path")
	termOrigin             = ast.StringTerm("origin")
	termURL                = ast.StringTerm("url")
	termProblem            = ast.StringTerm("problem")
	termChart              = ast.StringTerm("chart")
	termMediaType          = ast.StringTerm("media_type")
	termProvider           = ast.StringTerm("provider")
	termSecretRef          = ast.StringTerm("secret_ref")
	termCertSecretRef      = ast.StringTerm("cert_secret_ref")
	termProxySecretRef     = ast.StringTerm("proxy_secret_ref")
	termServiceAccountName = ast.StringTerm("service_account_name")
	termInsecure           = ast.StringTerm("insecure")
	termChanged            = ast.StringTerm("changed")
	termPending            = ast.StringTerm("pending")

	termRef          = ast.StringTerm("ref")
	termTag          = ast.StringTerm("tag")
	termSemver       = ast.StringTerm("semver")
	termSemverFilter = ast.StringTerm("semver_filter")
	termDigest       = ast.StringTerm("digest")
	termResolved     = ast.StringTerm("resolved")
	termRange        = ast.StringTerm("range")
	termText         = ast.StringTerm("text")
	termMalformed    = ast.StringTerm("malformed")
	termBounded      = ast.StringTerm("bounded")
	termPrereleases  = ast.StringTerm("prereleases")

	termRepository = ast.StringTerm("repository")
	termHost       = ast.StringTerm("host")
	termCloud      = ast.StringTerm("cloud")
	termSilentHTTP = ast.StringTerm("silent_http")
	termParents    = ast.StringTerm("parents")

	termVerify               = ast.StringTerm("verify")
	termTrustedRootSecretRef = ast.StringTerm("trusted_root_secret_ref")
	termIdentities           = ast.StringTerm("identities")
	termIssuer               = ast.StringTerm("issuer")
	termSubject              = ast.StringTerm("subject")

	termKeys        = ast.StringTerm("keys")
	termEntries     = ast.StringTerm("entries")
	termEntry       = ast.StringTerm("entry")
	termFingerprint = ast.StringTerm("fingerprint")

	termSignature = ast.StringTerm("signature")
	termVerified  = ast.StringTerm("verified")
	termScheme    = ast.StringTerm("scheme")
	termReason    = ast.StringTerm("reason")
	termMessage   = ast.StringTerm("message")
	termSigners   = ast.StringTerm("signers")
)

// usual are the values that most inputs have, made once for the same reason.
var usual = usualTerms("CREATE", "UPDATE",
	"source.toolkit.fluxcd.io/v1", "helm.toolkit.fluxcd.io/v2", "kustomize.toolkit.fluxcd.io/v1", flux.SourceGroup,
	"OCIRepository", "HelmRelease", "HelmRepository", "HelmChart", "Kustomization", "GitRepository",
	string(flux.FormOCIRepository), string(flux.FormHelmChart), string(flux.FormHelmRepository), string(flux.FormOther),
	"spec", "spec.chartRef", "spec.sourceRef", "spec.chart.spec", "generic", "aws", "gcp", "azure", "cosign", "notation",
	"ghcr.io", "docker.io", "1m", "5m", "10m", "30m", "1h", "cosign.pub")

func usualTerms(texts ...string) map[string]*ast.Term {
	terms := make(map[string]*ast.Term, len(texts))
	for _, text := range texts {
		terms[text] = ast.StringTerm(text)
	}
	return terms
}

func textTerm(text string) *ast.Term {
	if term, found := usual[text]; found {
		return term
	}
	return ast.StringTerm(text)
}

// fields collects the fields of an object, leaving out those that are empty or false.
type fields [][2]*ast.Term

func (f fields) text(key *ast.Term, value string) fields {
	if value == "" {
		return f
	}
	return append(f, ast.Item(key, textTerm(value)))
}

func (f fields) flag(key *ast.Term, value bool) fields {
	if !value {
		return f
	}
	return append(f, ast.Item(key, ast.InternedTerm(value)))
}

func (f fields) term(key, value *ast.Term) fields { return append(f, ast.Item(key, value)) }

func (f fields) object() *ast.Term { return ast.ObjectTerm(f...) }
