package jsonpath

import (
	"encoding/json"
	"strings"
	"testing"
)

const doc = `{"a":{"b":[{"c":"x"},{"c":7}]},"d.e":true,"n":null,"big":9007199254740993,"f":1.5,"list":[1,2]}`

func TestText(t *testing.T) {
	tests := map[string]struct {
		want string
		ok   bool
	}{
		"a.b.0.c": {"x", true}, "a.b.1.c": {"7", true}, "d.e": {"true", true}, "f": {"1.5", true}, "big": {"9007199254740993", true},
		"n": {"", false}, "a": {"", false}, "list": {"", false}, "a.b.2.c": {"", false}, "a.b.-1": {"", false}, "a.b.x": {"", false}, "zz": {"", false}, "f.x": {"", false},
	}
	d := json.NewDecoder(strings.NewReader(doc))
	d.UseNumber()
	var v any
	if err := d.Decode(&v); err != nil {
		t.Fatal(err)
	}
	for path, want := range tests {
		if got, ok := Text(v, path); got != want.want || ok != want.ok {
			t.Errorf("%s: got %q, %v, want %q, %v", path, got, ok, want.want, want.ok)
		}
	}
	if whole, ok := Lookup(v, ""); !ok || whole == nil {
		t.Error("the empty path is not the document")
	}
}

func TestScalarWritesWholeNumbersPlainly(t *testing.T) {
	for v, want := range map[any]string{float64(1e15): "1000000000000000", float64(3600): "3600", 0.25: "0.25", 12: "12"} {
		if got, _ := Scalar(v); got != want {
			t.Errorf("%v: got %q, want %q", v, got, want)
		}
	}
}
