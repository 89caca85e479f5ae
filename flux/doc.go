// Package flux knows what Flux's objects mean: which sources an object makes Flux pull, and the canonical name of each
// repository. It is pure: it reads objects, follows references through a Lookup, and never dials.
package flux
