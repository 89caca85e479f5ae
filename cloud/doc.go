// Package cloud gets logins at the registries of AWS, Azure and Google Cloud in exchange for an identity, by the providers
// that Flux itself uses (github.com/fluxcd/pkg/auth): Fluxgate's own identity, which its pod has from the cloud, or that of
// a ServiceAccount, for which the API server issues a token.
//
// A login is remembered until most of its life is over, under a hash of the identity and of the registry that it is good
// for; a failure for a few seconds. Equal questions are asked once. Nothing here dials a registry but Azure's, whose login
// is exchanged at the registry itself, through the egress guard (azure.go). Flux's library makes the HTTP clients of all other
// requests, which go to the clouds' own names and to the metadata service of the node.
package cloud
