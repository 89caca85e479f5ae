// Package signing signs artifacts in the registries of registrytest, by the libraries of sigstore and cosign: with keys and
// keyless, as bundles and as legacy signatures. An Authority is a private sigstore of one process: it certifies identities, logs
// what they sign, and is trusted by its trusted root.
package signing
