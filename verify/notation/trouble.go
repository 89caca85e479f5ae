package notation

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"

	"oras.land/oras-go/v2/errdef"
	"oras.land/oras-go/v2/registry/remote/errcode"
)

// undecided marks an error that is no verdict, on its way through oras.
type undecided struct{ error }

// trouble is what keeps an error, or its absence, from telling anything of the artifact; nil where nothing does.
func (s *search) trouble(ctx context.Context, err error) error {
	if marked := (*undecided)(nil); errors.As(err, &marked) {
		return marked.error
	}
	if failure := s.visit.Failure(); failure != nil {
		return failure
	}
	if ctx.Err() != nil {
		return fmt.Errorf("look for signatures: %w", ctx.Err())
	}
	if sent := (*url.Error)(nil); errors.As(err, &sent) { // no answer came, whatever the Visit says
		return fmt.Errorf("look for signatures: %w", err)
	}
	return nil
}

func missing(err error) bool {
	var answer *errcode.ErrorResponse
	return errors.Is(err, errdef.ErrNotFound) || errors.As(err, &answer) && answer.StatusCode == http.StatusNotFound
}
