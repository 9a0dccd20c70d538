package check

import (
	"encoding/json"
	"math"
	"os"
	"path/filepath"
	"testing"

	"github.com/nango-lite/nango-lite/loader/internal/yamltree"
)

// What meets a schema without the validator does so with it, and the other way round:
// for every file that there is, and with each of its values replaced by others.
func TestMeetsIsTheValidatorsAnswer(t *testing.T) {
	for _, c := range []struct {
		schema *Schema
		files  string
		most   int // files whose values are replaced
	}{
		{Integrations, "valid/*.yaml", 4},
		{Integrations, "invalid/*.yaml", 3},
		{Blueprint, "blueprints/*.yaml", 3},
		{Blueprint, "invalid/blueprints/*.yaml", 2},
	} {
		paths, _ := filepath.Glob("../../../testdata/" + c.files)
		if len(paths) == 0 {
			t.Fatalf("no %s", c.files)
		}
		for i, path := range paths {
			data, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			root, _ := yamltree.Parse(path, data)
			if root == nil {
				continue
			}
			v := root.JSON()
			agree(t, path, c.schema, v)
			if i < c.most {
				eachPlace(v, func(put func(any)) {
					for _, other := range []any{nil, true, int64(-1), int64(7), 1.5, "", "x", "https://x.example", []any{}, []any{"x", int64(1)}, map[string]any{}, map[string]any{"x": "y"}} {
						put(other)
						agree(t, path, c.schema, v)
					}
				})
			}
		}
	}
}

func agree(t *testing.T, path string, s *Schema, v any) {
	t.Helper()
	validator, err := s.compiled()
	if err != nil {
		t.Fatal(err)
	}
	invalid := validator.Validate(v)
	if got := meets(s.doc(), v); got != (invalid == nil) {
		text, _ := json.Marshal(v)
		t.Fatalf("%s: %v, and the validator says %v of\n%s", path, got, invalid, text)
	}
}

// eachPlace calls visit for every value below v, with a function that puts another in
// its place. The value is back in its place afterwards.
func eachPlace(v any, visit func(put func(any))) {
	switch v := v.(type) {
	case map[string]any:
		for name, was := range v {
			visit(func(other any) { v[name] = other })
			v[name] = was
			eachPlace(was, visit)
		}
	case []any:
		for i, was := range v {
			visit(func(other any) { v[i] = other })
			v[i] = was
			eachPlace(was, visit)
		}
	}
}

// What is not known here is for the validator to say.
func TestMeetsSaysNoWhereItCannotTell(t *testing.T) {
	for name, c := range map[string]struct {
		schema string
		value  any
	}{
		"a keyword that is not known":        {`{"multipleOf": 2}`, int64(4)},
		"one that is, below a condition":     {`{"if": {"multipleOf": 2}, "else": {"type": "integer"}}`, int64(4)},
		"a reference to another document":    {`{"$ref": "other.json"}`, "x"},
		"a reference to nothing":             {`{"$ref": "#/$defs/x"}`, "x"},
		"no number":                          {`{"type": "number"}`, math.NaN()},
		"a value that JSON does not have":    {`{"minLength": 1}`, struct{}{}},
		"a list that is compared as a whole": {`{"const": []}`, []any{}},
	} {
		var doc map[string]any
		if err := json.Unmarshal([]byte(c.schema), &doc); err != nil {
			t.Fatal(err)
		}
		if meets(doc, c.value) {
			t.Errorf("%s: met", name)
		}
	}
}
