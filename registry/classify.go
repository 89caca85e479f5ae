package registry

import (
	"context"
	"crypto/tls"
	"encoding/json"
	"errors"
	"net"
	"net/http"
	"net/url"
	"strings"

	"github.com/google/go-containerregistry/pkg/authn"
	"github.com/google/go-containerregistry/pkg/v1/remote/transport"

	"github.com/fluxgate/fluxgate/flux"
)

// failure makes an *Error of whatever kept p from an answer.
func (p *plan) failure(err error) *Error {
	class := p.classify(err)
	return &Error{Class: class, Reference: reference(p.source), Advice: advice(class, err), Cause: causeOf(err), Err: detail(err)}
}

// classify tells the class of an error: our own first, then what a registry said, then what the network did. What
// remains comes from go-containerregistry's reading of an answer.
func (p *plan) classify(err error) Class {
	var refused *refusedError
	var proxy *proxyError
	var status *transport.Error
	var timeout net.Error
	switch {
	case errors.As(err, &refused), refusedByLibrary(err):
		return ClassRefused
	case errors.As(err, &proxy) && proxy.status == http.StatusProxyAuthRequired:
		return ClassUnauthorized
	case errors.Is(err, errNoVersion):
		return ClassNoMatch
	case errors.Is(err, errTooLarge), errors.Is(err, errTooMany), errors.Is(err, errTooManyRequests), errors.Is(err, errRedirects), errors.Is(err, errAnswer):
		return ClassMalformed
	case errors.As(err, &status):
		return p.classifyStatus(status)
	case errors.Is(err, context.DeadlineExceeded), errors.Is(err, context.Canceled),
		errors.As(err, &timeout) && timeout.Timeout():
		return ClassTimeout
	case unreadable(err):
		return ClassMalformed
	case unreachable(err):
		return ClassUnreachable
	default:
		return ClassMalformed
	}
}

func (p *plan) classifyStatus(status *transport.Error) Class {
	switch code := status.StatusCode; {
	case code == http.StatusUnauthorized, code == http.StatusForbidden:
		return ClassUnauthorized
	case code == http.StatusTooManyRequests:
		return ClassRateLimited
	case code >= http.StatusInternalServerError:
		return ClassUnreachable
	case code == http.StatusNotFound && p.asksForRepository(status.Request):
		return ClassNotFound
	default:
		return ClassMalformed
	}
}

// asksForRepository tells a repository that is not found from a token server, or a whole registry API, that is not.
func (p *plan) asksForRepository(req *http.Request) bool {
	for req != nil && req.Response != nil {
		req = req.Response.Request // the request that was redirected
	}
	return req != nil && strings.HasPrefix(req.URL.Path, "/v2/"+p.repository.RepositoryStr()+"/")
}

// refusedByLibrary recognises go-containerregistry's own refusals to go to addresses (transport, validateRealmURL;
// remote, checkRedirectSSRF), which have no type.
func refusedByLibrary(err error) bool {
	text := err.Error()
	return strings.Contains(text, "private or link-local address") || strings.Contains(text, "SSRF protection:") ||
		strings.Contains(text, "not allowed for a secure registry; use https")
}

func unreadable(err error) bool {
	var syntax *json.SyntaxError
	var shape *json.UnmarshalTypeError
	return errors.As(err, &syntax) || errors.As(err, &shape)
}

// unreachable holds for what http.Client itself reports (*url.Error), and for a connection lost while reading. An
// answer that breaks off is neither.
func unreachable(err error) bool {
	var request *url.Error
	var network net.Error
	return errors.As(err, &request) || errors.As(err, &network)
}

// advice is one clause for users; it must not tell what is where in the network.
func advice(class Class, err error) string {
	var certificate *tls.CertificateVerificationError
	var proxy *proxyError
	var refused *refusedError
	switch {
	case class == ClassUnauthorized && errors.As(err, &proxy):
		return "the proxy of its proxySecretRef asks for a login; username and password are missing or not good"
	case class == ClassUnreachable && errors.As(err, &proxy):
		return "the proxy of its proxySecretRef does not let it through"
	case class == ClassUnreachable && errors.As(err, &certificate):
		return "its certificate is not trusted"
	case class == ClassUnreachable && handshakeRefused(err):
		return "it refuses the handshake; it may ask for a client certificate (tls.crt and tls.key of certSecretRef), or for another one"
	case class == ClassUnreachable:
		return "it cannot be reached, or is in trouble; try again later"
	case class == ClassTimeout:
		return "the registry did not answer in time"
	case class == ClassNotFound:
		return "the tag or the repository does not exist"
	case class == ClassRefused && errors.As(err, &refused) && refused.proxy:
		return "the proxy of its proxySecretRef is at a private or reserved address; an administrator can permit the address"
	case class == ClassRefused:
		return "the host, or one that it refers to, is at a private or reserved address or asks for plain http; " +
			"an administrator can permit the address"
	case class == ClassNoMatch:
		return "no tag satisfies ref.semver and ref.semverFilter"
	case class == ClassRateLimited:
		return "try again later, or use credentials with a higher limit"
	case class == ClassMalformed:
		return "it did not answer as a registry does"
	}
	return ""
}

// refusedLogin says whose login a registry refused, so that whoever is told of it hears of his own source.
type refusedLogin int

const (
	notAboutLogin    refusedLogin = iota // it is about something else
	anonymouslyAsked                     // there was none
	askedWithLogin
)

// refused notes that the registry refused a login. Where its proxy did, that is said already.
func (e *Error) refused(source flux.Source, auth authn.Authenticator) {
	if e.Class != ClassUnauthorized || e.Advice != "" {
		return
	}
	e.login = askedWithLogin
	if auth == authn.Anonymous {
		e.login = anonymouslyAsked
	}
	e.Advice = loginAdvice(source, e.login)
}

// told says a failure in the words of p's source, and with nothing of the source that was asked for: what came of one is
// remembered for all that have the same login.
func (p *plan) told(failure *Error) *Error {
	told := *failure
	told.Reference = reference(p.source)
	switch {
	case told.login != notAboutLogin:
		told.Advice = loginAdvice(p.source, told.login)
	case p.source.Origin == nil:
	case told.Class == ClassIdentity: // the advice for a cloud's login names the ServiceAccount, see cloudKeychain
		told.Advice = "the cloud gave no login"
	case told.Class == ClassTimeout:
		told.Advice = advice(ClassTimeout, nil)
	}
	return &told
}

// loginAdvice names what to look at; registries also answer so where the repository does not exist.
func loginAdvice(source flux.Source, login refusedLogin) string {
	switch {
	case login == askedWithLogin:
		return "the repository does not exist, or the credentials are not good for it"
	case source.SecretRef != "":
		return "the repository does not exist, or needs credentials; its secretRef has none for this registry"
	case source.ServiceAccountName != "":
		return "the repository does not exist, or needs credentials; its ServiceAccount has none for this registry"
	default:
		return "the repository does not exist, or needs credentials"
	}
}
