// Package flux knows what Flux's objects mean: which sources an object makes Flux pull, which objects refer to which, and the
// canonical name of each repository. It reads objects, follows references through a Lookup, and never dials; all that it
// keeps is a Referrers, for whoever puts objects in.
package flux
