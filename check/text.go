package check

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/fluxgate/fluxgate/flux"
	"github.com/fluxgate/fluxgate/policy"
)

// Style says how text looks.
type Style int

// The styles.
const (
	Plain  Style = iota
	Colour       // ANSI colours, for a terminal
)

// text shows every object about which there is something to say, and the summary last.
func (r *Report) text(style Style) string {
	var b strings.Builder
	for _, result := range r.Results {
		if lines := result.lines(); len(lines) > 0 {
			fmt.Fprintf(&b, "%s: %s\n", result.Object.title(), style.decision(result.Decision))
			for _, line := range lines {
				fmt.Fprintf(&b, "  %s\n", line)
			}
			b.WriteByte('\n')
		}
	}
	b.WriteString(r.Summary.text())
	return b.String()
}

// title is "file: Kind namespace/name". All of it comes from files that may be anybody's.
func (o Object) title() string {
	name := o.Name
	if name == "" {
		name = o.GenerateName + "*"
	}
	return flux.Printable(fmt.Sprintf("%s: %s %s/%s", o.File, o.Kind, o.Namespace, name))
}

func (r Result) lines() []string {
	var lines []string
	add := func(format string, args ...any) { lines = append(lines, flux.Printable(fmt.Sprintf(format, args...))) }
	for _, v := range r.Violations {
		add("%s", v.text())
	}
	for _, n := range r.NotJudged {
		add("not judged%s %s: %s", inPolicy(n.Policy), n.Path, n.Message)
		if n.Detail != "" {
			add("  because %s", n.Detail)
		}
	}
	for _, p := range r.Pins {
		add("%s %s: %s is %s", p.verb(), p.Path, p.From, p.Digest)
	}
	for _, n := range r.Notes {
		add("note %s: %s", n.Path, n.Message)
	}
	return lines
}

// text is what the webhook says of the violation.
func (v Violation) text() string {
	said := policy.Violation{Policy: v.Policy, Rule: v.Rule, Path: v.Path, Message: v.Message, Remediation: v.Remediation}
	if e := v.Exception; e != nil {
		said.Exception = &policy.Exception{Namespace: e.Namespace, Name: e.Name, Reason: e.Reason, Until: e.Until}
	}
	return fmt.Sprintf("%s %s", strings.ToLower(v.Action), said.Skipped())
}

func inPolicy(policy string) string {
	if policy == "" {
		return ""
	}
	return " [" + policy + "]"
}

func (p Pin) verb() string {
	if p.Dry {
		return "would pin"
	}
	return "pin"
}

func (s Summary) text() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s judged: %d allowed, %d warned, %d denied, %d could not be judged\n",
		plural(s.Objects, "object"), s.Allow, s.Warn, s.Deny, s.Error)
	line := func(n int, what, rest string) {
		if n > 0 {
			fmt.Fprintf(&b, "%s %s\n", plural(n, what), rest)
		}
	}
	line(s.BadObjects, "object", "cannot be what it says it is: mend it first")
	line(s.Unmatched, "object", "passed because no policy matches")
	line(s.Excepted, "violation", "skipped because of an exception")
	line(s.Offline, "object", "not judged in full: --offline asks no registry")
	line(s.NamespaceAssumed, "object", "without metadata.namespace judged as if in the one of --namespace")
	if names := s.MissingNamespaces; len(names) > 0 {
		fmt.Fprintf(&b, "%s without a Namespace object in the files, so judged without its labels: %s\n",
			plural(len(names), "namespace"), flux.Printable(strings.Join(names, ", ")))
	}
	b.WriteString(s.OwnSummary.text())
	line(s.PassedOver, "document", "passed over: no Kubernetes object")
	line(s.Unreadable, "part", "of the input could not be read")
	return b.String()
}

func plural(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return strconv.Itoa(n) + " " + what + "s"
}

// decision gives the decision in capitals where it needs attention.
func (s Style) decision(decision string) string {
	colours := map[string]string{"deny": "\x1b[31m", "error": "\x1b[35m", "warn": "\x1b[33m", "allow": "\x1b[32m"}
	shown := decision
	if decision != "allow" {
		shown = strings.ToUpper(decision)
	}
	if s != Colour {
		return shown
	}
	return colours[decision] + shown + "\x1b[0m"
}
