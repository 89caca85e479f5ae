// Package trustroot keeps the trusted root that keyless signatures are verified against: the authorities and logs of a
// sigstore. It comes from a file, which is read again every minute, or by TUF from a repository that an administrator names,
// which is asked once a day. Nobody is asked who was not named: without either there is none, and keyless signatures cannot
// be verified.
package trustroot
