package gobuild

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"sync"
	"time"
)

// interval is the time between two lines of progress: often enough to see that it goes on, seldom enough for a CI log.
const interval = 10 * time.Second

// Command runs the go command in dir and shows how far it is, under a name. CGO stays off, so that no C compiler is needed.
func Command(ctx context.Context, what, dir string, args ...string) error {
	cmd := exec.CommandContext(ctx, "go", args...) //nolint:gosec // fixed arguments
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
	output, err := cmd.StderrPipe()
	if err != nil {
		return err
	}
	if err := cmd.Start(); err != nil {
		return err
	}
	p := &progress{what: what, out: os.Stderr, start: time.Now()}
	stop := p.tick(interval)
	p.follow(output)
	stop()
	if err := cmd.Wait(); err != nil {
		return fmt.Errorf("%s: go %s: %w", what, args[0], err)
	}
	return nil
}

// progress counts what a `go … -v` or `-x` reports. A line that is one word is a package that is being compiled, one that
// begins with # a module request; everything else is a diagnostic, and is passed on.
type progress struct {
	what  string
	out   io.Writer
	start time.Time

	mu     sync.Mutex
	steps  int
	latest string
}

func (p *progress) follow(output io.Reader) {
	for lines := bufio.NewScanner(output); lines.Scan(); {
		line := lines.Text()
		fields := strings.Fields(line)
		p.mu.Lock()
		switch {
		case len(fields) == 1:
			p.steps, p.latest = p.steps+1, fields[0]
		case len(fields) > 2 && fields[0] == "#" && fields[1] == "get":
			p.steps, p.latest = p.steps+1, fields[2]
		default:
			fmt.Fprintln(p.out, line)
		}
		p.mu.Unlock()
	}
}

// tick writes a line each interval until the function that it returns is called, which writes a last one.
func (p *progress) tick(every time.Duration) (stop func()) {
	done, ended := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(ended)
		ticker := time.NewTicker(every)
		defer ticker.Stop()
		for {
			select {
			case <-done:
				return
			case <-ticker.C:
				p.show()
			}
		}
	}()
	return func() {
		close(done)
		<-ended
		p.show()
	}
}

func (p *progress) show() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.steps == 0 {
		return
	}
	fmt.Fprintf(p.out, "  %-14s %5d steps, %4.0f s, %s\n", p.what, p.steps, time.Since(p.start).Seconds(), p.latest)
}
