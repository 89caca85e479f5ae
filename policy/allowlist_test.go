package policy

import (
	"encoding/json"
	"errors"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/fluxgate/fluxgate/flux"
)

// FuzzAllowlist compares the rule with a matcher that shares nothing with it: no sets, no regular expressions.
func FuzzAllowlist(f *testing.F) {
	for _, seed := range [][2]string{
		{"ghcr.io/acme/**", "oci://ghcr.io/acme/app"},
		{"ghcr.io/acme/**", "oci://ghcr.io/acme-evil/x"},
		{"ghcr.io/acme/**", "oci://ghcr.io.evil.com/acme/x"},
		{"ghcr.io/acme/**", "oci://ghcr.io/acme"},
		{"*.example.com/**\nghcr.io/*/app-*", "oci://a.example.com/x"},
		{"*.example.com/**", "oci://a.b.example.com/x"},
		{"reg*:5000/x/*-y*z", "oci://reg.io:5000/x/a-yz"},
		{"docker.io/library/*", "oci://podinfo"},
		{"[2001:db8::5]:5000/*", "oci://[2001:db8::5]:5000/x"},
		{"ghcr.io/a.b/**", "oci://ghcr.io/axb/c"},
		{"ghcr.io/*/**", "oci://GHCR.IO/x/y"},
	} {
		f.Add(seed[0], seed[1], false)
		f.Add(seed[0], seed[1], true)
	}
	lib, err := NewLibrary()
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, list, url string, prefix bool) {
		repository, err := flux.ParseRepository(url)
		patterns := strings.Split(list, "\n")
		if err != nil || len(patterns) > 8 {
			return
		}
		p := allowlist(t, lib, patterns)
		if p == nil {
			return // not every text is a pattern; what is refused is tested elsewhere
		}
		compare(t, p, patterns, repository, prefix)
	})
}

// TestAllowlistAgreesWithOracle reaches by shape what the fuzzer finds only by luck.
func TestAllowlistAgreesWithOracle(t *testing.T) {
	lib, err := NewLibrary()
	if err != nil {
		t.Fatal(err)
	}
	random := rand.New(rand.NewPCG(1, 2))
	pick := func(from ...string) string { return from[random.IntN(len(from))] }
	judged := 0
	for range 300 {
		pattern := pick("x.io", "y.x.io", "*.io", "*.x.io", "x.*", "x.io:50", "*.io:50", "x*.io")
		for range 1 + random.IntN(3) {
			pattern += "/" + pick("a", "b", "ab", "a*", "*b", "*", "a.b", "a-*")
		}
		pattern += pick("", "/**")
		p := allowlist(t, lib, []string{pattern, "z.io/never"})
		if p == nil {
			t.Fatalf("%s is refused", pattern)
		}
		for range 20 {
			name := flux.Repository{Host: pick("x.io", "y.x.io", "z.y.x.io", "x.com", "x.io:50", "xz.io", "ax.io"), Path: pick("a", "b", "ab")}
			for range random.IntN(4) {
				name.Path += "/" + pick("a", "b", "ab", "aab", "a.b", "axb", "a-b")
			}
			compare(t, p, []string{pattern, "z.io/never"}, name, random.IntN(3) == 0)
			judged++
		}
	}
	if judged != 6000 {
		t.Errorf("%d names were judged", judged)
	}
}

// allowlist is a policy with the patterns; nil where they are refused.
func allowlist(t *testing.T, lib *Library, patterns []string) *Policy {
	t.Helper()
	params, err := json.Marshal(map[string]any{"allow": patterns})
	if err != nil {
		t.Fatal(err)
	}
	text := "apiVersion: fluxgate.dev/v1alpha1\nkind: SourcePolicy\nmetadata: {name: p}\n" +
		"spec: {rules: [{rule: registry-allowlist, params: " + string(params) + "}]}\n"
	set, err := lib.load([]file{{"fuzz.yaml", []byte(text)}}, nil)
	if _, bad := errors.AsType[*LoadError](err); bad {
		return nil
	}
	if err != nil {
		t.Fatal(err)
	}
	return set.policies[0]
}

func compare(t *testing.T, p *Policy, patterns []string, repository flux.Repository, prefix bool) {
	t.Helper()
	source := flux.Source{Form: flux.FormOCIRepository, Path: "spec", Repository: repository}
	if prefix {
		source.Form = flux.FormHelmRepository
	}
	in := NewInput(Review{Sources: []SourceReview{{Source: source}}})
	violations, err := p.Evaluate(t.Context(), in, Static)
	if err != nil {
		t.Fatal(err)
	}
	want := oracle(patterns, repository.String(), prefix)
	if got := len(violations) == 0; got != want {
		t.Errorf("%q allows %s (prefix %v): rule says %v, oracle %v", patterns, repository, prefix, got, want)
	}
	demanded, err := p.rules[0].lib.repositories("", patterns, &problems{})
	if err != nil {
		t.Fatal(err)
	}
	if got := demanded.match(repository); !prefix && got != want {
		t.Errorf("%q selects %s: a demand says %v, oracle %v", patterns, repository, got, want)
	}
}

// oracle walks pattern and name side by side. A prefix gets a segment of a character that no pattern can hold.
func oracle(patterns []string, name string, prefix bool) bool {
	if prefix {
		name += "/\x00"
	}
	return slices.ContainsFunc(patterns, func(pattern string) bool {
		want, have := strings.Split(pattern, "/"), strings.Split(name, "/")
		if want[len(want)-1] == "**" {
			if len(have) < len(want) {
				return false
			}
			want = want[:len(want)-1]
			have = have[:len(want)]
		}
		if len(want) != len(have) {
			return false
		}
		for i := range want {
			never := "/"
			if i == 0 {
				never = ".:"
			}
			if !walkSegment(want[i], have[i], never) {
				return false
			}
		}
		return true
	})
}

// walkSegment matches by recursion; * takes any characters but those in never.
func walkSegment(pattern, text, never string) bool {
	if pattern == "" {
		return text == ""
	}
	if pattern[0] != '*' {
		return text != "" && text[0] == pattern[0] && walkSegment(pattern[1:], text[1:], never)
	}
	for taken := 0; ; taken++ {
		if walkSegment(pattern[1:], text[taken:], never) {
			return true
		}
		if taken == len(text) || strings.IndexByte(never, text[taken]) >= 0 {
			return false
		}
	}
}
