package distribution

import (
	"fmt"
	"os"
	"regexp"
	"strconv"
	"strings"
)

// Request is a request that the registry answered, as its access log has it.
type Request struct {
	Method, Path string // Path with its query
	Status       int
}

// String is short enough for a table of tests: "HEAD /v2/acme/app/manifests/v1 200".
func (r Request) String() string { return fmt.Sprintf("%s %s %d", r.Method, r.Path, r.Status) }

// combined is the head of a line of the Combined Log Format (https://httpd.apache.org/docs/2.4/logs.html#combined).
func combined() *regexp.Regexp {
	return regexp.MustCompile(`^\S+ - \S+ \[[^\]]*\] "(\S+) (\S+) [^"]*" (\d{3}) `)
}

// Requests returns all requests to a place or below it ("/v2/acme/app"), oldest first. A request is logged just after it was
// answered, so poll for one that is expected.
func (r *Registry) Requests(place string) ([]Request, error) {
	text, err := os.ReadFile(r.accessLog())
	if err != nil {
		return nil, err
	}
	var found []Request
	format := combined()
	for line := range strings.Lines(string(text)) {
		if !strings.HasSuffix(line, "\n") {
			break // it is still being written
		}
		fields := format.FindStringSubmatch(line)
		if fields == nil {
			return nil, fmt.Errorf("the access log has a line of another format: %q", line)
		}
		rest, below := strings.CutPrefix(fields[2], place)
		if !below || (rest != "" && !strings.HasPrefix(rest, "/") && !strings.HasPrefix(rest, "?")) {
			continue
		}
		status, err := strconv.Atoi(fields[3])
		if err != nil {
			return nil, err
		}
		found = append(found, Request{Method: fields[1], Path: fields[2], Status: status})
	}
	return found, nil
}
