package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/fluxgate/fluxgate/test/stack"
)

// policies are what Fluxgate is started with.
const policies = "test/demo/policies"

const intro = `Fluxgate runs with the policies in ` + policies + `:
   default     a copy of the built-in one: what runs in production is pinned and verified, and nothing is insecure
   registries  the allow-list that only you can write: everything comes from ghcr.io/acme
   staging     what production forbids is only warned about
   signed      what the payments team runs has the signature that its verify block asks for
`

// stage is where the steps are played.
type stage struct {
	*stack.Stack
	out io.Writer
	// digests of what was pushed, by the names that expectations use: "{first v1.0.0}".
	digests map[string]string
	// last is what the last command printed.
	last string
}

// step is one thing that is shown.
type step struct {
	title string
	// why is one sentence for whoever reads along.
	why string
	do  []action
}

// action is a part of a step: it prints what it does and what came of it. An answer that is not the expected one is an error.
type action func(ctx context.Context, s *stage) error

func (s *stage) play(ctx context.Context, steps []step) error {
	fmt.Fprint(s.out, intro)
	var wrong []error
	for i, step := range steps {
		fmt.Fprintf(s.out, "\n%d. %s\n   %s\n", i+1, step.title, step.why)
		for _, do := range step.do {
			if err := do(ctx, s); err != nil {
				wrong = append(wrong, fmt.Errorf("step %d, %s: %w", i+1, step.title, err))
				break // what follows leans on it
			}
		}
		if ctx.Err() != nil {
			return errors.New("interrupted")
		}
	}
	if len(wrong) > 0 {
		return errors.Join(wrong...)
	}
	fmt.Fprintf(s.out, "\nAll %d steps went as expected.\n", len(steps))
	return nil
}

// block prints a paragraph.
func (s *stage) block(lines ...string) {
	fmt.Fprintln(s.out)
	for _, text := range lines {
		fmt.Fprint(s.out, strings.TrimRight(text, "\n")+"\n")
	}
}

// fill puts the digests of what was pushed into a text: "set spec.ref.digest to {v1.1.0}".
func (s *stage) fill(text string) string {
	for name, digest := range s.digests {
		text = strings.ReplaceAll(text, "{"+name+"}", digest)
	}
	return text
}
