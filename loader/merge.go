package loader

import (
	"strings"

	"github.com/nango-lite/nango-lite/loader/internal/shape"
	"github.com/nango-lite/nango-lite/loader/internal/tree"
)

// merge lays over on base and returns what is in force: maps are merged,
// anything else replaces, null removes, and header names compare without case.
// It shares nothing with either.
func merge(base, over *tree.Node, s *shape.Shape) *tree.Node {
	switch {
	case over == nil:
		return base.Clone()
	case over.Kind != tree.Map || base == nil || base.Kind != tree.Map:
		return dropNulls(over.Clone(), s)
	}
	out := base.Clone()
	out.Origin = over.Origin
	dropOtherModes(out, over, s)
	for _, f := range over.Fields {
		old := out.Field(f.Name)
		if old == nil && s != nil && s.HeaderNames {
			old = sameHeader(out, f.Name)
		}
		if f.Value.Kind == tree.Null && !s.Key(f.Name).Has("null") {
			if old != nil {
				out.Remove(old.Name)
			}
			continue
		}
		if old == nil {
			out.Fields = append(out.Fields, tree.Field{Name: f.Name, At: f.At, Value: dropNulls(f.Value.Clone(), s.Key(f.Name))})
			continue
		}
		*old = tree.Field{Name: f.Name, At: f.At, Value: merge(old.Value, f.Value, s.Key(f.Name))}
	}
	return out
}

func sameHeader(m *tree.Node, name string) *tree.Field {
	for i := range m.Fields {
		if strings.EqualFold(m.Fields[i].Name, name) {
			return &m.Fields[i]
		}
	}
	return nil
}

// dropOtherModes takes out of base what belongs to another auth mode, if over
// changes the mode: whoever does that need not remove each key by hand.
func dropOtherModes(base, over *tree.Node, s *shape.Shape) {
	mode := over.Str("auth_mode")
	if mode == "" || mode == base.Str("auth_mode") {
		return
	}
	kept := base.Fields[:0]
	for _, f := range base.Fields {
		if s.Key(f.Name).Fits(mode) {
			kept = append(kept, f)
		}
	}
	base.Fields = kept
}

// dropNulls takes out entries that are null, where null is not a value.
func dropNulls(n *tree.Node, s *shape.Shape) *tree.Node {
	if n.Kind != tree.Map {
		return n
	}
	kept := n.Fields[:0]
	for _, f := range n.Fields {
		if f.Value.Kind == tree.Null && !s.Key(f.Name).Has("null") {
			continue
		}
		f.Value = dropNulls(f.Value, s.Key(f.Name))
		kept = append(kept, f)
	}
	n.Fields = kept
	return n
}
