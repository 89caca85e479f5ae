// Package verify reads the material that signatures are verified with. It is pure: whoever calls it has read the Secret, and
// gets back what identifies a key, never what is in the Secret.
package verify
