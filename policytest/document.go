package policytest

import (
	"encoding/json"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// The limits of one document.
const (
	maxCases = 1000
	// maxWith is the number of objects beside the one that is judged.
	maxWith = 1000
	// maxName is the longest name of a case, in bytes.
	maxName = 200
)

// document is a PolicyTest as it is written.
type document struct {
	APIVersion string `json:"apiVersion"`
	Kind       string `json:"kind"`
	// Policies are paths of SourcePolicies and PolicyExceptions, seen from the document's folder.
	Policies []string `json:"policies"`
	// Now is when the cases happen: exceptions end, and enforceFrom comes. Absent, it is the time of the run.
	Now   *metav1.Time  `json:"now,omitempty"`
	Cases []writtenCase `json:"cases"`
}

// writtenCase is one thing that happens.
type writtenCase struct {
	// Name is a sentence, and the name of the test.
	Name   string          `json:"name"`
	Object json.RawMessage `json:"object"`
	// With are other objects of the cluster: what Object refers to, Namespaces with their labels, exceptions.
	With []json.RawMessage `json:"with,omitempty"`
	// Operation is CREATE, which is the default, or UPDATE of Old.
	Operation string          `json:"operation,omitempty"`
	Old       json.RawMessage `json:"old,omitempty"`
	Facts     writtenFacts    `json:"facts,omitempty"`
	Expect    expectation     `json:"expect"`
}

// writtenFacts are what the world outside of the cluster says.
type writtenFacts struct {
	// Resolved says what a registry answers for a repository and the tag or range behind a colon: a digest, a tag and a
	// digest, or the class of an error. Of what is not listed, nobody is asked.
	Resolved map[string]string `json:"resolved,omitempty"`
	// Signatures says who signed the artifact of a repository and a digest behind an @. Of what is not listed, nobody is asked.
	Signatures map[string]signedFact `json:"signatures,omitempty"`
}

// expectation is what is to come of a case.
type expectation struct {
	// Verdict is allow, warn, deny or error.
	Verdict string `json:"verdict"`
	// Violations are all that are found, in any order. Absent, there are none.
	Violations []Violation `json:"violations,omitempty"`
	// Pins are all digests that are written. Absent, any may be.
	Pins []Pin `json:"pins,omitempty"`
}

// Violation is a violation that a case expects or finds.
type Violation struct {
	Policy string `json:"policy"`
	Rule   string `json:"rule"`
	// Action is Deny, Warn, Audit, or Skip where an exception covers it.
	Action string `json:"action"`
	Path   string `json:"path"`
	// Message is a part of the message; empty is a part of every one.
	Message string `json:"message,omitempty"`
}

// Pin is a digest that a case expects to be written, or that is.
type Pin struct {
	Path   string `json:"path"`
	Digest string `json:"digest"`
	// Dry: a policy in Audit only reports it.
	Dry bool `json:"dry,omitempty"`
}
