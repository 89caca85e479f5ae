package diagnose

import (
	"fmt"
	"strings"

	"github.com/fluxgate/fluxgate/registry"
)

// explain says what is wrong where a registry did not answer as it should, and what to do, for each class.
func (w *walk) explain(step string, failure *registry.Error) (wrong, remedy string) {
	if step == Auth && w.login == ofCloud && failure.Cause == "" {
		return inHalves(failure.Advice) // it tells the cloud from the registry, and names the ServiceAccount
	}
	switch failure.Class {
	case registry.ClassUnreachable:
		return w.unreachable(failure.Cause)
	case registry.ClassTimeout:
		return "no answer in time",
			"try again; if it stays, is the port open from here, or is a proxy needed (spec.proxySecretRef, HTTPS_PROXY)?"
	case registry.ClassUnauthorized:
		return w.unauthorized(failure.Cause)
	case registry.ClassRateLimited:
		return "the registry asks for a pause (429)", "wait, and try again; a login (spec.secretRef) usually has a higher limit"
	case registry.ClassMalformed:
		return w.malformed(failure.Cause)
	case registry.ClassRefused:
		return w.addressRefused(step, failure.Cause)
	case registry.ClassNotFound:
		return w.notFound(step)
	case registry.ClassNoMatch:
		return fmt.Sprintf("no tag satisfies spec.ref.semver %q%s", w.source.Ref.Semver, filtered(w.source.Ref.SemverFilter)),
			"widen the range; a pre-release counts only where the range names one, as in >=1.0.0-0; " + w.listing()
	default:
		return inHalves(failure.Advice)
	}
}

// inHalves divides the advice of package registry into what is wrong and what to do.
func inHalves(advice string) (wrong, remedy string) {
	wrong, remedy, _ = strings.Cut(advice, "; ")
	return wrong, remedy
}

func filtered(filter string) string {
	if filter == "" {
		return ""
	}
	return fmt.Sprintf(" and spec.ref.semverFilter %q", filter)
}

func (w *walk) unreachable(cause registry.Cause) (wrong, remedy string) {
	host := w.source.Repository.Host
	switch {
	case cause == registry.CauseName:
		return "no address was found for " + host + ", or for a host that it sends to",
			"check the host in spec.url; a name that only the cluster knows cannot be found from elsewhere"
	case cause == registry.CauseCertificate && w.login == borrowed && w.source.CertSecretRef != "":
		return "the certificate of the registry is not trusted here, or is not for its host; -v says why",
			"add " + w.secret("certSecretRef", w.source.CertSecretRef) + " to the file, or give its ca.crt by --registry-ca"
	case cause == registry.CauseCertificate:
		return "the certificate of the registry is not trusted, or is not for its host; -v says why",
			"put the certificate of its authority under the key ca.crt into " + w.secret("certSecretRef", w.source.CertSecretRef)
	case cause == registry.CauseHandshake:
		return "the registry refuses the TLS handshake; it may ask for a client certificate, or for another one",
			"put a client certificate that it accepts and its key under the keys tls.crt and tls.key into " +
				w.secret("certSecretRef", w.source.CertSecretRef)
	case cause == registry.CauseProxy:
		return "the proxy of spec.proxySecretRef does not let it through",
			"let the proxy permit " + host + ", or write another one under the key address into " +
				w.secret("proxySecretRef", w.source.ProxySecretRef)
	case cause == registry.CauseServer:
		return "the registry is in trouble: it answers with a server error", "try again later, or ask whoever runs it; -v has the status"
	}
	return "no connection, or one that breaks off",
		"is " + host + " right, and up, and its port open from here, or is a proxy needed (spec.proxySecretRef, HTTPS_PROXY)? -v says more"
}

func (w *walk) unauthorized(cause registry.Cause) (wrong, remedy string) {
	repository := w.source.Repository
	switch {
	case cause == registry.CauseProxyLogin:
		return "the proxy of spec.proxySecretRef asks for a login (407)",
			"write what it accepts under the keys username and password into " + w.secret("proxySecretRef", w.source.ProxySecretRef)
	case w.login == noEntry:
		return fmt.Sprintf("%s asks for a login, and %s has none for it", repository.Host, w.loginSecret()),
			fmt.Sprintf("add an entry %q under auths to the key .dockerconfigjson of %s", repository.Host, w.loginSecret())
	case w.login == anonymous:
		return "the registry asks for a login, and the object has none; or the repository does not exist",
			"check spec.url; for a private repository, " + w.create("secretRef") + ", and name it in spec.secretRef"
	case cause == registry.CauseForbidden:
		return fmt.Sprintf("%s may not pull (403), or the repository does not exist", w.whoseLogin()),
			fmt.Sprintf("check spec.url, and let that login read %s", repository)
	}
	return fmt.Sprintf("%s is not accepted (401), or the repository does not exist", w.whoseLogin()), "check spec.url, and " + w.renew()
}

// renew says how the login that was not accepted is mended.
func (w *walk) renew() string {
	switch w.login {
	case borrowed:
		return "log in: docker login " + w.source.Repository.Host
	case ofCloud:
		return "what the cloud lets " + w.named("ServiceAccount", w.source.ServiceAccountName) + " do"
	}
	return fmt.Sprintf("the user and the password of the entry for %s in the key .dockerconfigjson of %s", w.source.Repository.Host, w.loginSecret())
}

func (w *walk) malformed(cause registry.Cause) (wrong, remedy string) {
	switch cause {
	case registry.CauseRedirects:
		return "the answer redirects again and again", "ask whoever runs the registry, or the proxy before it"
	case registry.CauseLimit:
		return "the answer is larger than what is read", "is the url that of a registry, and the artifact's manifest below 4 MiB? a repository may have 100,000 tags"
	}
	return "the answer is not that of a registry, or contradicts itself",
		"is spec.url that of a registry? a proxy or a portal may answer in its place; -v says more"
}

func (w *walk) addressRefused(step string, cause registry.Cause) (wrong, remedy string) {
	const permit = "where that is right, --egress-allow permits the address here; reviews dial a private one where an allow-list names " +
		"the repository, and any other with --egress-allow of fluxgate serve"
	switch {
	case cause == registry.CauseProxy:
		return "the proxy of spec.proxySecretRef is at a private or reserved address, so it was not dialled",
			"where that is right, --egress-allow permits the address, here and for fluxgate serve"
	case step == Reach:
		return w.source.Repository.Host + ", or a host that it sends to, is at a private or reserved address or asks for plain http, so it was not dialled",
			"check the host in spec.url; " + permit
	}
	return "the registry sends, by a redirect or for a token, to a private or reserved address or to plain http, which was not dialled", permit
}

func (w *walk) notFound(step string) (wrong, remedy string) {
	ref := w.source.Ref
	switch {
	case step == Manifest && ref.Digest == "":
		return "the artifact went away while it was looked at", "try again"
	case step == Manifest:
		return "the artifact of that digest is not in " + w.source.Repository.String(),
			"it may have been deleted, or be of another repository: check spec.ref.digest and spec.url; " + w.listing()
	case ref.Semver != "":
		return "the repository does not exist", "check spec.url"
	case ref.Tag == "":
		return "the tag latest, which a missing spec.ref means, or the repository does not exist", "write a tag into spec.ref.tag; " + w.listing()
	}
	return fmt.Sprintf("the tag %s or the repository does not exist", ref.Tag), "check spec.ref.tag and spec.url; " + w.listing()
}

func (w *walk) listing() string {
	return "flux list artifacts oci://" + w.source.Repository.String() + " shows what is there"
}
