package registry

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"strings"

	"github.com/google/go-containerregistry/pkg/v1/remote/transport"
)

const maxDetail = 400

var (
	// queryOf matches the query of a URL: redirects carry signatures there, token requests accounts.
	queryOf = regexp.MustCompile(`\?[^\s"']+`)
	// userOf matches credentials in a URL.
	userOf = regexp.MustCompile(`//[^/@\s"']+@`)
)

// detail is what an error says to the log: one line of bounded length, without the body of an answer, without queries
// and credentials. It holds nothing of the error but its text, so that the cache keeps no requests and answers alive; only
// a deadline stays recognisable.
func detail(err error) error {
	text := describe(err)
	text, _, _ = strings.Cut(text, "\n") // go-containerregistry puts the answer of a token server behind the line's end
	text = userOf.ReplaceAllString(queryOf.ReplaceAllString(text, "?…"), "//…@")
	if len(text) > maxDetail {
		text = text[:maxDetail] + "…"
	}
	for _, ctxError := range []error{context.DeadlineExceeded, context.Canceled} {
		if errors.Is(err, ctxError) {
			return fmt.Errorf("%s (%w)", text, ctxError)
		}
	}
	return errors.New(text)
}

// describe is err.Error() but for errors whose text is chosen by the registry.
func describe(err error) string {
	var status *transport.Error
	if !errors.As(err, &status) {
		return err.Error()
	}
	text := fmt.Sprintf("status %d %s", status.StatusCode, http.StatusText(status.StatusCode))
	if status.Request != nil {
		where := url.URL{Scheme: status.Request.URL.Scheme, Host: status.Request.URL.Host, Path: status.Request.URL.Path}
		text = status.Request.Method + " " + where.String() + ": " + text
	}
	if len(status.Errors) > 0 {
		text += " " + quote(string(status.Errors[0].Code))
	}
	return text
}
