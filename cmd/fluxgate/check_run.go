package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"time"

	"golang.org/x/term"

	"github.com/fluxgate/fluxgate/check"
	"github.com/fluxgate/fluxgate/gate"
	"github.com/fluxgate/fluxgate/policy"
	"github.com/fluxgate/fluxgate/registry"
	"github.com/fluxgate/fluxgate/verify"
	"github.com/fluxgate/fluxgate/verify/verdicts"
)

type streams struct {
	in       io.Reader
	out, err io.Writer
}

// run judges the paths. The report is the output; what could not be read is said on the error stream too.
func (f *checkFlags) run(ctx context.Context, paths []string, s streams) error {
	library, err := newLibrary()
	if err != nil {
		return err
	}
	policies, err := loadPolicies(library, f.policies)
	if err != nil {
		return err
	}
	inventory, err := read(ctx, check.ReadOptions{Paths: paths, Stdin: s.in, Namespace: f.namespace, Sigstore: library.Sigstore})
	if err != nil {
		return err
	}
	for _, unreadable := range inventory.Unreadable {
		fmt.Fprintln(s.err, "fluxgate:", unreadable)
	}
	options := inventory.GateOptions(policies, time.Now())
	options.KeepSourceRef = f.keepSourceRef
	if options.Resolver, options.Signatures, err = f.asking(ctx, inventory, policies); err != nil {
		return err
	}
	judge := check.Judge{Gate: gate.New(options), Details: f.verbose, Timeout: f.timeout}
	report := judge.Report(ctx, inventory)
	if err := report.Write(s.out, f.output, styleOf(s.out, term.IsTerminal)); err != nil {
		return fmt.Errorf("write the report: %w", err)
	}
	if outcome := report.Outcome(); outcome != check.Clean {
		return outcomeError{outcome}
	}
	return nil
}

// read ends with the context: a terminal or a pipe that nobody writes to would hold a plain read for ever.
func read(ctx context.Context, opts check.ReadOptions) (*check.Inventory, error) {
	done := make(chan *check.Inventory, 1)
	go func() { done <- check.Read(opts) }()
	select {
	case inventory := <-done:
		return inventory, nil
	case <-ctx.Done():
		return nil, fmt.Errorf("interrupted while the manifests were read: %w", ctx.Err())
	}
}

// asking asks registries, or nobody. Answers are kept for the whole run, so that one report does not show two digests
// of one tag.
func (f *checkFlags) asking(
	ctx context.Context, inventory *check.Inventory, policies *policy.Set,
) (registry.Resolver, gate.Signatures, error) {
	if f.offline {
		return registry.Offline{}, unverifying{}, nil
	}
	o, err := f.dialling.options(f.timeout)
	if err != nil {
		return nil, nil, err
	}
	trusted, err := f.trust.once(ctx)
	if err != nil {
		return nil, nil, err
	}
	o.Credentials = registry.DockerConfig{}
	o.Cache = registry.CacheOptions{Found: time.Hour, NotFound: time.Hour, Failed: time.Hour}
	client := registry.New(o)
	return client, verdicts.New(verdicts.Options{
		Registry: client, Secrets: inventory, TrustedRoot: trustedBy(trusted),
		ImagePolicies: func(context.Context, func(string) bool) []verify.ImagePolicy { return policies.ImagePolicies() },
		Good:          time.Hour, Bad: time.Hour, Failed: time.Hour,
	}), nil
}

// styleOf gives colours to a terminal, unless its user wants none (https://no-color.org).
func styleOf(w io.Writer, isTerminal func(fd int) bool) check.Style {
	file, isFile := w.(*os.File)
	if !isFile || !isTerminal(int(file.Fd())) || os.Getenv("NO_COLOR") != "" || os.Getenv("TERM") == "dumb" {
		return check.Plain
	}
	return check.Colour
}
