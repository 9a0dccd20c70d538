package rawjson_test

import (
	"bytes"
	"encoding/json"
	"reflect"
	"strings"
	"testing"

	"github.com/nango-lite/nango-lite/internal/rawjson"
)

var seeds = []string{
	``, ` `, `null`, `true`, `false`, `tru`, `0`, `-0`, `00`, `01`, `-`, `1.`, `.5`, `1.5e+3`, `1e`, `1E-2`, `-12`, `"`, `""`, `"a`, `"\"`, `"\""`, `"\u00e9"`, `"\u00g0"`, `"\x"`,
	"\"a\nb\"", "\"\x1f\"", "\"\x7f\"", "\"é\xff\"", `"twelve bytes and then \n some more of them"`, `[]`, `[ ]`, `[1]`, `[1,]`, `[,1]`, `[1 2]`, `[[[]]]`, `[`, `]`, `{}`, `{ }`, `{"a"}`, `{"a":}`,
	`{"a":1,}`, `{a:1}`, `{"a":1 "b":2}`, `{"a": [1, {"b": null}], "items": [ {"id": 1} , 2,"x"], "next": "c"}`, `{"items": null}`, `{"items": 3, "items": [1]}`, `{"items": [1], "items": {}}`,
	`{"it\u0065ms": [1,2]}`, `{"items": [1], "a": }`, `[1, 2] x`, "\ufeff[]", `{"a.b": {"c": 1}, "a": {"b": 2}}`, "\t{\r\n\"items\" : [ ] }\n",
}

// What is valid is what encoding/json says, and so are the parts.
func FuzzAsEncodingJSON(f *testing.F) {
	for _, seed := range seeds {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, doc []byte) {
		valid := json.Valid(doc)
		if got := rawjson.Valid(doc); got != valid {
			t.Fatalf("%q: valid is %t, and encoding/json says %t", doc, got, valid)
		}
		var object map[string]json.RawMessage
		isObject := json.Unmarshal(doc, &object) == nil && object != nil
		members := map[string]json.RawMessage{}
		if got := rawjson.Members(doc, func(name, value json.RawMessage) {
			var n string
			if valid && json.Unmarshal(name, &n) != nil {
				t.Fatalf("%q: the name %q", doc, name)
			}
			members[n] = value
		}); got != isObject {
			t.Fatalf("%q: an object is %t, and encoding/json says %t", doc, got, isObject)
		}
		if isObject && !same(members, object) {
			t.Fatalf("%q: the members are %q, want %q", doc, members, object)
		}
		var list []json.RawMessage
		isList := json.Unmarshal(doc, &list) == nil && list != nil
		elements, got := rawjson.Elements(doc)
		if got != isList || isList && !reflect.DeepEqual(elements, list) {
			t.Fatalf("%q: the elements are %q, %t, want %q, %t", doc, elements, got, list, isList)
		}
		pageOf(t, doc, valid, object)
	})
}

// pageOf holds List to what decoding finds.
func pageOf(t *testing.T, doc []byte, valid bool, object map[string]json.RawMessage) {
	p, ok := rawjson.List(doc, "items")
	if ok != valid {
		t.Fatalf("%q: a page is valid: %t, want %t", doc, ok, valid)
	}
	if !valid {
		return
	}
	at, found := object["items"]
	var list []json.RawMessage
	isList := found && json.Unmarshal(at, &list) == nil && list != nil
	if p.Found != found || (p.List != nil) != isList || isList && !reflect.DeepEqual(p.List, list) || p.Null != (string(at) == "null") {
		t.Fatalf("%q: got %q, found %t, null %t, want %q, %t", doc, p.List, p.Found, p.Null, list, found)
	}
	var rest map[string]json.RawMessage
	if isList && (json.Unmarshal(p.Rest, &rest) != nil || string(rest["items"]) != "[]" || len(rest) != len(object)) {
		t.Fatalf("%q: the rest is %q", doc, p.Rest)
	}
}

func same(a, b map[string]json.RawMessage) bool {
	if len(a) != len(b) {
		return false
	}
	for name := range a {
		if !bytes.Equal(a[name], b[name]) {
			return false
		}
	}
	return true
}

func TestNestingHasAnEnd(t *testing.T) {
	for _, n := range []int{9_999, 10_000, 10_001, 1_000_000} {
		doc := []byte(strings.Repeat("[", n) + strings.Repeat("]", n))
		if got, want := rawjson.Valid(doc), json.Valid(doc); got != want {
			t.Errorf("%d deep: %t, and encoding/json says %t", n, got, want)
		}
	}
}

func BenchmarkValid(b *testing.B) {
	doc := []byte(`[` + strings.Repeat(`{"id": "thing-000001", "name": "Buoy 1", "note": "Seen at dawn, two miles off the pier.", "size": {"height": 3, "width": 1.5}},`, 300) + `1]`)
	b.SetBytes(int64(len(doc)))
	for b.Loop() {
		if !rawjson.Valid(doc) {
			b.Fatal("not valid")
		}
	}
}
