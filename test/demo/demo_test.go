package main

import (
	"bytes"
	"context"
	"errors"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/fluxgate/fluxgate/test/controlplane"
	"github.com/fluxgate/fluxgate/test/stack"
)

var update = flag.Bool("update", false, "write the golden file")

// TestDemo plays the whole demo; the README quotes its output.
func TestDemo(t *testing.T) {
	golden, err := filepath.Abs("testdata/demo.txt")
	if err != nil {
		t.Fatal(err)
	}
	t.Chdir("../..")
	var out, progress bytes.Buffer
	if err := run(t.Context(), options{Out: &out, Progress: &progress}); err != nil {
		t.Fatalf("%v\n%s%s", err, &progress, &out)
	}
	if *update {
		if err := os.WriteFile(golden, out.Bytes(), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), out.String()); diff != "" {
		t.Errorf("%s (-want +got; -update writes it):\n%s", golden, diff)
	}
	if !strings.HasSuffix(progress.String(), "· stopping everything\n") {
		t.Errorf("progress ends otherwise than with stopping:\n%s", &progress)
	}
}

func TestTheDefaultPolicyIsTheBuiltInOne(t *testing.T) {
	var texts [2]string
	for i, path := range []string{"../../policy/default.yaml", "policies/default.yaml"} {
		content, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		texts[i] = string(content)
	}
	if diff := cmp.Diff(texts[0], texts[1]); diff != "" {
		t.Errorf("policies/default.yaml is another (-built-in +copy):\n%s", diff)
	}
}

func TestAnAnswerIsComparedWithWhatItShouldBe(t *testing.T) {
	s := &stage{digests: map[string]string{"v1": "sha256:1"}}
	tests := map[string]struct {
		want    answer
		refused bool
		printed string
		problem string
	}{
		"as expected":                     {want: accepted("created"), printed: "app created"},
		"refused as expected":             {want: refused("no"), refused: true, printed: "no"},
		"refused, and should not be":      {want: accepted(), refused: true, printed: "no", problem: "refused is true, and should be false:\nno"},
		"accepted, and should not be":     {want: refused(), printed: "app created", problem: "refused is false, and should be true:\napp created"},
		"a digest that was not pushed":    {want: accepted("{v1}"), printed: "sha256:2", problem: "the answer lacks \"sha256:1\":\nsha256:2"},
		"a text of several is not there":  {want: accepted("a", "b"), printed: "a", problem: "the answer lacks \"b\":\na"},
		"the digest of a name is told":    {want: accepted("digest: {v1}"), printed: "digest: sha256:1"},
		"refused for an unexpected cause": {want: refused("rule"), refused: true, printed: "down", problem: "the answer lacks \"rule\":\ndown"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			var got string
			if err := s.compare(test.want, test.refused, test.printed); err != nil {
				got = err.Error()
			}
			if diff := cmp.Diff(test.problem, got); diff != "" {
				t.Errorf("problem (-want +got):\n%s", diff)
			}
		})
	}
}

func TestAStepThatGoesWrongFailsTheDemoAndTheOthersArePlayed(t *testing.T) {
	var out bytes.Buffer
	var played []string
	record := func(name string, err error) action {
		return func(context.Context, *stage) error {
			played = append(played, name)
			return err
		}
	}
	err := (&stage{out: &out}).play(t.Context(), []step{
		{title: "one", do: []action{record("a", errors.New("off")), record("b", nil)}},
		{title: "two", do: []action{record("c", nil)}},
	})
	if err == nil || err.Error() != "step 1, one: off" {
		t.Errorf("error %v, want that of step 1", err)
	}
	if diff := cmp.Diff([]string{"a", "c"}, played); diff != "" {
		t.Errorf("played (-want +got):\n%s", diff)
	}
	if strings.Contains(out.String(), "as expected") {
		t.Errorf("it claims success:\n%s", &out)
	}
}

func TestKeepSaysHowToGoOnAndWaits(t *testing.T) {
	var out bytes.Buffer
	s := &stage{out: &out, Stack: &stack.Stack{
		ControlPlane: &controlplane.ControlPlane{Kubeconfig: "/somewhere/admin.kubeconfig", Kubectl: "/elsewhere/kubectl"},
		Fluxgate:     &stack.Process{Metrics: "http://127.0.0.1:1"},
	}}
	ctx, interrupt := context.WithCancel(t.Context())
	interrupt()
	if err := s.keep(ctx); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		"export KUBECONFIG=/somewhere/admin.kubeconfig\n", "/elsewhere/kubectl get ocirepositories -A\n",
		"curl http://127.0.0.1:1/metrics", "Press Ctrl-C",
	} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("it lacks %q:\n%s", want, &out)
		}
	}
}
