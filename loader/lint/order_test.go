package lint

import (
	"bytes"
	"encoding/json"
	"os"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// The order of keys is that of the schema's source, which people read from the
// top.
func TestOrderIsThatOfTheSchema(t *testing.T) {
	data, err := os.ReadFile("../../schema/definitions.json")
	if err != nil {
		t.Fatal(err)
	}
	for name, o := range map[string]*order{
		"blueprint": fileOrder, "version": versionOrder, "auth": authOrder, "requests": requestsOrder,
		"sample": sampleOrder, "note": noteOrder, "field": fieldOrder,
		"look_up": connectedOrder.below["request"], "choices": connectedOrder.below["list"],
	} {
		if diff := cmp.Diff(properties(t, data, "$defs", name, "properties"), o.keys); diff != "" {
			t.Errorf("%s (-schema +order):\n%s", name, diff)
		}
	}
	if diff := cmp.Diff(properties(t, data, "$defs", "connection", "additionalProperties", "properties"), connectedOrder.keys); diff != "" {
		t.Errorf("connection (-schema +order):\n%s", diff)
	}
}

// properties returns the keys of the object at a path, in their order.
func properties(t *testing.T, data []byte, path ...string) (keys []string) {
	t.Helper()
	for _, name := range path {
		var object map[string]json.RawMessage
		if err := json.Unmarshal(data, &object); err != nil || object[name] == nil {
			t.Fatalf("no %s: %v", name, err)
		}
		data = object[name]
	}
	d := json.NewDecoder(bytes.NewReader(data))
	if _, err := d.Token(); err != nil {
		t.Fatal(err)
	}
	for d.More() {
		key, err := d.Token()
		if err != nil {
			t.Fatal(err)
		}
		keys = append(keys, key.(string))
		var skip json.RawMessage
		if err := d.Decode(&skip); err != nil {
			t.Fatal(err)
		}
	}
	return slices.Clip(keys)
}
