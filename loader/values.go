package loader

import (
	"slices"
	"strconv"
	"strings"

	"github.com/nango-lite/nango-lite/internal/lazyregexp"
	"github.com/nango-lite/nango-lite/loader/internal/shape"
	"github.com/nango-lite/nango-lite/loader/internal/tree"
	"github.com/nango-lite/nango-lite/schema"
)

// values lists everything in force below n, sorted by path.
func values(n *tree.Node, s *shape.Shape) []schema.Value {
	var out []schema.Value
	collect(&out, n, s, "")
	slices.SortFunc(out, func(a, b schema.Value) int { return strings.Compare(a.Path, b.Path) })
	return out
}

func collect(out *[]schema.Value, n *tree.Node, s *shape.Shape, path string) {
	if n.Kind == tree.Map && len(n.Fields) > 0 {
		for _, f := range n.Fields {
			below := f.Name
			if path != "" {
				below = path + "." + f.Name
			}
			collect(out, f.Value, s.Key(f.Name), below)
		}
		return
	}
	v := schema.Value{Path: path, Hidden: hidden(n, s), Origin: n.Origin}
	if v.Origin.Reference == "" {
		v.Origin.Reference = references(n)
	}
	if v.Text = flow(n); v.Hidden {
		v.Text = schema.Redacted
	}
	*out = append(*out, v)
}

// hidden reports whether n holds a secret, or text from outside under a key that
// is not public.
func hidden(n *tree.Node, s *shape.Shape) bool {
	if s.IsSecret() && !onlyPlaceholders(n, s) || n.Origin.Reference != "" && !s.IsPublic() {
		return true
	}
	for _, item := range n.Items {
		if hidden(item, s.Item()) {
			return true
		}
	}
	for _, f := range n.Fields {
		if hidden(f.Value, s.Key(f.Name)) {
			return true
		}
	}
	return false
}

// onlyPlaceholders reports whether n names where a secret is, and holds none itself.
func onlyPlaceholders(n *tree.Node, s *shape.Shape) bool {
	if !s.IsTemplate() || n.Kind != tree.String {
		return false
	}
	t, err := schema.ParseTemplate(n.Text)
	return err == nil && len(t.Parts) == 1 && len(t.Refs()) > 0 && !strings.Contains(n.Text, "'")
}

// references names what supplied the parts of a list.
func references(n *tree.Node) string {
	var all []string
	for _, item := range n.Items {
		if r := item.Origin.Reference; r != "" && !slices.Contains(all, r) {
			all = append(all, r)
		}
	}
	return strings.Join(all, ", ")
}

// plainScalar are texts that YAML reads as themselves, also within brackets.
var plainScalar = lazyregexp.New(`^[A-Za-z/][A-Za-z0-9_./@+=-]*( [A-Za-z0-9_./@+=-]+)*$|^[a-z0-9-]+:[A-Za-z][A-Za-z0-9._-]*$|^https?://[^\s,\[\]{}#"']+$`)

var reserved = []string{"true", "false", "null", "yes", "no", "on", "off", "y", "n"}

// flow writes n as a YAML flow value.
func flow(n *tree.Node) string {
	switch n.Kind {
	case tree.Null:
		return "null"
	case tree.String:
		if plainScalar().MatchString(n.Text) && !slices.Contains(reserved, strings.ToLower(n.Text)) {
			return n.Text
		}
		return strconv.Quote(n.Text)
	case tree.List:
		texts := make([]string, len(n.Items))
		for i, item := range n.Items {
			texts[i] = flow(item)
		}
		return "[" + strings.Join(texts, ", ") + "]"
	case tree.Map:
		texts := make([]string, len(n.Fields))
		for i, f := range n.Fields {
			texts[i] = flow(tree.Text(f.Name, schema.Origin{})) + ": " + flow(f.Value)
		}
		return "{" + strings.Join(texts, ", ") + "}"
	}
	return n.Text
}
