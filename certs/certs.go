package certs

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"sync/atomic"
	"time"

	"k8s.io/apimachinery/pkg/util/validation"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

// Options say whose certificate is kept, and where.
type Options struct {
	// Client reads and writes live. A manager's caching client will not do: it lists and watches, and Fluxgate's role
	// permits neither for Secrets.
	Client client.Client
	// Namespace and Secret name where the key pairs are kept; both required.
	Namespace, Secret string
	// Names are the DNS names and IP addresses of the serving certificate; at least one. See ServiceNames.
	Names []string
	// Configurations are the names of the webhook configurations that get the bundle. Of each name there must be at
	// least one, mutating or validating; where there are both, both get it.
	Configurations []string
	// Now is the clock; nil is time.Now.
	Now func() time.Time
	// Interval is the time between two rounds of Run; zero is 15 seconds: a bundle that someone reset is put back that
	// soon, for a handful of reads.
	Interval time.Duration
	// Settle is how long a leaf of a CA that is new to this process waits while the old one is still good; zero is 10 seconds.
	Settle time.Duration
}

// Certs keeps one serving certificate. Its zero value is of no use; see New.
type Certs struct {
	options Options
	served  atomic.Pointer[leaf]
	// arrival is the CA that this process saw published last, and when it first did.
	arrival struct {
		authority *x509.Certificate
		at        time.Time
	}
}

// leaf is a serving certificate and the CA that signed it.
type leaf struct {
	tls.Certificate
	authority *x509.Certificate
}

// New checks the options. It touches no cluster.
func New(options Options) (*Certs, error) {
	switch {
	case options.Client == nil:
		return nil, errors.New("certs: a client is required")
	case options.Namespace == "" || options.Secret == "":
		return nil, errors.New("certs: namespace and name of the Secret are required")
	case len(options.Names) == 0:
		return nil, errors.New("certs: at least one DNS name or IP address is required")
	case len(options.Configurations) == 0:
		return nil, errors.New("certs: at least one webhook configuration is required")
	}
	for _, name := range options.Names {
		if net.ParseIP(name) == nil && len(validation.IsDNS1123Subdomain(name)) > 0 {
			return nil, fmt.Errorf("certs: %q is neither a lower-case DNS name nor an IP address", name)
		}
	}
	if options.Now == nil {
		options.Now = time.Now
	}
	if options.Interval == 0 {
		options.Interval = 15 * time.Second
	}
	if options.Settle == 0 {
		options.Settle = 10 * time.Second
	}
	return &Certs{options: options}, nil
}

// ServiceNames are the names by which an API server calls a Service.
func ServiceNames(service, namespace string) []string {
	name := service + "." + namespace + ".svc"
	return []string{name, name + ".cluster.local"}
}
