package jsonpath

import (
	"encoding/json"
	"strconv"
	"strings"
)

// Raw returns the value at path of an undecoded document, as it is written
// there. It decodes no more than it must pass.
func Raw(doc json.RawMessage, path string) (json.RawMessage, bool) {
	if path == "" {
		return doc, len(doc) > 0
	}
	head, rest, more := strings.Cut(path, ".")
	var object map[string]json.RawMessage
	if json.Unmarshal(doc, &object) == nil {
		if v, ok := object[path]; ok {
			return v, true
		}
		v, ok := object[head]
		if !ok || !more {
			return nil, false
		}
		return Raw(v, rest)
	}
	var list []json.RawMessage
	i, err := strconv.Atoi(head)
	if err != nil || json.Unmarshal(doc, &list) != nil || i < 0 || i >= len(list) {
		return nil, false
	}
	return Raw(list[i], rest)
}
