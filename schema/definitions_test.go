package schema_test

import (
	"encoding/json"
	"os"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/nango-lite/nango-lite/schema"
)

type object = map[string]any

func definitions(t *testing.T) object {
	t.Helper()
	data, err := os.ReadFile("definitions.json")
	if err != nil {
		t.Fatal(err)
	}
	var doc object
	if err := json.Unmarshal(data, &doc); err != nil {
		t.Fatal(err)
	}
	return doc["$defs"].(object)
}

// keywords are all that our schemas use. The validator takes a misspelt keyword
// for an annotation, and says nothing.
var keywords = []string{"$ref", "type", "description", "default", "examples", "enum", "const", "pattern", "properties", "additionalProperties",
	"propertyNames", "required", "items", "minItems", "minLength", "minProperties", "minimum", "maximum", "exclusiveMinimum", "oneOf", "allOf", "if", "then",
	"x-modes", "x-operator", "x-public", "x-secret", "x-template", "x-header-names"}

// TestDefinitions: an editor can explain every key, and no object is open by
// accident.
func TestDefinitions(t *testing.T) {
	defs := definitions(t)
	var visit func(path string, s object)
	visit = func(path string, s object) {
		for key := range s {
			if !slices.Contains(keywords, key) {
				t.Errorf("%s: unknown keyword %q", path, key)
			}
		}
		if _, stated := s["additionalProperties"]; s["type"] == "object" && !stated {
			t.Errorf("%s: additionalProperties is not stated", path)
		}
		properties, _ := s["properties"].(object)
		for name, p := range properties {
			below := path + "." + name
			if describe(defs, p.(object)) == "" {
				t.Errorf("%s: no description", below)
			}
			visit(below, p.(object))
		}
		for _, key := range []string{"additionalProperties", "items"} {
			if child, ok := s[key].(object); ok {
				visit(path+"."+key, child)
			}
		}
		alternatives, _ := s["oneOf"].([]any)
		for _, a := range alternatives {
			visit(path+".oneOf", a.(object))
		}
	}
	for name, s := range defs {
		visit(name, s.(object))
	}
}

func resolve(defs, s object) object {
	for {
		ref, ok := s["$ref"].(string)
		if !ok {
			return s
		}
		var at any = object{"$defs": defs}
		for step := range strings.SplitSeq(strings.TrimPrefix(ref, "#/"), "/") {
			at = at.(object)[step]
		}
		s = at.(object)
	}
}

func describe(defs, s object) string {
	if text, ok := s["description"].(string); ok {
		return text
	}
	text, _ := resolve(defs, s)["description"].(string)
	return text
}

// TestTypes: each property has a Go field of its name, and the other way round.
func TestTypes(t *testing.T) {
	defs := definitions(t)
	file := defs["file"].(object)["properties"].(object)
	compare(t, defs, "defaults", file["defaults"].(object), reflect.TypeFor[schema.Defaults]())
	compare(t, defs, "server", file["server"].(object), reflect.TypeFor[schema.Server]())
	compare(t, defs, "integration", defs["integration"].(object), reflect.TypeFor[schema.Integration]())
	compare(t, defs, "blueprint", defs["blueprint"].(object), reflect.TypeFor[schema.Blueprint]())
}

// compare goes down a schema and a type together.
func compare(t *testing.T, defs object, path string, s object, typ reflect.Type) {
	s = resolve(defs, s)
	for typ.Kind() == reflect.Pointer {
		typ = typ.Elem()
	}
	switch {
	case s["properties"] != nil:
		if _, open := s["additionalProperties"].(object); open && typ.Kind() == reflect.Map {
			return // a document of which a part is known, such as a JSON Schema
		}
		if typ.Kind() != reflect.Struct {
			t.Errorf("%s: an object in the schema, %s in Go", path, typ)
			return
		}
		fields := tags(typ)
		properties := s["properties"].(object)
		for name, p := range properties {
			if field, ok := fields[name]; ok {
				compare(t, defs, path+"."+name, p.(object), field)
			} else {
				t.Errorf("%s.%s: %s has no such field", path, name, typ)
			}
		}
		for name := range fields {
			if nested := name == "paths" && strings.Contains(path, ".paths."); properties[name] == nil && !nested { // a list's own rules name no further lists
				t.Errorf("%s.%s: %s has this field, the schema does not", path, name, typ)
			}
		}
	case s["type"] == "object":
		if typ.Kind() != reflect.Map {
			t.Errorf("%s: a map in the schema, %s in Go", path, typ)
		} else if values, ok := s["additionalProperties"].(object); ok {
			compare(t, defs, path+".*", values, typ.Elem())
		}
	case s["type"] == "array":
		if typ.Kind() != reflect.Slice {
			t.Errorf("%s: a list in the schema, %s in Go", path, typ)
		} else {
			compare(t, defs, path+"[]", s["items"].(object), typ.Elem())
		}
	case s["type"] == "integer" && typ.Kind() != reflect.Int && typ.Kind() != reflect.Int64,
		s["type"] == "number" && typ.Kind() != reflect.Float64,
		s["type"] == "boolean" && typ.Kind() != reflect.Bool,
		s["type"] == "string" && typ.Kind() != reflect.String && typ != reflect.TypeFor[schema.Secret]():
		t.Errorf("%s: %v in the schema, %s in Go", path, s["type"], typ)
	}
}

// tags returns the JSON names of a struct's fields, embedded ones included.
func tags(typ reflect.Type) map[string]reflect.Type {
	out := map[string]reflect.Type{}
	for f := range fields(typ) {
		name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
		switch {
		case f.Anonymous && name == "":
			for n, t := range tags(f.Type) {
				out[n] = t
			}
		case name != "" && name != "-":
			out[name] = f.Type
		}
	}
	return out
}

func fields(typ reflect.Type) func(func(reflect.StructField) bool) {
	return func(yield func(reflect.StructField) bool) {
		for i := range typ.NumField() {
			if !yield(typ.Field(i)) {
				return
			}
		}
	}
}
