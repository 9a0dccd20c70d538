package jsonpath_test

import (
	"encoding/json"
	"testing"

	"github.com/nango-lite/nango-lite/engine/internal/jsonpath"
)

func TestRaw(t *testing.T) {
	const doc = `{"a": {"b": [1, {"c": 9007199254740993}]}, "a.b": "whole", "n": null}`
	for path, want := range map[string]string{
		"a.b": `"whole"`, "a": `{"b": [1, {"c": 9007199254740993}]}`, "n": "null", "": doc, "x": "", "a.x": "", "n.x": "", "a.b.c": "",
	} {
		if got, ok := jsonpath.Raw(json.RawMessage(doc), path); string(got) != want || ok != (want != "") {
			t.Errorf("%s: got %s, %v; want %s", path, got, ok, want)
		}
	}
	for path, want := range map[string]string{"b.1.c": "9007199254740993", "b.0": "1", "b.2": "", "b.-1": "", "b.x": ""} {
		if got, ok := jsonpath.Raw(json.RawMessage(`{"b": [1, {"c": 9007199254740993}]}`), path); string(got) != want || ok != (want != "") {
			t.Errorf("%s: got %s, %v; want %s", path, got, ok, want)
		}
	}
}
