package sandbox

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"strconv"
	"strings"
)

// plain returns v as encoding/json would read it back: objects as map[string]any,
// lists as []any, numbers as json.Number. It is a deep copy.
func plain(v any) (any, error) {
	if _, ok := v.(string); ok || v == nil {
		return v, nil
	}
	b, err := json.Marshal(v)
	if err != nil {
		return nil, err
	}
	return decode(b)
}

func decode(b []byte) (any, error) {
	d := json.NewDecoder(bytes.NewReader(b))
	d.UseNumber()
	var v any
	err := d.Decode(&v)
	return v, err
}

// clone copies a value that plain returned.
func clone(v any) any {
	switch v := v.(type) {
	case map[string]any:
		m := maps.Clone(v)
		for k := range m {
			m[k] = clone(m[k])
		}
		return m
	case []any:
		l := make([]any, len(v))
		for i := range v {
			l[i] = clone(v[i])
		}
		return l
	}
	return v
}

// lookup returns what stands at a dotted path; the empty path is v itself. A key
// that holds a dot is found if it stands whole ("@odata.nextLink").
func lookup(v any, path string) (any, bool) {
	if path == "" {
		return v, v != nil
	}
	if value, ok := whole(v, path); ok {
		return value, true
	}
	for key := range strings.SplitSeq(path, ".") {
		switch at := v.(type) {
		case map[string]any:
			next, ok := at[key]
			if !ok {
				return nil, false
			}
			v = next
		case []any:
			n, err := strconv.Atoi(key)
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

// whole returns the value of a key that is the path as it stands.
func whole(v any, path string) (any, bool) {
	object, _ := v.(map[string]any)
	value, ok := object[path]
	return value, ok
}

// put returns v with value at a dotted path, making objects (and lists, for a 0)
// on the way. What is in the way and neither object nor list is replaced.
func put(v any, path string, value any) any {
	if path == "" {
		return value
	}
	key, rest, _ := strings.Cut(path, ".")
	if _, ok := whole(v, path); ok {
		key, rest = path, ""
	}
	if list, ok := v.([]any); ok {
		if n, err := strconv.Atoi(key); err == nil && n >= 0 && n < len(list) {
			list[n] = put(list[n], rest, value)
			return list
		}
	}
	object, ok := v.(map[string]any)
	if !ok && key == "0" {
		return []any{put(nil, rest, value)}
	}
	if !ok {
		object = map[string]any{}
	}
	object[key] = put(object[key], rest, value)
	return object
}

// remove takes what stands at a dotted path away.
func remove(v any, path string) {
	parent, key := splitPath(path)
	if _, ok := whole(v, path); ok {
		parent, key = "", path
	}
	at, _ := lookup(v, parent)
	if object, ok := at.(map[string]any); ok {
		delete(object, key)
	}
}

// splitPath cuts the last key off.
func splitPath(path string) (parent, key string) {
	if i := strings.LastIndexByte(path, '.'); i >= 0 {
		return path[:i], path[i+1:]
	}
	return "", path
}

// beside returns the path of key in the object that holds path.
func beside(path, key string) string {
	if parent, _ := splitPath(path); parent != "" {
		return parent + "." + key
	}
	return key
}

func isText(v any) bool   { _, ok := v.(string); return ok }
func isNumber(v any) bool { _, ok := v.(json.Number); return ok }

// text writes a scalar as a word.
func text(v any) string {
	if v == nil {
		return ""
	}
	return fmt.Sprint(v)
}
