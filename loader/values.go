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
			if ofSecretField(n, f, path) {
				*out = append(*out, schema.Value{Path: below, Text: schema.Redacted, Hidden: true, Origin: f.Value.Origin})
				continue
			}
			collect(out, f.Value, s.Key(f.Name), below)
		}
		return
	}
	v := schema.Value{Path: path, Hidden: hidden(n, s), Origin: n.Origin}
	if v.Origin.Reference == "" {
		v.Origin.Reference = references(n)
	}
	if v.Hidden {
		v.Text = schema.Redacted
	} else {
		v.Text = flow(shown(n, s, &v.Supplied))
	}
	*out = append(*out, v)
}

// ofSecretField reports whether f of n, which stands at path, is a value that a secret
// field of a connection may have.
func ofSecretField(n *tree.Node, f tree.Field, path string) bool {
	section, _, _ := strings.Cut(path, ".")
	if strings.Count(path, ".") != 1 || section != "connection" && section != "credentials" {
		return false
	}
	secret := section == "credentials"
	for _, other := range n.Fields {
		secret = secret || other.Name == "secret" && other.Value.Kind == tree.Bool && other.Value.Text == "true"
	}
	return secret && (f.Name == "default" || f.Name == "example" && f.Value.Origin.Reference != "")
}

// shown returns n as it may be shown, and adds what is not to be seen.
func shown(n *tree.Node, s *shape.Shape, hidden *[]schema.Secret) *tree.Node {
	open := *n
	switch n.Kind {
	case tree.String:
		if len(n.Supplied) > 0 && s.IsAddress() {
			open.Text = shownAddress(n, hidden)
		}
	case tree.List:
		open.Items = make([]*tree.Node, len(n.Items))
		for i, item := range n.Items {
			open.Items[i] = shown(item, s.Item(), hidden)
		}
	case tree.Map:
		open.Fields = slices.Clone(n.Fields)
		for i, f := range n.Fields {
			open.Fields[i].Value = shown(f.Value, s.Key(f.Name), hidden)
		}
	}
	return &open
}

// shownAddress returns an address with a mark for what came from outside, since some
// APIs have their key there. A host that is named whole is shown: everybody on the way
// sees it.
func shownAddress(n *tree.Node, hidden *[]schema.Secret) string {
	var b strings.Builder
	done := 0
	for _, piece := range n.Supplied {
		start := len(piece.Before)
		if start < done || !strings.HasPrefix(n.Text[start:], piece.Text) {
			*hidden = append(*hidden, schema.NewSecret(piece.Text)) // spelled otherwise, as what reads like a placeholder is
			return schema.Redacted
		}
		open, rest := openHost(piece)
		if isPort(piece, n.Text[start+len(piece.Text):]) {
			open, rest = piece.Text, ""
		}
		b.WriteString(n.Text[done:start] + open)
		if rest != "" {
			b.WriteString(schema.Redacted)
			*hidden = append(*hidden, schema.NewSecret(rest))
		}
		done = start + len(piece.Text)
	}
	b.WriteString(n.Text[done:])
	return b.String()
}

// isPort reports whether what came from outside is the port of an address, which is as
// open as its host; after is what follows.
func isPort(piece tree.Supplied, after string) bool {
	_, authority, ok := strings.Cut(piece.Before, "://")
	port, err := strconv.ParseUint(piece.Text, 10, 16)
	return ok && err == nil && port > 0 && strings.HasSuffix(authority, ":") && !strings.ContainsAny(authority, "/?#@") && (after == "" || strings.ContainsAny(after[:1], "/?#"))
}

// openHost cuts what came from outside into an origin or a host that it names, and the
// rest, without a slash between them.
func openHost(piece tree.Supplied) (open, rest string) {
	scheme, after, whole := strings.Cut(piece.Text, "://")
	switch {
	case whole && piece.Before == "":
	case strings.HasSuffix(piece.Before, "://"):
		scheme, after = "", piece.Text
	default:
		return "", piece.Text
	}
	end := strings.IndexAny(after, "/?#")
	if end < 0 {
		end = len(after)
	}
	if at := strings.LastIndex(after[:end], "@"); at >= 0 || !strings.Contains(after[:end], ".") && !strings.HasPrefix(after[:end], "localhost") {
		return "", piece.Text // user info, or one label of a host
	}
	if whole {
		scheme += "://"
	}
	open, rest = scheme+after[:end], after[end:]
	if strings.HasPrefix(rest, "/") {
		open, rest = open+"/", rest[1:]
	}
	return open, rest
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
