package verify

import (
	"slices"
	"strconv"
	"strings"
)

// A presence says whether a schema has something at a path.
type presence int

const (
	absent presence = iota
	unknown
	present
)

// lookAt follows a dotted path, as [schema.At] does in a document, through a schema.
// Of the schemas that stand there it returns the first.
func lookAt(n node, path string) (node, presence) {
	if path == "" || path == "." {
		return n, present
	}
	head, rest, more := strings.Cut(path, ".")
	best := absent
	for _, v := range variants(n) {
		found, is := v.lookAt(path, head, rest, more)
		if is == present {
			return found, present
		}
		best = max(best, is)
	}
	return node{}, best
}

func (v variant) lookAt(path, head, rest string, more bool) (node, presence) {
	_, isIndex := strconv.Atoi(head)
	best := absent
	if v.open || len(v.parts) == 0 {
		best = unknown
	}
	for _, part := range v.parts {
		if s := part.get("properties").get(path); s.exists() {
			return s, present
		}
		below := part.get("properties").get(head)
		if items := (variant{parts: []node{part}}).elements(); isIndex == nil && items != nil {
			below = items[0]
		}
		if below.exists() {
			if !more {
				return below, present
			}
			if found, is := lookAt(below, rest); is != absent {
				return found, is
			}
			continue
		}
		types := part.types()
		if t := strings.Join(types, " "); types == nil && !v.object().exists() || t == "object" && !v.object().exists() || strings.Contains(t, "array") && !part.get("items").exists() {
			if len(part.names()) == 0 || types != nil || onlyProse(part) {
				best = unknown
			}
		}
	}
	if _, closed := v.others(); !closed && v.object().exists() {
		best = max(best, unknown)
	}
	return node{}, best
}

// onlyProse reports whether a schema says nothing of what may stand there.
func onlyProse(n node) bool {
	for _, name := range n.names() {
		switch name {
		case "description", "title", "example", "examples", "nullable", "deprecated", "default":
		default:
			if !strings.HasPrefix(name, "x-") {
				return false
			}
		}
	}
	return true
}

// isList reports whether a schema may be a list.
func isList(n node) presence {
	best := absent
	for _, v := range variants(n) {
		if len(v.parts) == 0 || v.open {
			best = max(best, unknown)
		}
		for _, part := range v.parts {
			switch types := part.types(); {
			case slices.Contains(types, "array"), part.get("items").exists():
				return present
			case types == nil && !part.get("properties").exists() && onlyProse(part):
				best = max(best, unknown)
			}
		}
	}
	return best
}
