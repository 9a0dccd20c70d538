package rules

import (
	"fmt"
	"strings"

	"github.com/nango-lite/nango-lite/internal/lazyregexp"
	"github.com/nango-lite/nango-lite/loader/internal/tree"
	"github.com/nango-lite/nango-lite/schema"
)

var headerName = lazyregexp.New("^[A-Za-z0-9!#$%&'*+.^_`|~-]+$")

// headerMaps returns the maps whose keys are names of headers.
func headerMaps(root *tree.Node) (maps []*tree.Node) {
	add := func(m *tree.Node) {
		if m != nil && m.Kind == tree.Map {
			maps = append(maps, m)
		}
	}
	for _, path := range [][]string{{"requests", "headers"}, {"auth", "token_headers"}, {"auth", "signature", "headers"}, {"auth", "revocation_request", "headers"}} {
		add(root.Get(path...))
	}
	if steps := root.Get("auth", "steps"); steps != nil {
		for _, step := range steps.Items {
			add(step.Get("headers"))
		}
	}
	if fields := root.Get("connection"); fields != nil {
		for _, f := range fields.Fields {
			add(f.Value.Get("request", "headers"))
		}
	}
	return maps
}

// DuplicateHeaders finds headers that one map names twice. It looks at a file as it
// is written, since merging would let the last one win.
func DuplicateHeaders(n *tree.Node) (found []Finding) {
	for _, m := range headerMaps(n) {
		seen := map[string]string{}
		for _, f := range m.Fields {
			lower := strings.ToLower(f.Name)
			if first, twice := seen[lower]; twice {
				found = append(found, Finding{At: f.At, Code: "duplicate-key", Message: fmt.Sprintf("%q and %q are the same header", f.Name, first)})
			}
			seen[lower] = f.Name
		}
	}
	return found
}

// headers: what is no header's name or value shows at the first call only.
func (r *checker) headers() {
	for _, m := range headerMaps(r.Root) {
		for _, f := range m.Fields {
			if !headerName().MatchString(f.Name) {
				r.report(f.At, "bad-header", fmt.Sprintf("%q is not a header name", f.Name), "")
			}
			if f.Value.Kind != tree.String || f.Value.Bad {
				continue
			}
			if strings.ContainsAny(spoken(f.Value.Text), breaks) {
				r.report(f.Value.Origin, "bad-header", fmt.Sprintf("the value of header %q holds a line break", f.Name), "")
			}
			r.carried(f.Name, f.Value.Text)
		}
	}
}

// breaks end a line or a text, which no header can carry (RFC 9110 5.5).
const breaks = "\r\n\x00"

// carried: what the operator gave, or a default, goes into the header as it stands,
// unless a function makes something of it.
func (r *checker) carried(header, text string) {
	t, err := schema.ParseTemplate(text)
	if err != nil {
		return // reported elsewhere
	}
	for _, p := range t.Parts {
		for _, ref := range p.Refs {
			if n, name := r.given(ref.Name); n != nil && n.Kind == tree.String && !n.Bad && strings.ContainsAny(n.Text, breaks) {
				r.report(n.Origin, "bad-header", fmt.Sprintf("%q holds a line break, which header %q cannot carry", name, header), "a file or a variable often ends in one")
			}
		}
	}
}

// given returns what the file itself gives for a placeholder, and how it is called
// there.
func (r *checker) given(placeholder string) (*tree.Node, string) {
	if section, field, dotted := strings.Cut(placeholder, "."); dotted {
		return r.Root.Get(section, field, "default"), section + "." + field + ".default"
	}
	switch placeholder {
	case "app_api_key", "oauth_client_id", "oauth_client_secret", "oauth_private_key":
		return r.Root.Get(placeholder), placeholder
	}
	return nil, ""
}
