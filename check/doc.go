// Package check is the door for files: it reads manifests, lets the gate judge each Flux object as its two webhooks would
// on creation, and reports what it said.
//
// References and the labels of namespaces are answered from the same files. OCIRepositories are judged first, and those
// that refer to them see them as they came out, with their pins: as in a cluster, where they were admitted earlier.
package check
