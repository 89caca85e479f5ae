package main

import (
	"crypto/x509"
	"fmt"
	"net/netip"
	"os"
	"time"

	"github.com/spf13/pflag"

	"github.com/fluxgate/fluxgate/registry"
)

// diallingFlags say by whom registries are trusted, and which addresses may be dialled beside the usual ones.
type diallingFlags struct {
	registryCA  string
	egressAllow []string
}

// bind adds the flags. refused says which addresses are not dialled without --egress-allow.
func (f *diallingFlags) bind(flags *pflag.FlagSet, refused string) {
	flags.StringVar(&f.registryCA, "registry-ca", "", "PEM file of CAs that registries are trusted by, beside the system's")
	flags.StringArrayVar(&f.egressAllow, "egress-allow", nil,
		"addresses, as CIDR, that may be dialled although they are "+refused+" addresses; repeatable")
}

// check reports every setting that cannot be.
func (f *diallingFlags) check() error {
	_, err := f.prefixes()
	return err
}

// options are those of a client, which has timeout for each resolve.
func (f *diallingFlags) options(timeout time.Duration) (registry.Options, error) {
	roots, err := f.roots()
	if err != nil {
		return registry.Options{}, err
	}
	egress, err := f.prefixes()
	if err != nil {
		return registry.Options{}, usageError{err}
	}
	return registry.Options{Roots: roots, AllowEgress: egress, ResolveTimeout: timeout}, nil
}

// roots returns the system's certificates with those of the file; nil, which means the system's, where there is no file.
func (f *diallingFlags) roots() (*x509.CertPool, error) {
	if f.registryCA == "" {
		return nil, nil
	}
	pem, err := os.ReadFile(f.registryCA)
	if err != nil {
		return nil, inputError{fmt.Errorf("--registry-ca: %w", err)}
	}
	pool, err := x509.SystemCertPool()
	if err != nil {
		return nil, fmt.Errorf("system certificates: %w", err)
	}
	if !pool.AppendCertsFromPEM(pem) {
		return nil, inputError{fmt.Errorf("--registry-ca: %s holds no PEM certificate", f.registryCA)}
	}
	return pool, nil
}

func (f *diallingFlags) prefixes() ([]netip.Prefix, error) {
	prefixes := make([]netip.Prefix, 0, len(f.egressAllow))
	for _, text := range f.egressAllow {
		prefix, err := netip.ParsePrefix(text)
		if err != nil {
			return nil, fmt.Errorf("--egress-allow: %q is no CIDR, use one like 127.0.0.0/8", text)
		}
		prefixes = append(prefixes, prefix)
	}
	return prefixes, nil
}
