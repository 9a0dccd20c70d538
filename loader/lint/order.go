package lint

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"sync"

	"github.com/nango-lite/nango-lite/loader"
	"github.com/nango-lite/nango-lite/loader/internal/tree"
	"github.com/nango-lite/nango-lite/schema"
)

// An order is that of a map's keys, and of the maps below it. Keys that it does
// not name keep their places.
type order struct {
	keys  []string
	below map[string]*order
	each  *order // of all entries of a map, or items of a list, that below does not name
	rank  func(a, b string) int
}

// fileOrder is the order in which schema/definitions.json, which people read from the
// top, has the keys of a blueprint file.
var fileOrder = sync.OnceValue(func() *order {
	d := json.NewDecoder(bytes.NewReader(schema.DefinitionsJSON))
	r := orderReader{root: written(d), read: map[string]*order{}}
	o := r.at("#/$defs/blueprint")
	o.below["versions"].rank = loader.CompareVersions
	return o
})

// A member is a value of a JSON document whose objects keep their order.
type member struct {
	name  string // in an object
	text  string
	below []*member
}

// written reads the next value of a document that is known to be JSON.
func written(d *json.Decoder) *member {
	m := &member{}
	switch token, _ := d.Token(); token {
	case json.Delim('{'), json.Delim('['):
		for d.More() {
			name := ""
			if token == json.Delim('{') {
				key, _ := d.Token()
				name = key.(string)
			}
			m.below = append(m.below, written(d))
			m.below[len(m.below)-1].name = name
		}
		_, _ = d.Token()
	default:
		m.text, _ = token.(string)
	}
	return m
}

// at returns what is below a name; nothing, where that is not there.
func (m *member) at(name string) *member {
	for _, b := range m.below {
		if b.name == name {
			return b
		}
	}
	return &member{}
}

// An orderReader reads orders out of the definitions, that of each reference once.
type orderReader struct {
	root *member
	read map[string]*order
}

func (r orderReader) at(ref string) *order {
	if o := r.read[ref]; o != nil {
		return o
	}
	m := r.root
	for step := range strings.SplitSeq(strings.TrimPrefix(ref, "#/"), "/") {
		m = m.at(step)
	}
	o := &order{}
	r.read[ref] = o // before what is below it, which may lead here
	*o = *r.of(m)
	return o
}

// of returns the order of what a schema describes.
func (r orderReader) of(s *member) *order {
	if ref := s.at("$ref").text; ref != "" {
		return r.at(ref)
	}
	o := &order{below: map[string]*order{}}
	for _, one := range append([]*member{s}, s.at("oneOf").below...) {
		for _, p := range one.at("properties").below {
			o.keys, o.below[p.name] = append(o.keys, p.name), r.of(p)
		}
		for _, keyword := range []string{"additionalProperties", "items"} {
			if each := one.at(keyword); each.below != nil {
				o.each = r.of(each)
			}
		}
	}
	return o
}

// compare orders two keys; 0 leaves them as they stand.
func (o *order) compare(a, b string) int {
	if o.rank != nil {
		return o.rank(a, b)
	}
	i, j := slices.Index(o.keys, a), slices.Index(o.keys, b)
	if i < 0 || j < 0 {
		return 0
	}
	return i - j
}

// under returns the order of the value under a key, or of an item.
func (o *order) under(key string) *order {
	if b := o.below[key]; b != nil {
		return b
	}
	return o.each
}

type misplaced struct {
	code    string
	at      schema.Origin
	message string
}

// disorder returns the keys that stand after one that should follow them.
func disorder(root *tree.Node) (out []misplaced) {
	walk(root, fileOrder(), func(n *tree.Node, o *order) {
		code, what := "key-order", "key"
		if o.rank != nil {
			code, what = "version-order", "version"
		}
		for i := 1; i < len(n.Fields); i++ {
			for j := range i {
				if o.compare(n.Fields[j].Name, n.Fields[i].Name) > 0 {
					out = append(out, misplaced{code, n.Fields[i].At, fmt.Sprintf("%s %q stands before %q elsewhere", what, n.Fields[i].Name, n.Fields[j].Name)})
					break
				}
			}
		}
	})
	return out
}

// walk calls visit for each block map that has an order, the inner before the
// outer. Maps on one line are for their author to arrange.
func walk(n *tree.Node, o *order, visit func(*tree.Node, *order)) {
	if n == nil || o == nil {
		return
	}
	for _, item := range n.Items {
		walk(item, o.each, visit)
	}
	for _, f := range n.Fields {
		walk(f.Value, o.under(f.Name), visit)
	}
	if n.Kind == tree.Map && isBlock(n) {
		visit(n, o)
	}
}

// isBlock reports whether each key stands on a line of its own, below the one
// before.
func isBlock(n *tree.Node) bool {
	for i, f := range n.Fields {
		if i > 0 && (f.At.Line <= n.Fields[i-1].At.Line || f.At.Column != n.Fields[0].At.Column) {
			return len(n.Fields) == 0
		}
	}
	return true
}
