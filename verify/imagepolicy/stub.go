package imagepolicy

import (
	"context"
	"errors"

	"github.com/fluxgate/fluxgate/registry"
	"github.com/fluxgate/fluxgate/verify"
)

// Parse is to come.
func Parse(context.Context, []byte, registry.SecretReader) (verify.ImagePolicy, error) {
	return nil, errors.New("not yet")
}
