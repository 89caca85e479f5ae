// Package pin decides what happens to the digest of a source: it is kept, resolved anew, restored or taken out.
//
// A record in an annotation names the digest that Fluxgate wrote and the inputs that it was resolved from. The record
// claims ownership and is never evidence: it says only which digests Fluxgate may move, not that any digest is good.
// Without it a digest that a webhook wrote would outlive its tag: server-side apply leaves fields that nobody owns in
// place, so a new tag would stand beside the old digest, and the digest would win (source-controller, getArtifactRef).
//
// The package is pure: it neither resolves nor judges.
package pin
