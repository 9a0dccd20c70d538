package yamltree

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/nango-lite/nango-lite/internal/lazyregexp"
	"github.com/nango-lite/nango-lite/loader/internal/tree"
	"github.com/nango-lite/nango-lite/schema"
	"gopkg.in/yaml.v3"
)

// A walker turns yaml nodes into tree nodes and refuses what JSON cannot hold
// or what YAML would read as something else than what is written.
type walker struct {
	changed  rewrites // escapes, which places are counted without
	file     string
	nodes    int
	path     []string
	problems []Problem
}

func (w *walker) report(n *yaml.Node, code, message, hint string) {
	w.problems = append(w.problems, Problem{n.Line, n.Column, code, message, hint, slices.Clone(w.path)})
}

// node returns nil once the budget is spent.
func (w *walker) node(n *yaml.Node, depth int) *tree.Node {
	at := n
	for n.Kind == yaml.AliasNode { // an alias keeps its own place
		n = n.Alias
	}
	w.nodes++
	switch {
	case w.nodes > MaxNodes:
		if w.nodes == MaxNodes+1 {
			w.report(at, "too-many-values", fmt.Sprintf("the file holds more than %d values, aliases followed", MaxNodes), "")
		}
		return nil
	case depth > MaxDepth:
		w.report(at, "too-deep", fmt.Sprintf("values are nested more than %d deep", MaxDepth), "")
		w.nodes = MaxNodes + 1
		return nil
	}
	from := origin(w.file, at.Line, w.changed.column(at.Line, at.Column))
	switch n.Kind {
	case yaml.MappingNode:
		return w.mapping(n, from, depth)
	case yaml.SequenceNode:
		list := &tree.Node{Kind: tree.List, Items: []*tree.Node{}, Origin: from}
		w.tag(n)
		for _, item := range n.Content {
			child := w.node(item, depth+1)
			if child == nil {
				return nil
			}
			list.Items = append(list.Items, child)
		}
		return list
	}
	return w.scalar(n, at, from)
}

func (w *walker) mapping(n *yaml.Node, from schema.Origin, depth int) *tree.Node {
	m := tree.NewMap(from)
	m.Fields = make([]tree.Field, 0, len(n.Content)/2)
	w.tag(n)
	seen := map[string]int{}
	for i := 0; i+1 < len(n.Content); i += 2 {
		key := n.Content[i]
		name, ok := w.key(key)
		w.path = append(w.path, name)
		value := w.node(n.Content[i+1], depth+1)
		if value == nil {
			return nil
		}
		if line, twice := seen[name]; ok && twice {
			w.report(key, "duplicate-key", fmt.Sprintf("key %q stands here a second time; the first is in line %d", name, line), "")
			ok = false
		}
		w.path = w.path[:len(w.path)-1]
		if !ok {
			continue
		}
		seen[name] = key.Line
		m.Fields = append(m.Fields, tree.Field{Name: name, At: origin(w.file, key.Line, w.changed.column(key.Line, key.Column)), Value: value})
	}
	return m
}

func (w *walker) key(key *yaml.Node) (name string, ok bool) {
	k := key
	for k.Kind == yaml.AliasNode {
		k = k.Alias
	}
	switch {
	case k.Kind != yaml.ScalarNode:
		w.report(key, "bad-key", "a key must be text", "")
		return "", false
	case k.ShortTag() == "!!merge":
		w.report(key, "merge-key", "merge keys (<<) are not read", "write the keys out, or put them in a blueprint")
		return "", false
	case k.ShortTag() != "!!str":
		w.report(key, "bad-key", "a key must be text", fmt.Sprintf("quote it: %q", k.Value))
		return "", false
	}
	return k.Value, true
}

var (
	decimal   = lazyregexp.New(`^[-+]?(0|[1-9][0-9]*)$`)
	floating  = lazyregexp.New(`^[-+]?(0|[1-9][0-9]*)?(\.[0-9]*)?([eE][-+]?[0-9]+)?$`)
	yamlTypes = map[string]bool{"!!str": true, "!!int": true, "!!float": true, "!!bool": true, "!!null": true, "!!map": true, "!!seq": true}
)

func (w *walker) tag(n *yaml.Node) {
	if t := n.ShortTag(); !yamlTypes[t] {
		w.report(n, "unknown-tag", fmt.Sprintf("tag %s is not read here", t), "")
	}
}

func (w *walker) scalar(n, at *yaml.Node, from schema.Origin) *tree.Node {
	s := &tree.Node{Text: n.Value, Origin: from}
	bad := func(code, message, hint string) *tree.Node {
		w.report(at, code, message, hint)
		s.Kind, s.Bad = tree.String, true
		return s
	}
	switch n.ShortTag() {
	case "!!str":
		s.Kind = tree.String
	case "!!null":
		s.Kind = tree.Null
	case "!!bool":
		s.Kind, s.Text = tree.Bool, strings.ToLower(n.Value)
		if s.Text != "true" && s.Text != "false" {
			return bad("wrong-type", "this is neither true nor false", "")
		}
	case "!!int":
		if !decimal().MatchString(n.Value) {
			return bad("unquoted-number", "YAML reads this as a number in another notation", "quote it if it is text, or write a plain decimal number")
		}
		if _, err := strconv.ParseInt(n.Value, 10, 64); err != nil {
			return bad("unquoted-number", "this number is too large to be kept exactly", "quote it if it is an id")
		}
		s.Kind = tree.Int
	case "!!float":
		f, err := strconv.ParseFloat(n.Value, 64)
		if err != nil || f-f != 0 {
			return bad("bad-number", "this is not a finite number", "")
		}
		if !floating().MatchString(n.Value) || !strings.ContainsAny(n.Value, ".eE") {
			return bad("unquoted-number", "this number cannot be kept exactly", "quote it if it is an id")
		}
		s.Kind = tree.Float
	case "!!timestamp":
		return bad("unquoted-date", "YAML reads this as a date", fmt.Sprintf("quote it: %q", n.Value))
	default:
		return bad("unknown-tag", fmt.Sprintf("tag %s is not read here", n.ShortTag()), "")
	}
	return s
}
