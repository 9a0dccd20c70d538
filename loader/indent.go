package loader

import (
	"fmt"

	"github.com/nango-lite/nango-lite/loader/internal/shape"
	"github.com/nango-lite/nango-lite/loader/internal/tree"
)

// shallow reports keys that are empty because what belongs below them stands at their
// own depth, and marks both, so that nothing else is said of them.
func (l *run) shallow(root *tree.Node) {
	integrations := root.Field("integrations")
	if integrations == nil {
		return
	}
	if integrations.Value.Kind == tree.Null {
		l.sunk(root, integrations, func(f tree.Field) bool { return f.Value.Kind == tree.Map && shape.File(f.Name) == nil })
		return
	}
	for i := range integrations.Value.Fields {
		f := &integrations.Value.Fields[i]
		if f.Value.Kind == tree.Null {
			l.sunk(integrations.Value, f, func(f tree.Field) bool { _, known := find(shape.Integration().Names(), f.Name); return known })
		}
		for j := range f.Value.Fields {
			part := &f.Value.Fields[j]
			below := shape.Integration().Key(part.Name)
			if part.Value.Kind == tree.Null && below != nil {
				l.sunk(f.Value, part, func(f tree.Field) bool {
					_, here := find(shape.Integration().Names(), f.Name)
					_, there := find(below.Names(), f.Name)
					return there && !here
				})
			}
		}
	}
}

// sunk reports an empty key of m if the keys right behind it belong below it.
func (l *run) sunk(m *tree.Node, empty *tree.Field, belongs func(tree.Field) bool) {
	first := ""
	for i := range m.Fields {
		f := &m.Fields[i]
		if f.At.Line <= empty.At.Line {
			continue
		}
		if !belongs(*f) {
			break
		}
		f.Value.Bad = true
		if first == "" {
			first = f.Name
		}
	}
	if first == "" {
		return
	}
	empty.Value.Bad = true
	l.report(Diagnostic{
		Place: placeOf(empty.At), Severity: Error, Code: "wrong-type",
		Message: fmt.Sprintf("%q is empty, and %q, which belongs below it, stands at its own depth", empty.Name, first),
		Hint:    fmt.Sprintf("indent what belongs to %q deeper", empty.Name),
	})
}
