// Package diagnose walks the steps that Flux's source-controller walks to pull what an OCIRepository names, and says which one
// fails and what to do.
//
// The steps are in Flux's order, but for two things: what Flux finds out in one request (that a registry answers, that it takes
// the login, that the tag is there) is told apart here; and Flux verifies before it reads the manifest, which is cheaper here to do
// first. A step that fails ends the walk; what comes after it is skipped.
//
//	url          the url names one repository (flux.ParseRepository)
//	credentials  the Secrets and the ServiceAccount that the object names are there and well-formed
//	reach        name, address, connection, TLS, and whether it answers as a registry
//	auth         the login is accepted
//	ref          the digest, semver range or tag names an artifact
//	manifest     it is an image with the layer that Flux takes
//	signature    it is signed as the verify block demands
//
// Registries are asked through package registry, within the limits of a review and through its egress guard. What a step says is
// a class and a remedy; what is behind a failure (addresses, statuses) is in Step.Because, for those who ask for it: whoever
// diagnoses does so on his own machine and with his own rights, but reports are pasted into tickets.
package diagnose
