// Package reload keeps the policies and exceptions in force: those of files, which never change, and those of the cluster,
// which come and go.
//
// A policy is compiled when it changes, alone, and becomes part of the set whole or not at all: a review takes one set and
// keeps it to its end. Where the present spec of a policy cannot be read, the last good one stays in force: the one that this
// process saw, else the one that the policy's status keeps. Where there is none, the policy is broken: it still says whom it
// matches, and its objects are undecided. So all replicas judge alike, those that have just started too.
//
// It knows no API server: package cluster tells it what there is, and writes down what came of it.
package reload
