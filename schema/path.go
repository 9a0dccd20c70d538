package schema

import (
	"encoding/json"
	"math"
	"strconv"
	"strings"

	"github.com/nango-lite/nango-lite/internal/rawjson"
)

// Paths in a decoded document are names and indexes with dots between, such as
// authed_user.access_token or items.0.id. The empty path is the document itself. A
// name that holds a dot is found if it stands whole, at any depth: error.sub.code is
// found in {"error": {"sub.code": …}}. Objects are map[string]any and lists []any, as
// encoding/json decodes them.

// maxMade is the highest index at which [PutAt] makes a list.
const maxMade = 100

// Itself is the path of a document that is a text, such as the body of an answer that is no
// JSON.
const Itself = "."

// At returns the value at path.
func At(doc any, path string) (any, bool) {
	if path == "" {
		return doc, true
	}
	if text, ok := doc.(string); ok && path == Itself {
		return text, true
	}
	head, rest, more := strings.Cut(path, ".")
	switch node := doc.(type) {
	case map[string]any:
		if v, ok := node[path]; ok {
			return v, true
		}
		v, ok := node[head]
		if !ok || !more {
			return nil, false
		}
		return At(v, rest)
	case []any:
		i, ok := index(head, len(node))
		if !ok {
			return nil, false
		}
		return At(node[i], rest)
	}
	return nil, false
}

// TextAt returns the scalar at path as text; false if there is none, or if it is
// null, an object or a list.
func TextAt(doc any, path string) (string, bool) {
	v, ok := At(doc, path)
	if !ok {
		return "", false
	}
	return Scalar(v)
}

// Present reports whether a decoded value is there: whatever is not null, false or the
// empty text. So a URL is, and an object.
func Present(v any) bool { return v != nil && v != false && v != "" }

// FirstAt returns the first of paths at which text stands that is not empty, and the
// text. If there is none, text is empty and path the first of paths, or "".
func FirstAt(doc any, paths Paths) (path, text string) {
	for _, path := range paths {
		if text, _ := TextAt(doc, path); text != "" {
			return path, text
		}
	}
	if len(paths) == 0 {
		return "", ""
	}
	return paths[0], ""
}

// RawAt returns the value at path of an undecoded document, as it is written there.
// It decodes no more than it must pass.
func RawAt(doc json.RawMessage, path string) (json.RawMessage, bool) {
	if path == "" {
		return doc, len(doc) > 0
	}
	head, rest, more := strings.Cut(path, ".")
	var whole, below json.RawMessage
	if rawjson.Members(doc, func(name, value json.RawMessage) {
		switch {
		case rawjson.Named(name, path):
			whole = value
		case more && rawjson.Named(name, head):
			below = value
		}
	}) {
		if whole != nil || below == nil {
			return whole, whole != nil
		}
		return RawAt(below, rest)
	}
	list, ok := rawjson.Elements(doc)
	if !ok {
		return nil, false
	}
	i, ok := index(head, len(list))
	if !ok {
		return nil, false
	}
	return RawAt(list[i], rest)
}

// PutAt returns doc with value at path; [At] finds it there. Objects are made on the
// way, and lists where nothing stands and the path has an index. What is in the way
// and neither is replaced. It changes doc.
func PutAt(doc any, path string, value any) any {
	if path == "" || path == Itself {
		return value
	}
	head, rest, _ := strings.Cut(path, ".")
	switch node := doc.(type) {
	case map[string]any:
		if _, whole := node[path]; whole {
			head, rest = path, ""
		}
		node[head] = PutAt(node[head], rest, value)
		return node
	case []any:
		if i, ok := index(head, max(len(node), maxMade+1)); ok {
			for len(node) <= i {
				node = append(node, nil)
			}
			node[i] = PutAt(node[i], rest, value)
			return node
		}
	default:
		if i, ok := index(head, maxMade+1); ok {
			list := make([]any, i+1)
			list[i] = PutAt(nil, rest, value)
			return list
		}
	}
	return map[string]any{head: PutAt(nil, rest, value)}
}

// RemoveAt takes the member of an object at path away, if it is there. It changes
// doc.
func RemoveAt(doc any, path string) {
	head, rest, more := strings.Cut(path, ".")
	switch node := doc.(type) {
	case map[string]any:
		if _, whole := node[path]; whole {
			delete(node, path)
		} else if more {
			RemoveAt(node[head], rest)
		}
	case []any:
		if i, ok := index(head, len(node)); ok && more {
			RemoveAt(node[i], rest)
		}
	}
}

// index reads a step of a path as an index below size.
func index(step string, size int) (int, bool) {
	i, err := strconv.Atoi(step)
	return i, err == nil && i >= 0 && i < size
}

// Scalar returns a decoded JSON scalar as text; false for null, an object or a list.
// Whole numbers have no exponent and no fraction.
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
	case int64:
		return strconv.FormatInt(v, 10), true
	case float64:
		if v == math.Trunc(v) && math.Abs(v) < 1<<53 {
			return strconv.FormatInt(int64(v), 10), true
		}
		return strconv.FormatFloat(v, 'g', -1, 64), true
	}
	return "", false
}
