package registry

import (
	"context"
	"io"
	"sync/atomic"
)

// body is the body of an answer: it ends with errTooLarge where the answer, or all answers of the resolve together, are
// larger than the limits, and ends its request's deadline when it is closed.
type body struct {
	inner  io.ReadCloser
	left   int64
	total  *atomic.Int64
	cancel context.CancelFunc
}

func (b *body) Read(p []byte) (int, error) {
	// One byte more than permitted tells an answer that is exactly as large as the limit from one that is larger.
	if int64(len(p)) > b.left+1 {
		p = p[:b.left+1]
	}
	n, err := b.inner.Read(p)
	b.left -= int64(n)
	if b.left < 0 || b.total.Add(int64(n)) > maxBytes {
		return 0, errTooLarge
	}
	return n, err
}

func (b *body) Close() error {
	defer b.cancel()
	return b.inner.Close()
}
