package check

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// bomb is a document in which each of nine anchors names the one before nine times.
func bomb() string {
	var b strings.Builder
	b.WriteString("a0: &a0 [x,x,x,x,x,x,x,x,x]\n")
	for n := byte('1'); n <= '9'; n++ {
		before := "*a" + string(n-1)
		b.WriteString("a" + string(n) + ": &a" + string(n) + " [" + strings.Repeat(before+",", 8) + before + "]\n")
	}
	return b.String()
}

func TestReadIsBounded(t *testing.T) {
	const tooMany = "its aliases expand to more than 8 MiB; write out what they stand for, or fewer of them"
	cases := map[string]struct {
		text string
		want []*InputError
	}{
		"aliases of aliases": {
			text: bomb(),
			want: []*InputError{{File: "stdin", Document: 1, Line: 1, Message: tooMany}},
		},
		"a long string, named often": {
			text: "a: &a " + strings.Repeat("x", 1<<20) + "\nb: [" + strings.Repeat("*a,", 1000) + strings.Repeat("y,", 1000) + "]\n",
			want: []*InputError{{File: "stdin", Document: 1, Line: 1, Message: tooMany}},
		},
		"an anchor that contains itself": {
			text: "a: &a [*a]\n",
			want: []*InputError{{File: "stdin", Document: 1, Line: 1, Message: tooMany}},
		},
		"deep nesting": {
			text: strings.Repeat("[", 100_000),
			want: []*InputError{{File: "stdin", Document: 1, Line: 1, Message: "exceeded max depth of 10000"}},
		},
		"a large document between small ones": {
			text: oci("x", "a") + "---\na: " + strings.Repeat("x", maxDocument) + "\n---\n" + oci("x", "b"),
			want: []*InputError{{
				File: "stdin", Document: 2, Line: 6, Message: "is larger than 8 MiB; give the objects as documents of their own",
			}},
		},
		"more documents than are read, though they say nothing": {
			text: strings.Repeat("# a\n---\n", maxDocuments+5),
			want: []*InputError{{
				File: "stdin", Document: maxDocuments + 1, Line: 2 * maxDocuments,
				Message: "is one more than the 100000 documents that are read at a time; split the check",
			}},
		},
		"more objects than are read": {
			text: `{"apiVersion":"v1","kind":"List","items":[` + strings.Repeat("{},", maxDocuments+5) + `{}]}`,
			want: []*InputError{{
				File: "stdin", Document: 1, Line: 1,
				Message: "is one more than the 100000 documents that are read at a time; split the check",
			}},
		},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			if diff := cmp.Diff(c.want, readStdin(c.text).Unreadable); diff != "" {
				t.Errorf("unreadable (-want +got):\n%s", diff)
			}
		})
	}
}

func TestReadRefusesAHugeFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "huge.yaml")
	file, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := file.Truncate(1 << 40); err != nil {
		t.Fatal(err)
	}
	if err := file.Close(); err != nil {
		t.Fatal(err)
	}
	want := []*InputError{{File: path, Message: "is larger than 64 MiB; split it, or render only what is to be judged"}}
	if diff := cmp.Diff(want, Read(ReadOptions{Paths: []string{path}}).Unreadable); diff != "" {
		t.Errorf("unreadable (-want +got):\n%s", diff)
	}
}
