// Package cosign signs with the command line of cosign, as users do. `make cosign` builds it.
package cosign
