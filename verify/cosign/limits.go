package cosign

const (
	// maxSignatures is how many signatures of each of the two forms are looked at. It lets a registry.Session send all that
	// they need: two requests for a bundle, one for the payload of a legacy signature.
	maxSignatures = 256
	// maxParallel is how many signatures are fetched at once.
	maxParallel = 8
	// maxAnswer is the size of any answer, in bytes: a list of referrers, or the manifest of all legacy signatures, of which a
	// keyless one has 8 KiB. maxAnswers is that of all together. A registry.Session stops at 4 and 16 MiB.
	maxAnswer  = 3 << 20
	maxAnswers = 14 << 20
	// maxManifest is the size of the manifest of one bundle, in bytes; cosign's have less than 2 KiB.
	maxManifest = 64 << 10
	// maxBundle is the size of a bundle, in bytes; cosign's have less than 16 KiB.
	maxBundle = 256 << 10
	// maxPayload is the size of the payload of a legacy signature, in bytes; it has 300, and what its signer adds.
	maxPayload = 64 << 10
	// maxAnnotation is the size of what else belongs to a legacy signature, each, in bytes: signature, certificate, entry of
	// the transparency log.
	maxAnnotation = 64 << 10
	// maxRoot is the size of a trusted root, in bytes; the public one has 7 KiB.
	maxRoot = 512 << 10
	// maxIdentities is how many identities are compared with.
	maxIdentities = 64
	// maxQuoted is how much of an issuer or a subject is quoted, in bytes.
	maxQuoted = 256
)
