package loader

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/nango-lite/nango-lite/loader/internal/shape"
	"github.com/nango-lite/nango-lite/loader/internal/tree"
	"github.com/nango-lite/nango-lite/schema"
)

// shortForms stand at the top of an integration for keys of requests.retries.
var shortForms = []string{"max_retries", "time_between_retries_sec"}

// moveShortForms puts them where they belong, so that only one place counts.
func moveShortForms(n *tree.Node, report func(Diagnostic)) {
	for _, name := range shortForms {
		f := n.Remove(name)
		if f == nil {
			continue
		}
		retries := under(under(n, "requests", f.At), "retries", f.At)
		if long := retries.Field(name); long != nil {
			report(Diagnostic{Place: placeOf(f.At), Severity: Error, Code: "conflicting-keys",
				Message: fmt.Sprintf("%q is short for requests.retries.%s, which stands here too", name, name), Hint: "keep one of them",
				Related: []Place{placeOf(long.At)}})
			continue
		}
		retries.Fields = append(retries.Fields, *f)
	}
}

// under returns the map called name in n, which it makes if there is none.
func under(n *tree.Node, name string, at schema.Origin) *tree.Node {
	if f := n.Field(name); f != nil && f.Value.Kind == tree.Map {
		return f.Value
	}
	m := tree.NewMap(at)
	n.Set(tree.Field{Name: name, At: at, Value: m})
	return m
}

// fillDefaults states what nobody has said: the top level, auth as far as the
// mode goes, and retries; elsewhere only in maps that are present.
func fillDefaults(n *tree.Node) {
	s := shape.Integration()
	if requests := n.Get("requests"); requests != nil && requests.Kind == tree.Map {
		under(requests, "retries", schema.Origin{})
	}
	fill(n, s, n.Str("auth", "auth_mode"))
	for _, name := range shortForms {
		n.Remove(name) // stated under requests.retries
	}
}

func fill(n *tree.Node, s *shape.Shape, mode string) {
	switch n.Kind {
	case tree.List:
		for _, item := range n.Items {
			fill(item, s.Item(), mode)
		}
	case tree.Map:
		for _, name := range s.Names() {
			sh := s.Key(name)
			if sh.Default == nil || n.Field(name) != nil || !sh.Fits(mode) {
				continue
			}
			n.Fields = append(n.Fields, tree.Field{Name: name, Value: fromJSON(sh.Default)})
		}
		for _, f := range n.Fields {
			fill(f.Value, s.Key(f.Name), mode)
		}
	}
}

// fromJSON makes a node of a default in the schema.
func fromJSON(v any) *tree.Node {
	switch v := v.(type) {
	case nil:
		return &tree.Node{Kind: tree.Null}
	case string:
		return &tree.Node{Kind: tree.String, Text: v}
	case []any:
		n := &tree.Node{Kind: tree.List, Items: []*tree.Node{}}
		for _, item := range v {
			n.Items = append(n.Items, fromJSON(item))
		}
		return n
	case map[string]any:
		n := tree.NewMap(schema.Origin{})
		for _, name := range slices.Sorted(maps.Keys(v)) {
			n.Fields = append(n.Fields, tree.Field{Name: name, Value: fromJSON(v[name])})
		}
		return n
	}
	text, _ := json.Marshal(v)
	n := &tree.Node{Kind: tree.Bool, Text: string(text)}
	if _, isNumber := v.(float64); isNumber {
		n.Kind = tree.Int
		if strings.ContainsAny(n.Text, ".e") {
			n.Kind = tree.Float
		}
	}
	return n
}

// oldLevels are the log levels of 2022 that mean debug today.
var oldLevels = map[string]bool{"http": true, "verbose": true, "silly": true}

func modernLevel(n *tree.Node) {
	if level := n.Get("log_level"); level != nil && oldLevels[level.Text] {
		level.Text = "debug"
	}
}
