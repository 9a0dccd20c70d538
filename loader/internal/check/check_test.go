package check

import (
	"encoding/json"
	"testing"
)

// TestDrafts: the schemas say nothing that means something else in 2019-09, as
// which they are compiled.
func TestDrafts(t *testing.T) {
	for _, s := range []*Schema{Integrations, Integration, Blueprint} {
		doc := s.doc()
		if doc["$schema"] != "https://json-schema.org/draft/2020-12/schema" {
			t.Error("a schema names another draft")
		}
		walk(doc, func(object map[string]any) {
			for _, name := range []string{"prefixItems", "$dynamicRef", "$dynamicAnchor", "$recursiveRef", "$recursiveAnchor", "contains", "unevaluatedItems"} {
				if _, ok := object[name]; ok {
					b, _ := json.Marshal(object)
					t.Errorf("%s means something else in 2019-09: %.100s", name, b)
				}
			}
			if _, list := object["items"].([]any); list {
				t.Error("items is a list")
			}
		})
		compiled, err := s.compiled()
		if err != nil {
			t.Fatal(err)
		}
		if compiled.Draft == nil {
			t.Error("no draft")
		}
	}
}

// walk visits each schema in v: what stands under properties is called as it likes.
func walk(v any, visit func(map[string]any)) {
	switch v := v.(type) {
	case map[string]any:
		visit(v)
		for name, x := range v {
			if properties, ok := x.(map[string]any); ok && name == "properties" {
				for _, p := range properties {
					walk(p, visit)
				}
				continue
			}
			walk(x, visit)
		}
	case []any:
		for _, x := range v {
			walk(x, visit)
		}
	}
}
