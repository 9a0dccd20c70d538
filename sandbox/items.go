package sandbox

import (
	"encoding/json"
	"fmt"
	"regexp"
	"strconv"
)

// idNames are what APIs call the field that tells items apart.
var idNames = []string{"id", "ID", "Id", "uuid", "gid", "guid", "sid", "_id", "key", "ts"}

var uuidText = regexp.MustCompile(`^[0-9a-fA-F]{8}-?([0-9a-fA-F]{4}-?){3}[0-9a-fA-F]{12}$`)

// multiply returns n items: the given ones over and over, each later round with
// fresh ids. 0 leaves the list as it is.
func multiply(items []any, n int) []any {
	if n <= 0 || len(items) == 0 {
		return items
	}
	out := make([]any, 0, n)
	for i := range n {
		item := items[i%len(items)]
		if i >= len(items) {
			item = freshen(clone(item), i)
		}
		out = append(out, item)
	}
	return out
}

func freshen(item any, i int) any {
	object, ok := item.(map[string]any)
	if !ok {
		return freshID(item, i)
	}
	for _, name := range idNames {
		if v, has := object[name]; has && v != nil {
			object[name] = freshID(v, i)
		}
	}
	return object
}

// freshID returns the i-th relative of an id, in the same form.
func freshID(v any, i int) any {
	switch v := v.(type) {
	case json.Number:
		if n, err := v.Int64(); err == nil {
			return json.Number(strconv.FormatInt(n+int64(i), 10))
		}
	case string:
		if uuidText.MatchString(v) {
			return v[:len(v)-8] + fmt.Sprintf("%08x", i)
		}
		if n, err := strconv.ParseInt(v, 10, 64); err == nil {
			return strconv.FormatInt(n+int64(i), 10)
		}
		return v + "-" + strconv.Itoa(i)
	}
	return v
}
