package lint

import (
	"encoding/json"
	"strconv"
	"strings"
)

// at returns the value at a dotted path of a sample's body. A key that holds a
// dot is found if it stands whole.
func at(doc any, path string) (any, bool) {
	if path == "" {
		return doc, true
	}
	head, rest, _ := strings.Cut(path, ".")
	switch n := doc.(type) {
	case map[string]any:
		if v, ok := n[path]; ok {
			return v, true
		}
		if v, ok := n[head]; ok && head != path {
			return at(v, rest)
		}
	case []any:
		if i, err := strconv.Atoi(head); err == nil && i >= 0 && i < len(n) {
			return at(n[i], rest)
		}
	}
	return nil, false
}

// textAt returns the scalar at a path as text.
func textAt(doc any, path string) (string, bool) {
	v, ok := at(doc, path)
	if !ok || v == nil {
		return "", false
	}
	switch v.(type) {
	case map[string]any, []any:
		return "", false
	}
	return scalar(v), true
}

// scalar writes a value so that equal ones are equal: strings as they are,
// anything else as JSON.
func scalar(v any) string {
	if s, ok := v.(string); ok {
		return s
	}
	b, _ := json.Marshal(v)
	return string(b)
}
