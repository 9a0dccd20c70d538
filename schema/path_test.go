package schema_test

import (
	"encoding/json"
	"reflect"
	"strings"
	"testing"

	"github.com/nango-lite/nango-lite/schema"
)

const document = `{"a":{"b":[{"c":"x"},{"c":7}]},"d.e":true,"error":{"sub.code":"E1"},"n":null,"big":9007199254740993,"f":1.5,"list":[1,2],"empty":"","a.b":"whole"}`

func decoded(t *testing.T, text string) any {
	t.Helper()
	d := json.NewDecoder(strings.NewReader(text))
	d.UseNumber()
	var v any
	if err := d.Decode(&v); err != nil {
		t.Fatal(err)
	}
	return v
}

func TestTextAt(t *testing.T) {
	tests := map[string]struct {
		want string
		ok   bool
	}{
		"a.b": {"whole", true}, "a.b.0.c": {"x", true}, "a.b.1.c": {"7", true}, "d.e": {"true", true}, "f": {"1.5", true},
		"big": {"9007199254740993", true}, "error.sub.code": {"E1", true}, "empty": {"", true}, "list.1": {"2", true},
		"n": {"", false}, "a": {"", false}, "list": {"", false}, "a.b.2.c": {"", false}, "a.b.-1": {"", false}, "a.b.x": {"", false},
		"zz": {"", false}, "f.x": {"", false}, "error.sub": {"", false}, "n.x": {"", false},
	}
	doc := decoded(t, document)
	for path, want := range tests {
		if got, ok := schema.TextAt(doc, path); got != want.want || ok != want.ok {
			t.Errorf("%s: got %q, %v, want %q, %v", path, got, ok, want.want, want.ok)
		}
	}
	if whole, ok := schema.At(doc, ""); !ok || whole == nil {
		t.Error("the empty path is not the document")
	}
}

// A document that is decoded later is read in the same way.
func TestRawAtAgreesWithAt(t *testing.T) {
	doc := decoded(t, document)
	for _, path := range []string{"", "a", "a.b", "a.b.0", "a.b.0.c", "a.b.9", "d.e", "error.sub.code", "error.sub", "n", "n.x", "list.1", "list.-1", "list.x", "zz", "big"} {
		raw, ok := schema.RawAt(json.RawMessage(document), path)
		want, found := schema.At(doc, path)
		if ok != found {
			t.Errorf("%s: found %v decoded, %v undecoded", path, found, ok)
		} else if ok && !reflect.DeepEqual(decoded(t, string(raw)), want) {
			t.Errorf("%s: got %s, want %v", path, raw, want)
		}
	}
	if got, _ := schema.RawAt(json.RawMessage(document), "big"); string(got) != "9007199254740993" {
		t.Errorf("a number is not as it was written: %s", got)
	}
}

func TestFirstAt(t *testing.T) {
	doc := decoded(t, document)
	for _, c := range []struct {
		paths      schema.Paths
		path, text string
	}{
		{nil, "", ""},
		{schema.Paths{"zz", "n", "a", "empty", "f", "d.e"}, "f", "1.5"},
		{schema.Paths{"zz", "n"}, "zz", ""},
	} {
		if path, text := schema.FirstAt(doc, c.paths); path != c.path || text != c.text {
			t.Errorf("%v: got %q at %q, want %q at %q", c.paths, text, path, c.text, c.path)
		}
	}
}

func TestPutAt(t *testing.T) {
	for _, c := range []struct{ name, doc, path, want string }{
		{"replaces the document", `{"a":1}`, "", `"new"`},
		{"replaces a document that is a text", `"old"`, ".", `"new"`},
		{"replaces a member", `{"a":1,"b":2}`, "a", `{"a":"new","b":2}`},
		{"makes objects", `null`, "a.b", `{"a":{"b":"new"}}`},
		{"makes a list for an index", `{}`, "a.0.b", `{"a":[{"b":"new"}]}`},
		{"fills a list", `[1,2]`, "1", `[1,"new"]`},
		{"makes a list longer", `[1]`, "2.x", `[1,null,{"x":"new"}]`},
		{"replaces a name that holds a dot", `{"a":{"b.c":1}}`, "a.b.c", `{"a":{"b.c":"new"}}`},
		{"takes an index for the name of a member", `{"a":{"x":1}}`, "a.0", `{"a":{"0":"new","x":1}}`},
		{"replaces what is in the way", `{"a":7}`, "a.b", `{"a":{"b":"new"}}`},
		{"makes no list without end", `null`, "4000000000", `{"4000000000":"new"}`},
	} {
		doc := schema.PutAt(decoded(t, c.doc), c.path, "new")
		if got, _ := json.Marshal(doc); string(got) != c.want {
			t.Errorf("%s: got %s, want %s", c.name, got, c.want)
		}
		if got, _ := schema.At(doc, c.path); got != "new" {
			t.Errorf("%s: not found where it was put", c.name)
		}
	}
}

func TestRemoveAt(t *testing.T) {
	for _, c := range []struct{ doc, path, want string }{
		{`{"a":1,"b":2}`, "a", `{"b":2}`},
		{`{"a":{"b.c":1,"d":2}}`, "a.b.c", `{"a":{"d":2}}`},
		{`{"a":[{"b":1},{"b":2}]}`, "a.1.b", `{"a":[{"b":1},{}]}`},
		{`{"a":[1]}`, "a.0", `{"a":[1]}`},
		{`{"a":1}`, "b.c", `{"a":1}`},
		{`7`, "a", `7`},
	} {
		doc := decoded(t, c.doc)
		schema.RemoveAt(doc, c.path)
		if got, _ := json.Marshal(doc); string(got) != c.want {
			t.Errorf("%s without %s: got %s, want %s", c.doc, c.path, got, c.want)
		}
	}
}

func TestScalarWritesWholeNumbersPlainly(t *testing.T) {
	for v, want := range map[any]string{float64(1e15): "1000000000000000", float64(3600): "3600", 0.25: "0.25", 12: "12"} {
		if got, _ := schema.Scalar(v); got != want {
			t.Errorf("%v: got %q, want %q", v, got, want)
		}
	}
}
