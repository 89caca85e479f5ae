package registry

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"sync/atomic"
)

// certificateAsked is the key under which the context of a request has an *atomic.Bool: whether the server of a connection that
// was opened for the request asked for a client certificate.
type certificateAsked struct{}

// certificateError is what a request got that was never answered, over a connection whose server asked for a client
// certificate. In TLS 1.3 the handshake is over for the client before the server has looked at that certificate
// (https://www.rfc-editor.org/rfc/rfc8446#section-2): whether it then reads the alert that says what is wrong, or finds
// the connection closed when it writes, is a matter of luck.
type certificateError struct{ err error }

func (e *certificateError) Error() string {
	return fmt.Sprintf("%v; before that, the server asked for a client certificate", e.err)
}

func (e *certificateError) Unwrap() error { return e.err }

// noteCertificateAsked returns a context for a request, and a function that names the request's failure after what its server
// asked for. A server that was only too slow did not refuse anything.
func noteCertificateAsked(ctx context.Context) (noting context.Context, name func(error) error) {
	var asked atomic.Bool
	noting = context.WithValue(ctx, certificateAsked{}, &asked)
	return noting, func(err error) error {
		var network net.Error
		if asked.Load() && noting.Err() == nil && (!errors.As(err, &network) || !network.Timeout()) {
			return &certificateError{err}
		}
		return err
	}
}

// showing makes config show a certificate to the servers that accept it, as tls.Config.Certificates would, and tells the
// request that was asked for one; nil shows none.
func showing(config *tls.Config, certificate *tls.Certificate) *tls.Config {
	config.GetClientCertificate = func(asked *tls.CertificateRequestInfo) (*tls.Certificate, error) {
		if flag, found := asked.Context().Value(certificateAsked{}).(*atomic.Bool); found {
			flag.Store(true)
		}
		if certificate != nil && asked.SupportsCertificate(certificate) == nil {
			return certificate, nil
		}
		return &tls.Certificate{}, nil
	}
	return config
}

// handshakeRefused reports whether the registry refused the TLS handshake, as far as can be told.
func handshakeRefused(err error) bool {
	var certificate *certificateError
	var network *net.OpError
	return errors.As(err, &certificate) || errors.As(err, &network) && network.Op == "remote error" // crypto/tls, of alerts
}
