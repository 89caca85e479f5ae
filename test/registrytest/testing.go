package registrytest

// TB is the part of testing.TB that the helpers need; it keeps package testing out of programs.
type TB interface {
	Helper()
	Fatalf(format string, args ...any)
	Cleanup(func())
}

// Start is New for tests: it fails the test instead of returning an error, and stops the registry at its end.
func Start(t TB, hosts ...string) *Registry {
	t.Helper()
	r, err := New(hosts...)
	if err != nil {
		t.Fatalf("start the registry: %v", err)
	}
	t.Cleanup(func() { _ = r.Close() }) // nobody is left to tell
	return r
}

// StartProxy is NewProxy for tests.
func StartProxy(t TB, registries ...*Registry) *Proxy {
	t.Helper()
	p, err := NewProxy(registries...)
	if err != nil {
		t.Fatalf("start the proxy: %v", err)
	}
	t.Cleanup(func() { _ = p.Close() }) // see Start
	return p
}

// MustPush is Push for tests.
func (p *Pusher) MustPush(t TB, repository, tag string) string {
	t.Helper()
	digest, err := p.Push(repository, tag)
	if err != nil {
		t.Fatalf("push %s:%s: %v", repository, tag, err)
	}
	return digest
}
