// Package tree holds what a YAML file says, with the place of everything it
// says. Start with [Node].
package tree

import (
	"encoding/json"
	"math"
	"strconv"

	"github.com/nango-lite/nango-lite/schema"
)

// A Kind is a kind of value.
type Kind uint8

// The kinds.
const (
	Null Kind = iota
	Bool
	Int
	Float
	String
	List
	Map
)

// String names the kind for people.
func (k Kind) String() string {
	return [...]string{"empty", "true or false", "a number", "a number", "text", "a list", "a map"}[k]
}

// A Node is a value and where it came from. Nodes are changed only by whoever
// made them; [Node.Clone] gives one to change.
type Node struct {
	Kind   Kind
	Text   string  // of scalars: the text of a string, the source of anything else
	Items  []*Node // of a list
	Fields []Field // of a map, in the order of the file
	Origin schema.Origin
	Bad    bool // reported already: stands for a value that nobody knows

	Supplied []Supplied // what references have put into Text
}

// Supplied is a text that came from outside, and what stands before it in the whole.
type Supplied struct{ Before, Text string }

// A Field is an entry of a map.
type Field struct {
	Name  string
	At    schema.Origin // of the key
	Value *Node
}

// Text returns a string node.
func Text(s string, from schema.Origin) *Node { return &Node{Kind: String, Text: s, Origin: from} }

// NewMap returns an empty map.
func NewMap(from schema.Origin) *Node { return &Node{Kind: Map, Origin: from} }

// Clone returns a copy that shares nothing with n.
func (n *Node) Clone() *Node {
	if n == nil {
		return nil
	}
	c := *n
	c.Items, c.Fields = nil, nil
	if n.Items != nil {
		c.Items = make([]*Node, len(n.Items))
	}
	for i, item := range n.Items {
		c.Items[i] = item.Clone()
	}
	if n.Fields != nil {
		c.Fields = make([]Field, len(n.Fields))
	}
	for i, f := range n.Fields {
		c.Fields[i] = Field{f.Name, f.At, f.Value.Clone()}
	}
	return &c
}

// Field returns the entry called name, or nil.
func (n *Node) Field(name string) *Field {
	if n == nil {
		return nil
	}
	for i := range n.Fields {
		if n.Fields[i].Name == name {
			return &n.Fields[i]
		}
	}
	return nil
}

// Get follows names through maps and returns the value there, or nil.
func (n *Node) Get(path ...string) *Node {
	for _, name := range path {
		f := n.Field(name)
		if f == nil {
			return nil
		}
		n = f.Value
	}
	return n
}

// Str returns the text of the string at path, or "".
func (n *Node) Str(path ...string) string {
	if v := n.Get(path...); v != nil && v.Kind == String {
		return v.Text
	}
	return ""
}

// Set puts an entry in place of the one of its name, or at the end.
func (n *Node) Set(f Field) {
	if old := n.Field(f.Name); old != nil {
		*old = f
		return
	}
	n.Fields = append(n.Fields, f)
}

// Remove takes out the entry called name and returns it, or nil.
func (n *Node) Remove(name string) *Field {
	for i, f := range n.Fields {
		if f.Name == name {
			n.Fields = append(n.Fields[:i:i], n.Fields[i+1:]...)
			return &f
		}
	}
	return nil
}

// IsScalar reports whether n is neither list nor map.
func (n *Node) IsScalar() bool { return n.Kind != List && n.Kind != Map }

// JSON returns n as encoding/json would decode it, with int64 for integers.
func (n *Node) JSON() any {
	switch n.Kind {
	case Bool:
		return n.Text == "true"
	case Int:
		i, _ := strconv.ParseInt(n.Text, 10, 64)
		return i
	case Float:
		f, _ := strconv.ParseFloat(n.Text, 64)
		if f == math.Trunc(f) && math.Abs(f) < 1<<53 {
			return int64(f) // 3.0 is an integer to JSON Schema, but not to encoding/json
		}
		return f
	case String:
		return n.Text
	case List:
		list := make([]any, len(n.Items))
		for i, item := range n.Items {
			list[i] = item.JSON()
		}
		return list
	case Map:
		m := make(map[string]any, len(n.Fields))
		for _, f := range n.Fields {
			m[f.Name] = f.Value.JSON()
		}
		return m
	}
	return nil
}

// Find returns the value at a path of names and indexes, or nil, and the entry
// that holds it if that is one of a map.
func (n *Node) Find(path []string) (value *Node, holder *Field) {
	for _, step := range path {
		holder = nil
		switch {
		case n == nil:
			return nil, nil
		case n.Kind == List:
			i, err := strconv.Atoi(step)
			if err != nil || i < 0 || i >= len(n.Items) {
				return nil, nil
			}
			n = n.Items[i]
		default:
			holder = n.Field(step)
			if holder == nil {
				return nil, nil
			}
			n = holder.Value
		}
	}
	return n, holder
}

// Decode turns a tree into a type of package schema by way of JSON, so that it
// gets exactly what was validated.
func Decode[T any](n *Node) (*T, error) {
	data, err := json.Marshal(n.JSON())
	if err != nil {
		return nil, err
	}
	v := new(T)
	if err := json.Unmarshal(data, v); err != nil {
		return nil, err
	}
	return v, nil
}
