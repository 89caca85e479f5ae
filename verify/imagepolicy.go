package verify

// ImagePolicy is a ClusterImagePolicy that has been read.
type ImagePolicy interface {
	// Name is that of the object.
	Name() string
	// ID is a hash of everything that decides its verdict.
	ID() string
}
