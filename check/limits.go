package check

// The limits of what is read, against input that is larger in memory than any that a cluster would take.
const (
	// maxFile bounds a file, or standard input: a whole cluster's rendered manifests fit.
	maxFile = 64 << 20
	// maxDocument bounds one document; the API server takes requests of up to 3 MiB, lists may be larger.
	maxDocument = 8 << 20
	// maxDocuments bounds the documents of all files together, and the objects in their lists.
	maxDocuments = 100_000
)
