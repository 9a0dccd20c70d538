package bench

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strconv"

	"github.com/nango-lite/nango-lite/schema"
)

// exampleInputs are inputs that an operation takes: the required ones alone, then all,
// with each value of each enumeration once.
func exampleInputs(o *schema.Operation) []map[string]any {
	least, most := map[string]any{}, 0
	all := o.Inputs()
	for _, in := range all {
		if in.Required && in.Default == nil {
			least[in.Name] = exampleOf(in.Schema, fewest)
		}
		most = max(most, variants(in.Schema))
	}
	list := []map[string]any{least}
	for i := range most {
		input := map[string]any{}
		for _, in := range all {
			input[in.Name] = exampleOf(in.Schema, i)
		}
		list = append(list, input)
	}
	return list
}

// variants are how many examples of a schema show all that it enumerates.
func variants(s map[string]any) int {
	if list, ok := s["enum"].([]any); ok {
		return len(list)
	}
	if items, ok := s["items"].(map[string]any); ok {
		return variants(items)
	}
	if types, ok := s["type"].([]any); ok {
		return len(types)
	}
	return 1
}

// fewest asks for an example whose lists are as short as they may be.
const fewest = -1

// exampleOf is the i-th value that a schema allows.
func exampleOf(s map[string]any, i int) any {
	short := i == fewest
	i = max(i, 0)
	if list, ok := s["enum"].([]any); ok && len(list) > 0 {
		return list[i%len(list)]
	}
	switch kindOf(s, i) {
	case "integer", "number":
		if low, ok := number(s["minimum"]); ok {
			return low
		}
		if low, ok := number(s["exclusiveMinimum"]); ok {
			return low + 1
		}
		return 7.0
	case "boolean":
		return i%2 == 0
	case "null":
		return nil
	case "array":
		items, _ := s["items"].(map[string]any)
		n := 2.0
		if low, ok := number(s["minItems"]); ok {
			n = low
		}
		if high, ok := number(s["maxItems"]); ok && !short {
			n = high
		}
		list := []any{}
		for j := range int(n) {
			list = append(list, exampleOf(items, i+j))
		}
		return list
	case "object":
		out := map[string]any{}
		properties, _ := s["properties"].(map[string]any)
		for name, p := range properties {
			inner, _ := p.(map[string]any)
			out[name] = exampleOf(inner, i)
		}
		for _, name := range textsOf(s["required"]) {
			if _, ok := out[name]; !ok {
				out[name] = "bench"
			}
		}
		if len(out) == 0 {
			out["bench"] = "x"
		}
		return out
	}
	switch s["format"] {
	case "date-time":
		return "2026-03-02T09:00:00Z"
	case "date":
		return "2026-03-02"
	}
	return "bench " + strconv.Itoa(i) + "/&?" // what looks different once it is escaped
}

func kindOf(s map[string]any, i int) string {
	if types, ok := s["type"].([]any); ok && len(types) > 0 {
		kind, _ := types[i%len(types)].(string)
		return kind
	}
	kind, _ := s["type"].(string)
	return kind
}

// A wrongInput is one that an operation must refuse.
type wrongInput struct {
	what  string
	input map[string]any
}

// wrongInputs are inputs that are right but for one place.
func wrongInputs(o *schema.Operation) []wrongInput {
	right := exampleInputs(o)[0]
	var list []wrongInput
	but := func(what, name string, v any) {
		input := maps.Clone(right)
		input[name] = v
		list = append(list, wrongInput{what + " of " + name, input})
	}
	but("no such input: the value", "bench_unknown", 1)
	for _, in := range o.Inputs() {
		if in.Required && in.Default == nil {
			input := maps.Clone(right)
			delete(input, in.Name)
			list = append(list, wrongInput{"the absence of " + in.Name, input})
		}
		for _, w := range wrongOf(in.Schema) {
			but(w.what, in.Name, w.value)
		}
	}
	return list
}

type wrongValue struct {
	what  string
	value any
}

// wrongOf are values that a schema does not allow.
func wrongOf(s map[string]any) []wrongValue {
	var list []wrongValue
	if s["enum"] != nil {
		list = append(list, wrongValue{"a value beside the enumeration", "bench-none"})
	}
	for _, bound := range []struct {
		key string
		off float64
	}{{"minimum", -1}, {"exclusiveMinimum", 0}, {"maximum", 1}} {
		if n, ok := number(s[bound.key]); ok {
			list = append(list, wrongValue{fmt.Sprintf("%v, beyond %s,", n+bound.off, bound.key), n + bound.off})
		}
	}
	if n, ok := number(s["minLength"]); ok && n > 0 {
		list = append(list, wrongValue{"a shorter text", ""})
	}
	switch kindOf(s, 0) {
	case "string":
		list = append(list, wrongValue{"an object in place", map[string]any{"a": 1}}, wrongValue{"a list in place", []any{"a"}})
	case "integer", "number", "boolean":
		list = append(list, wrongValue{"a text in place", "text"})
	case "object":
		list = append(list, wrongValue{"a text in place", "text"})
		list = append(list, wrongMembers(s)...)
	case "array":
		list = append(list, wrongValue{"a text in place", "text"})
		list = append(list, wrongItems(s)...)
	}
	return list
}

func wrongMembers(s map[string]any) []wrongValue {
	var list []wrongValue
	for _, name := range textsOf(s["required"]) {
		lacking, _ := exampleOf(s, 0).(map[string]any)
		delete(lacking, name)
		list = append(list, wrongValue{"the absence of " + name, lacking})
	}
	properties, _ := s["properties"].(map[string]any)
	for _, name := range slices.Sorted(maps.Keys(properties)) {
		inner, _ := properties[name].(map[string]any)
		for _, w := range wrongOf(inner) {
			changed, _ := exampleOf(s, 0).(map[string]any)
			changed[name] = w.value
			list = append(list, wrongValue{w.what + " of " + name, changed})
		}
	}
	return list
}

func wrongItems(s map[string]any) []wrongValue {
	items, _ := s["items"].(map[string]any)
	var list []wrongValue
	for _, w := range wrongOf(items) {
		list = append(list, wrongValue{w.what + " of an element", []any{w.value}})
	}
	many := func(n int) []any {
		out := []any{}
		for i := range n {
			out = append(out, exampleOf(items, i))
		}
		return out
	}
	if n, ok := number(s["minItems"]); ok && n > 0 {
		list = append(list, wrongValue{"fewer elements", many(int(n) - 1)})
	}
	if n, ok := number(s["maxItems"]); ok {
		list = append(list, wrongValue{"more elements", many(int(n) + 1)})
	}
	return list
}

func number(v any) (float64, bool) {
	switch v := v.(type) {
	case json.Number:
		f, err := v.Float64()
		return f, err == nil
	case float64:
		return v, true
	case int:
		return float64(v), true
	}
	return 0, false
}

func textsOf(v any) []string {
	list, _ := v.([]any)
	var out []string
	for _, element := range list {
		out = append(out, text(element))
	}
	return out
}
