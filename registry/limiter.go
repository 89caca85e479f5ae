package registry

import (
	"context"
	"sync"
)

// limiter limits what is under way at once, for each name apart. It keeps nothing about names that nobody waits for.
type limiter struct {
	most  int
	mu    sync.Mutex
	names map[string]*slots
}

type slots struct {
	taken chan struct{}
	users int // those who hold or want a slot
}

func newLimiter(most int) *limiter {
	return &limiter{most: most, names: map[string]*slots{}}
}

// acquire waits for a slot. It returns how to give it back, or ctx's error.
func (l *limiter) acquire(ctx context.Context, name string) (release func(), err error) {
	s := l.join(name)
	select {
	case s.taken <- struct{}{}:
		return func() {
			<-s.taken
			l.leave(name)
		}, nil
	case <-ctx.Done():
		l.leave(name)
		return nil, ctx.Err()
	}
}

func (l *limiter) join(name string) *slots {
	l.mu.Lock()
	defer l.mu.Unlock()
	s := l.names[name]
	if s == nil {
		s = &slots{taken: make(chan struct{}, l.most)}
		l.names[name] = s
	}
	s.users++
	return s
}

func (l *limiter) leave(name string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	s := l.names[name]
	if s.users--; s.users == 0 {
		delete(l.names, name)
	}
}
