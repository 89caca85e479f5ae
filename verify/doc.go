// Package verify says what signatures are verified with, and what comes of it. It is pure: whoever calls it has read the
// Secret, and gets back what identifies a key, never what is in the Secret. The packages below it verify, each one scheme, by
// whatever Visit they are given.
package verify
