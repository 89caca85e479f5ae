package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path"
	"regexp"
	"strings"
)

// answer is what a command must come to.
type answer struct {
	refused bool
	// has are texts that must be in what it prints.
	has []string
}

func accepted(has ...string) answer { return answer{has: has} }

func refused(has ...string) answer { return answer{refused: true, has: has} }

// sample is the path of a file to apply, as it is printed.
func sample(file string) string { return path.Join("test/demo/samples", file) }

// show prints a file.
func show(file string) action {
	return func(_ context.Context, s *stage) error {
		content, err := os.ReadFile(sample(file))
		s.block("$ cat "+sample(file), string(content))
		return err
	}
}

// apply applies a file as Flux does, by server-side apply.
func apply(file string, want answer) action {
	return kubectl(want, "apply", "--server-side", "-f", sample(file))
}

// kubectl runs kubectl, and prints the command and all that it printed.
func kubectl(want answer, args ...string) action {
	return func(ctx context.Context, s *stage) error {
		stdout, stderr, err := s.Kubectl(ctx, "", args...)
		s.block("$ kubectl "+quoted(args), stderr+stdout)
		return s.compare(want, err != nil, stderr+stdout)
	}
}

// applyWithDigest applies a file with the digest that the last refusal asked for, written into its ref.
func applyWithDigest(file string, want answer) action {
	return func(ctx context.Context, s *stage) error {
		digest := regexp.MustCompile(`set spec\.ref\.digest to (sha256:[0-9a-f]{64})`).FindStringSubmatch(s.last)
		content, err := os.ReadFile(sample(file))
		if err != nil || digest == nil {
			return errors.Join(err, fmt.Errorf("no digest is named in:\n%s", s.last))
		}
		changed := strings.Replace(string(content), "  ref:\n", "  ref:\n    digest: "+digest[1]+"\n", 1)
		stdout, stderr, err := s.Kubectl(ctx, changed, "apply", "--server-side", "-f", "-")
		s.block("$ kubectl apply --server-side -f - <<END", changed, "END", stderr+stdout)
		return s.compare(want, err != nil, stderr+stdout)
	}
}

// compare holds what came of a command against what should have.
func (s *stage) compare(want answer, refused bool, printed string) error {
	s.last = printed
	if refused != want.refused {
		return fmt.Errorf("refused is %t, and should be %t:\n%s", refused, want.refused, printed)
	}
	for _, text := range want.has {
		if !strings.Contains(printed, s.fill(text)) {
			return fmt.Errorf("the answer lacks %q:\n%s", s.fill(text), printed)
		}
	}
	return nil
}

// fluxgate runs the binary without the demo's world: it may not reach a registry, nor see the logins of who runs the demo.
func fluxgate(code int, has []string, args ...string) action {
	return func(ctx context.Context, s *stage) error {
		command := exec.CommandContext(ctx, "bin/fluxgate", args...) //nolint:gosec // our own binary
		printed, err := command.CombinedOutput()
		var exit *exec.ExitError
		if err != nil && !errors.As(err, &exit) {
			return err
		}
		got := command.ProcessState.ExitCode()
		s.block("$ fluxgate "+quoted(args), string(printed), fmt.Sprintf("(exit code %d)", got))
		if got != code {
			return fmt.Errorf("exit code %d, and should be %d", got, code)
		}
		return s.compare(accepted(has...), false, string(printed))
	}
}

// retag lets the publisher push something else under a tag that exists.
func retag(name, repository, tag string) action {
	return func(_ context.Context, s *stage) error {
		err := s.push(name, repository, tag)
		s.block(fmt.Sprintf("# somebody pushes again: %s:%s is now %s", repository, tag, s.digests[name]))
		return err
	}
}

// untouched says whether a registry was asked for anything.
func untouched(host string) action {
	return func(_ context.Context, s *stage) error {
		asked := 0
		for _, place := range s.Proxy.Asked() {
			if strings.HasPrefix(place, host+":") || strings.Contains(place, "//"+host) {
				asked++
			}
		}
		s.block(fmt.Sprintf("# connections that Fluxgate opened to %s: %d", host, asked))
		if asked > 0 {
			return fmt.Errorf("%s was dialled", host)
		}
		return nil
	}
}

// quoted writes arguments as a shell reads them.
func quoted(args []string) string {
	words := make([]string, len(args))
	for i, arg := range args {
		words[i] = arg
		if strings.ContainsAny(arg, ` '"{}*$<>|&;()`) {
			words[i] = "'" + strings.ReplaceAll(arg, "'", `'\''`) + "'"
		}
	}
	return strings.Join(words, " ")
}
