package registry

import (
	"crypto/tls"
	"errors"
	"net"
	"net/http"

	"github.com/google/go-containerregistry/pkg/v1/remote/transport"
)

// Cause is what is known of a failure beyond its class, to choose a remedy by. It is for those who ask registries from their
// own machine: a webhook shows the class only.
type Cause string

// The causes. Most failures have none: their class says enough.
const (
	CauseName        Cause = "name"        // no address was found for the host
	CauseCertificate Cause = "certificate" // the certificate of the registry is not trusted, or is not for the host
	CauseHandshake   Cause = "handshake"   // the registry refuses the TLS handshake
	CauseProxy       Cause = "proxy"       // the proxy of the source does not let it through, or may not be dialled
	CauseProxyLogin  Cause = "proxy-login" // the proxy of the source asks for a login
	CauseLogin       Cause = "login"       // status 401, of the registry or of its token server
	CauseForbidden   Cause = "forbidden"   // status 403
	CauseServer      Cause = "server"      // status 500 and above
	CauseRedirects   Cause = "redirects"   // too many of them
	CauseLimit       Cause = "limit"       // an answer, or a list, that is larger than what is read
)

func causeOf(err error) Cause {
	var proxy *proxyError
	var refused *refusedError
	var status *transport.Error
	var name *net.DNSError
	var certificate *tls.CertificateVerificationError
	switch {
	case errors.As(err, &proxy) && proxy.status == http.StatusProxyAuthRequired:
		return CauseProxyLogin
	case errors.As(err, &proxy), errors.As(err, &refused) && refused.proxy:
		return CauseProxy
	case errors.As(err, &status):
		return causeOfStatus(status.StatusCode)
	case errors.As(err, &name):
		return CauseName
	case errors.As(err, &certificate):
		return CauseCertificate
	case handshakeRefused(err):
		return CauseHandshake
	case errors.Is(err, errRedirects):
		return CauseRedirects
	case errors.Is(err, errTooLarge), errors.Is(err, errTooMany), errors.Is(err, errTooManyRequests):
		return CauseLimit
	}
	return ""
}

func causeOfStatus(code int) Cause {
	switch {
	case code == http.StatusUnauthorized:
		return CauseLogin
	case code == http.StatusForbidden:
		return CauseForbidden
	case code >= http.StatusInternalServerError:
		return CauseServer
	}
	return ""
}
