package yamltree

import (
	"fmt"
	"strings"
	"testing"

	"github.com/nango-lite/nango-lite/loader/internal/tree"
)

// TestPlaces: a syntax error stands where the mistake is. The library would have
// named another line in most of these rows, or none.
func TestPlaces(t *testing.T) {
	for _, row := range []struct{ what, in, want string }{
		{"tab at the start", "a:\n\tb: c\n", "2:1 a tab"},
		{"tab after spaces", "a:\n  b: c\n \td: e\n", "3:2 a tab"},
		{"tab in a list", "a:\n  - b\n\t- c\n", "3:1 a tab"},
		{"tab under a list item", "a:\n  - b: c\n\t  d: e\n", "3:1 a tab"},
		{"quote to the end", "a: b\nc: \"d\ne: f\n", "2:4 the quote"},
		{"quote that another closes", "a:\n  b: \"c\n  d: \"e\"\n  f: g\n", "2:6 the quote"},
		{"single quote", "a: 'b\nc: d\n", "1:4 the quote"},
		{"apostrophe in single quotes", "a: 'it's so'\nb: c\n", "1:8 text follows"},
		{"quote in a key", "\"a: b\nc: d\n", "1:1 the quote"},
		{"quote in a list", "a:\n  - \"b\n  - c\n", "2:5 the quote"},
		{"bracket to the end", "a: b\nc: [d,\ne: f\n", "2:4 the bracket"},
		{"bracket that another closes", "a:\n  b: [c, d\n  e: [f]\ng: h\n", "2:6 the bracket"},
		{"brace", "a:\n  b: {c: d\n  e: f\n", "2:6 the bracket"},
		{"bracket in a brace", "a: {b: [c, d}\ne: f\n", "1:4 "},
		{"quote in a bracket", "a: [b, \"c]\nd: e\n", "1:8 the quote"},
		{"cut in a key", "a:\n  b: c\n  de", "3:3 this line"},
		{"cut in a quote", "a:\n  b: \"c", "2:6 the quote"},
		{"cut in a brace", "a: {b: c, d", "1:4 the bracket"},
		{"less indented", "a:\n    b: c\n  d: e\n", "3:3 this line does not fit"},
		{"less indented after a blank line", "a:\n    b: c\n\n  d: e\nf: g\n", "4:3 this line does not fit"},
		{"less indented list", "a:\n    - b\n  - c\n", "3:3 this line does not fit"},
		{"more indented", "a: b\n  c: d\n", "2:3 this line is indented deeper"},
		{"no colon", "a\n  b: c\n", "1:2 a ':' is missing"},
		{"no colon and no value", "a: 1\nfoo\nb: 2\n", "2:"},
		{"no space after the colon", "a:\n  b:c\n  d: e\n", "2:"},
		{"two colons", "a: b: c\n", "1:5 a second ': '"},
		{"two colons deep down", "a:\n  b: c\n  d: http: x\n  e: f\n", "3:10 a second ': '"},
		{"key in a list", "a:\n  - b\n  c: d\n", "3:3 this line does not fit"},
		{"item in a map", "a:\n  b: c\n  - d\n", "3:3 this line does not fit"},
		{"at", "a: b\nc: @d\n", "2:4 a text cannot begin with '@'"},
		{"backquote", "a: `b`\n", "1:4 a text cannot begin with '`'"},
		{"percent", "a: %b\n", "1:4 a text cannot begin with '%'"},
		{"star", "a: b\nc: *.d.example\n", "2:4 a text cannot begin with *"},
		{"star with a name", "a: b\nc: *d\n", "2:4 a text that begins with *"},
		{"escape", "a: b\nc: \"d\\e\\q\"\n", "2:8 this escape"},
		{"escape in Windows", "c: \"C:\\Users\"\n", "1:7 this escape"},
		{"after a quote", "a: \"b\" c\n", "1:8 text follows"},
		{"after a bracket", "a: [b] c\nd: e\n", "1:8 text follows"},
		{"behind a text", "a: |\n  b \"\n  c [\nd: \"e\n", "4:4 the quote"},
		{"behind a folded text", "a:\n  - b: >-\n      c: d: \"\n    e: [f\n", "4:8 the bracket"},
		{"behind comments", "# it's [\na: b # don't {\nc: don't [\nd: 'e\n", "4:4 the quote"},
		{"CRLF", "a: b\r\nc: \"d\r\n", "2:4 the quote"},
		{"runes", "ä: \"ö\" ü\n", "1:8 text follows"},
		{"directive", "%YAML 2.0\n---\na: b\n", "1:1 directives"},
		{"tag", "a: !<x\n", "1:4 "},
		{"control", "a: b\nc: \x01\n", "2:4 the control character U+0001"},
		{"UTF-16", "\xff\xfea\x00", "1:1 the file is UTF-16"},
		{"second document", "a: b\n---\nc: d\n", "2:1 a second document"},
		{"second document after a marker", "---\na: b\n--- # c\nd: e\n", "3:1 a second document"},
		{"mistake in a second document", "a: b\n---\nc: \"d\n", "3:4 the quote"},
	} {
		_, problems := Parse("f", []byte(row.in))
		if len(problems) != 1 {
			t.Errorf("%s: got %v, want one problem", row.what, problems)
			continue
		}
		p := problems[0]
		if got := fmt.Sprintf("%d:%d %s", p.Line, p.Column, p.Message); !strings.HasPrefix(got, row.want) {
			t.Errorf("%s: got %s, want %s\n%s", row.what, got, row.want, row.in)
		}
	}
}

// TestCutAnywhere: a file that ends too early is refused at a line it has, in
// words, and in no time.
func TestCutAnywhere(t *testing.T) {
	const whole = "# c\nintegrations:\n    a: &x {b: [c, \"d\"], 'e': 'f''g'}\n    h:\n        - i: |\n            text: \"\n        - \"j\\\"k\": l\n    m: *x\n"
	if _, problems := Parse("f", []byte(whole)); len(problems) > 0 {
		t.Fatal(problems)
	}
	for i := range len(whole) {
		_, problems := Parse("f", []byte(whole[:i]))
		for _, p := range problems {
			if p.Line < 1 || p.Line > strings.Count(whole[:i], "\n")+1 || p.Column < 1 || strings.Contains(p.Message, "yaml:") {
				t.Errorf("cut at %d: %+v", i, p)
			}
		}
	}
}

func TestParse(t *testing.T) {
	root, problems := Parse("f.yaml", []byte("a: &a\n  ä: x\n  n: [1, -2.5, true, ~, 'y', yes]\nb: *a\n"))
	if len(problems) > 0 {
		t.Fatal(problems)
	}
	n := root.Get("a", "n")
	kinds := []tree.Kind{tree.Int, tree.Float, tree.Bool, tree.Null, tree.String, tree.String}
	for i, item := range n.Items {
		if item.Kind != kinds[i] || item.Origin.Line != 3 {
			t.Errorf("item %d: %+v, want %v", i, item, kinds[i])
		}
	}
	if b := root.Field("b"); b.At.Line != 4 || b.Value.Origin.Line != 4 || b.Value.Origin.Column != 4 {
		t.Errorf("an alias has its own place; got %+v", b.Value.Origin)
	}
	if x := root.Get("b", "ä"); x.Origin.Line != 2 || x.Origin.Column != 6 {
		t.Errorf("what an alias repeats is where it is written; got %+v", x.Origin)
	}
}

func FuzzParse(f *testing.F) {
	for _, seed := range []string{"a: b", "a: [b", "a: \"b\nc: d", "- |\n x\n- y", "? a\n: b", "{a: 'b\n", "a: !t &x *y", "%A\n--- x"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, in string) {
		root, problems := Parse("f", []byte(in))
		if root == nil && len(problems) == 0 {
			t.Error("neither a tree nor a problem")
		}
		for _, p := range problems {
			if p.Line < 1 || p.Column < 1 || p.Line > strings.Count(in, "\n")+1 {
				t.Errorf("no such place: %+v", p)
			}
		}
	})
}

// What programs write as JSON is read, and everything has the place that it has in the
// file.
func TestJSONIsRead(t *testing.T) {
	for in, want := range map[string]string{
		`{"a": "https:\/\/x.example\/y", "b": "c"}`:             "https://x.example/y 1:7, c 1:38",
		`{"a": "\ud83d\ude00!", "b": "\u00e9"}`:                 "😀! 1:7, é 1:29",
		"{\"a\": \"\\ud83d\\ude00\\/\\/\", \"b\":\n  \"\\/\"}":  "😀// 1:7, / 2:3",
		"a: 'it\\/s'\nb: \"\\/\"":                               "it\\/s 1:4, / 2:4",
		"a: x\\/y # \"\\/\"\nb: \"\\/z\"":                       "x\\/y 1:4, /z 2:4",
		"%YAML 1.2\n---\na: b\nb: c":                            "b 3:4, c 4:4",
		"# first\n%YAML 1.2\n---\na: \"%YAML 1.2\"\nb: \"\\/\"": "%YAML 1.2 4:4, / 5:4",
		"%YAML 1.1\n---\na: b\nb: c":                            "b 3:4, c 4:4",
		"a: \"\\\\/\"\nb: \"\\/\"":                              "\\/ 1:4, / 2:4",
	} {
		root, problems := Parse("f", []byte(in))
		if root == nil || len(problems) > 0 {
			t.Errorf("%s: %v", in, problems)
			continue
		}
		a, b := root.Get("a"), root.Get("b")
		got := fmt.Sprintf("%s %d:%d, %s %d:%d", a.Text, a.Origin.Line, a.Origin.Column, b.Text, b.Origin.Line, b.Origin.Column)
		if got != want {
			t.Errorf("%s: got %s, want %s", in, got, want)
		}
	}
	// A mistake beside them is where it was.
	for in, want := range map[string]string{
		`{"a": "\/", "b": "\q"}`:        "1:19 this escape",
		"{\"a\": \"\\/\",\n \"b\": [1,": "1:1 the bracket",
		`{"a": "\/\/\/", "b" "c"}`:      "1:",
	} {
		if root, problems := Parse("f", []byte(in)); root != nil || !strings.HasPrefix(fmt.Sprintf("%d:%d %s", problems[0].Line, problems[0].Column, problems[0].Message), want) {
			t.Errorf("%s: got %v, %v; want %s", in, root, problems, want)
		}
	}
	// Half a character is none, and a text that goes on without quotes is not quoted.
	for in, want := range map[string]string{
		`{"a": "\ud83d"}`:               "1:8 this escape",
		`{"a": "\ude00\ud83d"}`:         "1:8 this escape",
		"a: x\n  \"\\/\"\nb: \"\\/\"\n": "3:1 this escape",
	} {
		if root, problems := Parse("f", []byte(in)); root != nil || !strings.HasPrefix(fmt.Sprintf("%d:%d %s", problems[0].Line, problems[0].Column, problems[0].Message), want) {
			t.Errorf("%s: got %v, %v; want %s", in, root, problems, want)
		}
	}
}
