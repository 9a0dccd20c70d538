// Package jsonpath looks values up in decoded JSON by dotted paths, such as
// authed_user.access_token or items.0.id, as blueprints write them.
package jsonpath

import (
	"encoding/json"
	"math"
	"strconv"
	"strings"
)

// Lookup returns the value at path. The empty path is the document itself. A
// key that holds a dot is found if it stands whole.
func Lookup(doc any, path string) (any, bool) {
	if path == "" {
		return doc, true
	}
	switch node := doc.(type) {
	case map[string]any:
		if v, ok := node[path]; ok {
			return v, true
		}
		head, rest, more := strings.Cut(path, ".")
		v, ok := node[head]
		if !ok || !more {
			return nil, false
		}
		return Lookup(v, rest)
	case []any:
		head, rest, _ := strings.Cut(path, ".")
		i, err := strconv.Atoi(head)
		if err != nil || i < 0 || i >= len(node) {
			return nil, false
		}
		return Lookup(node[i], rest)
	}
	return nil, false
}

// Text returns the scalar at path as text; false if there is none, or if it is
// null, an object or a list. Whole numbers have no exponent and no fraction.
func Text(doc any, path string) (string, bool) {
	v, ok := Lookup(doc, path)
	if !ok {
		return "", false
	}
	return Scalar(v)
}

// Scalar returns a decoded JSON scalar as text.
func Scalar(v any) (string, bool) {
	switch v := v.(type) {
	case string:
		return v, true
	case bool:
		return strconv.FormatBool(v), true
	case json.Number:
		return v.String(), true
	case int:
		return strconv.Itoa(v), true
	case float64:
		if v == math.Trunc(v) && math.Abs(v) < 1<<53 {
			return strconv.FormatInt(int64(v), 10), true
		}
		return strconv.FormatFloat(v, 'g', -1, 64), true
	}
	return "", false
}
