package policy

import (
	"fmt"
	"time"
)

// Action says what a violation leads to.
type Action string

// The actions, strictest first.
const (
	Deny  Action = "Deny"
	Warn  Action = "Warn"
	Audit Action = "Audit"
	// Skip is the action of a violation that an exception covers. No policy can ask for it.
	Skip Action = "Skip"
)

// Violation is one rule that one source (or the object) breaks, under one policy.
type Violation struct {
	Policy string
	// Rule is the kebab-case name; stable, shared by CLI, webhook, metrics and reports.
	Rule   string
	Action Action
	// Path is the JSON path in the judged object.
	Path string
	// Message says what is wrong, Remediation the exact change that would pass. Neither repeats Path: it is for the
	// reader to write "path: message; remediation". Both are one line of printable characters, whatever the object holds.
	Message     string
	Remediation string
	// Source is the index of the source in Review.Sources; -1 where the violation is of the whole object.
	Source int
	// Exception covers the violation; nil unless Action is Skip.
	Exception *Exception
	// Bypassed: the user holds the verb bypass on the policy, so that a Deny became a Warn.
	Bypassed bool
}

// String is one line for users: "[policy/rule] path: message; remediation". By the rule's name they can look it up.
func (v Violation) String() string {
	text := "[" + v.Policy + "/" + v.Rule + "] " + v.Path + ": " + v.Message
	if v.Remediation != "" {
		text += "; " + v.Remediation
	}
	return text
}

// Skipped is one line for users about a violation that an exception covers: "[policy/rule] path: skipped by exception
// namespace/name until 2026-12-31T00:00:00Z: reason". Of any other violation it is String.
func (v Violation) Skipped() string {
	e := v.Exception
	if e == nil {
		return v.String()
	}
	return fmt.Sprintf("[%s/%s] %s: skipped by exception %s until %s: %s",
		v.Policy, v.Rule, v.Path, e, e.Until.UTC().Format(time.RFC3339), e.Reason)
}
