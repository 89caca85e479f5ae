package policytest

import (
	"encoding/xml"
	"fmt"
	"io"
	"strings"

	"github.com/fluxgate/fluxgate/flux"
)

// The elements of JUnit's XML that CI systems read (https://github.com/testmoapp/junitxml).
type (
	junitSuites struct {
		XMLName xml.Name `xml:"testsuites"`
		Name    string   `xml:"name,attr"`
		junitCounts
		Suites []*junitSuite `xml:"testsuite"`
	}
	junitSuite struct {
		Name string `xml:"name,attr"`
		junitCounts
		Cases []junitCase `xml:"testcase"`
	}
	junitCounts struct {
		Tests    int     `xml:"tests,attr"`
		Failures int     `xml:"failures,attr"`
		Errors   int     `xml:"errors,attr"`
		Skipped  int     `xml:"skipped,attr"`
		Time     seconds `xml:"time,attr"`
	}
	junitCase struct {
		Name    string        `xml:"name,attr"`
		Class   string        `xml:"classname,attr"`
		File    string        `xml:"file,attr"`
		Line    int           `xml:"line,attr,omitempty"`
		Time    seconds       `xml:"time,attr"`
		Failure *junitMessage `xml:"failure"`
		Error   *junitMessage `xml:"error"`
		Skipped *struct{}     `xml:"skipped"`
	}
	junitMessage struct {
		Message string `xml:"message,attr"`
		Text    string `xml:",chardata"`
	}
	seconds float64
)

// MarshalXMLAttr writes seconds without an exponent, which not every reader knows.
func (s seconds) MarshalXMLAttr(name xml.Name) (xml.Attr, error) {
	return xml.Attr{Name: name, Value: fmt.Sprintf("%.6f", float64(s))}, nil
}

// junit writes a suite for each file. What could not be read is an error of its file, so that CI does not show it as passed.
func (r *Report) junit(w io.Writer) error {
	all := junitSuites{Name: "fluxgate test"}
	byFile := map[string]*junitSuite{}
	add := func(file string, c junitCase) {
		suite := byFile[file]
		if suite == nil {
			suite = &junitSuite{Name: flux.Printable(file)}
			byFile[file] = suite
			all.Suites = append(all.Suites, suite)
		}
		c.File, c.Class = suite.Name, suite.Name
		suite.Cases = append(suite.Cases, c)
		suite.count(c)
		all.count(c)
	}
	for _, t := range r.Tests {
		add(t.File, t.junit())
	}
	for _, wrong := range r.Unreadable {
		message := flux.Printable(wrong.Message)
		add(wrong.File, junitCase{Name: "can be read", Line: wrong.Line, Error: &junitMessage{Message: message, Text: wrong.Error()}})
	}
	if _, err := io.WriteString(w, xml.Header); err != nil {
		return err
	}
	encoder := xml.NewEncoder(w)
	encoder.Indent("", "  ")
	if err := encoder.Encode(all); err != nil {
		return err
	}
	_, err := io.WriteString(w, "\n")
	return err
}

func (t Test) junit() junitCase {
	name := t.Name
	if t.Against != "" {
		name += " (of " + t.Against + ")"
	}
	c := junitCase{Name: flux.Printable(name), Line: t.Line, Time: seconds(t.Seconds)}
	switch t.Result {
	case Pass:
	case Skip:
		c.Skipped = &struct{}{}
	default:
		var lines []string
		for _, failure := range t.Failures {
			lines = append(lines, flux.Printable(failure))
		}
		for _, why := range t.NotJudged {
			lines = append(lines, "not judged: "+flux.Printable(why))
		}
		c.Failure = &junitMessage{Message: lines[0], Text: strings.Join(lines, "\n")}
	}
	return c
}

func (n *junitCounts) count(c junitCase) {
	n.Tests++
	n.Time += c.Time
	switch {
	case c.Failure != nil:
		n.Failures++
	case c.Error != nil:
		n.Errors++
	case c.Skipped != nil:
		n.Skipped++
	}
}
