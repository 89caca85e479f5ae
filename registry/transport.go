package registry

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net/url"
	"slices"

	"github.com/fluxgate/fluxgate/flux"
)

const (
	// maxCertificates is the longest value of a key of certSecretRef that is read, in bytes: what the common bundles of
	// all public authorities have, and room for more.
	maxCertificates = 384 << 10
	// maxProxyURL is Flux's own limit (fluxcd/pkg, runtime/secrets, MaxProxyURLLength).
	maxProxyURL = 2048
)

// Transport is how a source's own Secrets change the connection to its registry. The zero value changes nothing.
type Transport struct {
	// CA holds PEM certificates of authorities that are trusted beside the others; nil adds none.
	CA []byte
	// Certificate is shown to a registry that asks for one; nil shows none.
	Certificate *tls.Certificate
	// Proxy is what the registry is reached through; nil means the administrator's proxy, if any.
	Proxy *url.URL
	// ID tells apart connections that must not be shared. It is a hash of all the rest, and empty where there is nothing.
	ID string
}

// transport reads certSecretRef and proxySecretRef (source-controller, OCIRepositoryReconciler.transport).
func (o ObjectCredentials) transport(ctx context.Context, source flux.Source) (Transport, error) {
	var t Transport
	var content []string
	if source.CertSecretRef != "" {
		name := nameOf(source, "certSecretRef", source.CertSecretRef)
		secret, err := o.secret(ctx, source, name)
		if err != nil {
			return Transport{}, err
		}
		if err := t.trust(secret); err != nil {
			return Transport{}, credentialsError(source, name.called+" "+err.Error(), errors.Unwrap(err))
		}
		content = append(content, "certificates", string(caOf(secret)), string(certificateOf(secret)), string(keyOf(secret)))
	}
	if source.ProxySecretRef != "" {
		name := nameOf(source, "proxySecretRef", source.ProxySecretRef)
		secret, err := o.secret(ctx, source, name)
		if err != nil {
			return Transport{}, err
		}
		if t.Proxy, err = proxyOf(secret); err != nil {
			return Transport{}, credentialsError(source, name.called+" "+err.Error(), nil)
		}
		content = append(content, "proxy", t.Proxy.String())
	}
	if content != nil {
		t.ID = fingerprint(content...)
	}
	return t, nil
}

// trust reads the Secret of a certSecretRef (fluxcd/pkg, runtime/secrets, TLSConfigFromSecret). Its error is a clause about
// the Secret that quotes nothing of it.
func (t *Transport) trust(secret *Secret) error {
	ca, certificate, key := caOf(secret), certificateOf(secret), keyOf(secret)
	switch {
	case max(len(ca), len(certificate), len(key)) > maxCertificates:
		return fmt.Errorf("has a key with more than %d KiB", maxCertificates>>10)
	case len(certificate) > 0 && len(key) == 0:
		return errors.New("has a certificate (tls.crt) without its key (tls.key)")
	case len(key) > 0 && len(certificate) == 0:
		return errors.New("has a key (tls.key) without its certificate (tls.crt)")
	case len(ca) == 0 && len(certificate) == 0:
		return errors.New("has neither ca.crt nor tls.crt with tls.key")
	}
	if len(ca) > 0 && !x509.NewCertPool().AppendCertsFromPEM(ca) {
		return errors.New("has no PEM certificate in ca.crt")
	}
	if len(certificate) > 0 {
		pair, err := tls.X509KeyPair(certificate, key)
		if err != nil {
			return errors.New("has no PEM certificate with its key in tls.crt and tls.key")
		}
		t.Certificate = &pair
	}
	t.CA = ca
	return nil
}

func caOf(secret *Secret) []byte          { return valueOf(secret, "ca.crt", "caFile") }
func certificateOf(secret *Secret) []byte { return valueOf(secret, "tls.crt", "certFile") }
func keyOf(secret *Secret) []byte         { return valueOf(secret, "tls.key", "keyFile") }

// valueOf returns what a key holds, or its former name, which Flux still reads.
func valueOf(secret *Secret, key, former string) []byte {
	if value := secret.Data[key]; len(value) > 0 {
		return value
	}
	return secret.Data[former]
}

// proxyOf reads the Secret of a proxySecretRef (fluxcd/pkg, runtime/secrets, ProxyURLFromSecret). Its error is as trust's.
func proxyOf(secret *Secret) (*url.URL, error) {
	address := string(secret.Data["address"])
	if address == "" {
		return nil, errors.New("has no key address")
	}
	proxy, err := url.Parse(address)
	if err != nil || len(address) > maxProxyURL || proxy.Hostname() == "" ||
		!slices.Contains([]string{"http", "https", "socks5"}, proxy.Scheme) {
		return nil, errors.New("has no URL of the form http://host:port in address; https and socks5 will do, too")
	}
	user, named := secret.Data["username"]
	password, secured := secret.Data["password"]
	switch {
	case named && secured:
		proxy.User = url.UserPassword(string(user), string(password))
	case named:
		proxy.User = url.User(string(user))
	}
	return proxy, nil
}
