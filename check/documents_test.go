package check

import (
	"bytes"
	"errors"
	"io"
	"testing"

	"github.com/google/go-cmp/cmp"
	"go.yaml.in/yaml/v3"
)

func TestSplit(t *testing.T) {
	type part struct {
		Text string
		Line int
	}
	cases := map[string]struct {
		text string
		want []part
	}{
		"nothing":                          {"", nil},
		"white space only":                 {" \n\n", nil},
		"one document without a marker":    {"a: 1\n", []part{{"a: 1\n", 1}}},
		"a marker first":                   {"---\na: 1\n", []part{{"\na: 1\n", 1}}},
		"two documents":                    {"a: 1\n---\nb: 2\n", []part{{"a: 1\n", 1}, {"\nb: 2\n", 2}}},
		"windows line breaks":              {"a: 1\r\n---\r\nb: 2", []part{{"a: 1\r\n", 1}, {"\r\nb: 2", 2}}},
		"old macintosh line breaks":        {"a: 1\r---\rb: 2", []part{{"a: 1\r", 1}, {"\rb: 2", 2}}},
		"a line break that editors ignore": {"a: 1\u0085---\u2028b: 2", []part{{"a: 1\u0085", 1}, {"\u2028b: 2", 2}}},
		"content on the marker's line":     {"--- {a: 1}\n--- {b: 2}\n", []part{{" {a: 1}\n", 1}, {" {b: 2}\n", 2}}},
		"an end marker":                    {"a: 1\n...\nb: 2\n", []part{{"a: 1\n", 1}, {"\nb: 2\n", 2}}},
		"content after an end marker":      {"a: 1\n... {b: 2}\n", []part{{"a: 1\n", 1}, {" {b: 2}\n", 2}}},
		"dashes that are no marker":        {"a: |\n  ---\n----\n---x\n", []part{{"a: |\n  ---\n----\n---x\n", 1}}},
		"a marker at the very end":         {"a: 1\n---", []part{{"a: 1\n", 1}}},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			var got []part
			for d := range split([]byte(c.text)) {
				got = append(got, part{string(d.text), d.line})
				if d.number != len(got) {
					t.Errorf("document %d has number %d", len(got), d.number)
				}
			}
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Errorf("split (-want +got):\n%s", diff)
			}
		})
	}
}

func TestContentLineSkipsWhatSaysNothing(t *testing.T) {
	cases := map[string]struct {
		text string
		want int
	}{
		"first line":               {"a: 1", 7},
		"after marker and comment": {"\n# why\n\na: 1", 10},
		"on the marker's line":     {" {a: 1}", 7},
		"comments only":            {"\n# why\n", 7},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			if got := (document{text: []byte(c.text), line: 7}).contentLine(); got != c.want {
				t.Errorf("got line %d, want %d", got, c.want)
			}
		})
	}
}

// FuzzNoDocumentIsLost compares with a reader that knows documents by itself: where it reads all of a text, we read as
// many values or refuse; a document that nobody reads is judged by nobody.
func FuzzNoDocumentIsLost(f *testing.F) {
	for _, seed := range []string{
		"a: 1\n---\nb: 2\n", "a: 1\n...\n---\nb: 2", "--- a\n--- b", "a\r---\rb", "\u0085---\u2028a", "{\"a\":1}{\"b\":2}",
		"%YAML 1.1\n---\na: 1", "a: 'x\n---\ny'", "# c\n---\n# d\n---\n", "a: &x [1]\nb: *x\n", "... \n... # c\na: 1", "\u2005 ",
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		want, err := oracle(text)
		if err != nil {
			return
		}
		got := 0
		for d := range split(text) {
			values, invalid := d.decode()
			if invalid != nil {
				return
			}
			for _, v := range values {
				if v.content != nil {
					got++
				}
			}
		}
		if got < want {
			t.Errorf("read %d documents of %d in %q", got, want, text)
		}
	})
}

// oracle counts the documents that are not null.
func oracle(text []byte) (documents int, err error) {
	decoder := yaml.NewDecoder(bytes.NewReader(text))
	for {
		var node yaml.Node
		if err := decoder.Decode(&node); errors.Is(err, io.EOF) {
			return documents, nil
		} else if err != nil {
			return 0, err
		}
		if len(node.Content) == 1 && node.Content[0].Tag != "!!null" {
			documents++
		}
	}
}
