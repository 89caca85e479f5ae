package registrytest

import "crypto/tls"

// RequireCertificate makes a host name ask for a client certificate that the Registry's authority signed.
func (r *Registry) RequireCertificate(name string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.mutual[name] = true
}

// MustIssue returns a client certificate of the Registry's authority with its key, in PEM.
func (r *Registry) MustIssue(t TB, name string) (certificate, key []byte) {
	t.Helper()
	certificate, key, err := r.authority.IssueClient(name)
	if err != nil {
		t.Fatalf("issue a client certificate: %v", err)
	}
	return certificate, key
}

func (r *Registry) tlsConfig(certificate tls.Certificate) *tls.Config {
	plain := &tls.Config{Certificates: []tls.Certificate{certificate}, MinVersion: tls.VersionTLS12}
	mutual := plain.Clone()
	mutual.NextProtos = []string{"h2", "http/1.1"} // which net/http adds to the other
	mutual.ClientAuth, mutual.ClientCAs = tls.RequireAndVerifyClientCert, r.authority.Pool()
	plain.GetConfigForClient = func(hello *tls.ClientHelloInfo) (*tls.Config, error) {
		r.mu.Lock()
		defer r.mu.Unlock()
		if r.mutual[hello.ServerName] {
			return mutual, nil
		}
		return nil, nil
	}
	return plain
}
