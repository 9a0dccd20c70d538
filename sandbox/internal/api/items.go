package api

import (
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/nango-lite/nango-lite/internal/lazyregexp"
	"github.com/nango-lite/nango-lite/sandbox/internal/message"
)

// idNames are what APIs call the field that tells items apart.
var idNames = []string{"id", "ID", "Id", "uuid", "gid", "guid", "sid", "_id", "key", "ts", "DOI"}

var uuidText = lazyregexp.New(`^[0-9a-fA-F]{8}-?([0-9a-fA-F]{4}-?){3}[0-9a-fA-F]{12}$`)

// multiply returns n items: the given ones over and over, each later round with
// fresh ids. 0 leaves the list as it is.
func multiply(items []any, n int) []any {
	if n <= 0 || len(items) == 0 {
		return items
	}
	top := highest(items)
	out := make([]any, 0, n)
	for i := range n {
		item := items[i%len(items)]
		if i >= len(items) {
			item = freshen(message.Clone(item), top, i-len(items)+1)
		}
		out = append(out, item)
	}
	return out
}

// ids calls visit with each id of an item and the object that it stands in, which is nil
// where the item is the id itself.
func ids(item any, visit func(in map[string]any, name string, id any)) {
	object, ok := item.(map[string]any)
	if !ok {
		visit(nil, "", item)
		return
	}
	for _, isID := range []func(name string) bool{
		func(name string) bool { return slices.Contains(idNames, name) },
		// ContactID and the like, which may name others as well
		func(name string) bool {
			return strings.HasSuffix(name, "ID") || strings.HasSuffix(name, "Id") || strings.HasSuffix(name, "_id")
		},
		// some are known by their name alone: IdentityName of Amazon SES
		func(name string) bool { return strings.HasSuffix(strings.ToLower(name), "name") },
		// and some by a grpid or deviceid, last, because paid and valid end so as well
		func(name string) bool { return strings.HasSuffix(name, "id") },
	} {
		found := false
		for name, id := range object {
			if isID(name) {
				visit(object, name, id)
				found = true
			}
		}
		if found {
			return
		}
	}
	for _, member := range object { // a thing of Reddit's has its id under data
		if inner, ok := member.(map[string]any); ok {
			ids(inner, visit)
		}
	}
}

// highest returns the highest number under each name of an id.
func highest(items []any) map[string]int64 {
	top := map[string]int64{}
	for _, item := range items {
		ids(item, func(_ map[string]any, name string, id any) {
			if n, err := strconv.ParseInt(message.Text(id), 10, 64); err == nil {
				top[name] = max(top[name], n)
			}
		})
	}
	return top
}

// freshen gives an item the i-th id after those of the sample.
func freshen(item any, top map[string]int64, i int) any {
	ids(item, func(in map[string]any, name string, id any) {
		fresh := freshID(id, top[name], i)
		if in == nil {
			item = fresh
		} else {
			in[name] = fresh
		}
	})
	return item
}

// freshID returns an id in the form of v.
func freshID(v any, top int64, i int) any {
	_, err := strconv.ParseInt(message.Text(v), 10, 64)
	next := strconv.FormatInt(top+int64(i), 10)
	switch s := v.(type) {
	case json.Number:
		return json.Number(next)
	case string:
		switch {
		case err == nil:
			return next
		case uuidText().MatchString(s):
			return s[:len(s)-8] + fmt.Sprintf("%08x", i)
		}
		return s + "-" + strconv.Itoa(i)
	}
	return v
}
