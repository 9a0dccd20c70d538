package bench

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
)

// plain returns v as decoded JSON, numbers as they were written.
func plain(v any) any {
	b, err := json.Marshal(v)
	if err != nil {
		return nil
	}
	return decode(b)
}

// decode returns JSON decoded, or nil.
func decode(b []byte) any {
	d := json.NewDecoder(bytes.NewReader(b))
	d.UseNumber()
	var v any
	if d.Decode(&v) != nil {
		return nil
	}
	return v
}

// encode writes v in one form only, so that equal values are equal texts.
func encode(v any) string {
	b, _ := json.Marshal(v)
	return string(b)
}

// lookup follows a dotted path; "" is the whole.
func lookup(v any, path string) (any, bool) {
	if path == "" {
		return v, true
	}
	if object, ok := v.(map[string]any); ok { // a key may hold a dot
		if whole, ok := object[path]; ok {
			return whole, true
		}
	}
	for name := range strings.SplitSeq(path, ".") {
		switch at := v.(type) {
		case map[string]any:
			next, ok := at[name]
			if !ok {
				return nil, false
			}
			v = next
		case []any:
			n, err := strconv.Atoi(name)
			if err != nil || n < 0 || n >= len(at) {
				return nil, false
			}
			v = at[n]
		default:
			return nil, false
		}
	}
	return v, true
}

// put returns v with the value at path replaced; what is missing is made.
func put(v any, path string, value any) any {
	if path == "" {
		return value
	}
	name, rest, _ := strings.Cut(path, ".")
	if _, whole := lookup(v, path); whole {
		if object, ok := v.(map[string]any); ok {
			if _, ok := object[path]; ok {
				name, rest = path, ""
			}
		}
	}
	if n, err := strconv.Atoi(name); err == nil {
		list, _ := v.([]any)
		for len(list) <= n {
			list = append(list, nil)
		}
		list[n] = put(list[n], rest, value)
		return list
	}
	object, ok := v.(map[string]any)
	if !ok {
		object = map[string]any{}
	}
	object[name] = put(object[name], rest, value)
	return object
}

// remove takes the value at path out.
func remove(v any, path string) {
	parent, name := "", path
	object, _ := v.(map[string]any)
	if _, whole := object[path]; whole {
		delete(object, path)
		return
	}
	if i := strings.LastIndexByte(path, '.'); i >= 0 {
		parent, name = path[:i], path[i+1:]
	}
	if at, ok := lookup(v, parent); ok {
		if object, ok := at.(map[string]any); ok {
			delete(object, name)
		}
	}
}

// text is a scalar as text; anything else is "".
func text(v any) string {
	switch v := v.(type) {
	case string:
		return v
	case json.Number:
		return v.String()
	case bool:
		return strconv.FormatBool(v)
	case float64, int:
		return fmt.Sprint(v)
	}
	return ""
}
