package message

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"strings"
)

// Plain returns v as encoding/json would read it back: objects as map[string]any,
// lists as []any, numbers as json.Number. It is a deep copy.
func Plain(v any) (any, error) {
	if _, ok := v.(string); ok || v == nil {
		return v, nil
	}
	b, err := json.Marshal(v)
	if err != nil {
		return nil, err
	}
	return Decode(b)
}

func Decode(b []byte) (any, error) {
	d := json.NewDecoder(bytes.NewReader(b))
	d.UseNumber()
	var v any
	err := d.Decode(&v)
	return v, err
}

// Clone copies a value that plain returned.
func Clone(v any) any {
	switch v := v.(type) {
	case map[string]any:
		m := maps.Clone(v)
		for k := range m {
			m[k] = Clone(m[k])
		}
		return m
	case []any:
		l := make([]any, len(v))
		for i := range v {
			l[i] = Clone(v[i])
		}
		return l
	}
	return v
}

// splitPath cuts the last key off.
func splitPath(path string) (parent, key string) {
	if i := strings.LastIndexByte(path, '.'); i >= 0 {
		return path[:i], path[i+1:]
	}
	return "", path
}

// Beside returns the path of key in the object that holds path.
func Beside(path, key string) string {
	if parent, _ := splitPath(path); parent != "" {
		return parent + "." + key
	}
	return key
}

func IsText(v any) bool { _, ok := v.(string); return ok }

func IsNumber(v any) bool { _, ok := v.(json.Number); return ok }

// Text writes a scalar as a word.
func Text(v any) string {
	if v == nil {
		return ""
	}
	return fmt.Sprint(v)
}
