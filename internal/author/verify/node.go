package verify

import (
	"maps"
	"net/url"
	"slices"
	"strconv"
	"strings"
)

// A node is a value of a document and its place. The zero node is nothing.
type node struct {
	doc   *Document
	place string // JSON pointer (RFC 6901)
	value any
}

// at returns the value at a JSON pointer, or nothing.
func (d *Document) at(pointer string) node {
	n := node{doc: d, value: d.root}
	for _, step := range steps(pointer) {
		n = n.get(step)
	}
	return n
}

// steps takes a pointer apart.
func steps(pointer string) []string {
	if pointer == "" {
		return nil
	}
	parts := strings.Split(strings.TrimPrefix(pointer, "/"), "/")
	for i, p := range parts {
		parts[i] = strings.ReplaceAll(strings.ReplaceAll(p, "~1", "/"), "~0", "~")
	}
	return parts
}

// step is a name as it stands in a pointer.
func step(name string) string {
	return strings.ReplaceAll(strings.ReplaceAll(name, "~", "~0"), "/", "~1")
}

func (n node) exists() bool { return n.doc != nil && n.value != nil }

// get returns the member or the element called name, as it stands there.
func (n node) get(name string) node {
	below := node{doc: n.doc, place: n.place + "/" + step(name)}
	switch v := n.value.(type) {
	case map[string]any:
		below.value = v[name]
	case []any:
		if i, err := strconv.Atoi(name); err == nil && i >= 0 && i < len(v) {
			below.value = v[i]
		}
	}
	return below
}

// names returns the names of the members, sorted.
func (n node) names() []string {
	m, _ := n.value.(map[string]any)
	return slices.Sorted(maps.Keys(m))
}

// items returns the elements of a list.
func (n node) items() []node {
	list, _ := n.value.([]any)
	out := make([]node, len(list))
	for i := range list {
		out[i] = n.get(strconv.Itoa(i))
	}
	return out
}

func (n node) text(name string) string {
	text, _ := n.get(name).value.(string)
	return text
}

func (n node) isTrue(name string) bool {
	is, _ := n.get(name).value.(bool)
	return is
}

// number returns a number that is a member.
func (n node) number(name string) (float64, bool) {
	v, ok := n.get(name).value.(float64)
	return v, ok
}

// maxReferences is how many references may follow each other.
const maxReferences = 20

// resolved follows references. It reports whether they lead anywhere: in some published
// documents they do not.
func (n node) resolved() (node, bool) {
	for range maxReferences {
		ref := n.text("$ref")
		if ref == "" {
			return n, n.exists()
		}
		n = n.follow(ref)
	}
	return node{}, false
}

func (n node) follow(ref string) node {
	file, pointer, found := strings.Cut(ref, "#")
	doc := n.doc
	switch {
	case n.doc.kind == discovery && !found: // the name of a schema
		return doc.at("/schemas/" + step(ref))
	case file != "":
		if doc = doc.beside(file); doc == nil {
			return node{}
		}
	}
	if plain, err := url.PathUnescape(pointer); err == nil {
		pointer = plain
	}
	return doc.at(pointer)
}

// where is the place for people: the document and the pointer in it.
func (n node) where() string {
	if n.doc == nil {
		return ""
	}
	return n.doc.Name + "#" + n.place
}
