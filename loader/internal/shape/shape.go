// Package shape answers what the JSON Schemas of package schema say about a key:
// its type, its default, and the x- annotations. Start with [Integration].
package shape

import (
	"maps"
	"slices"
	"strings"
	"sync"

	"github.com/nango-lite/nango-lite/loader/internal/document"
)

// A Shape is what the format says about one place. A nil Shape knows nothing.
// Shapes are safe for concurrent use and must not be modified.
type Shape struct {
	Types       []string // JSON types it may have; empty: any
	Default     any      // as encoding/json decodes it; nil: none
	Public      bool     // shown even if it came from a variable
	Secret      bool     // never shown
	Template    bool     // holds placeholders for call time
	HeaderNames bool     // keys compare without case
	Pattern     string   // that a text must match; empty: any
	Enum        []string // texts that it may be; empty: any
	Modes       []string // auth modes it belongs to; empty: all

	properties map[string]*part
	values     *part // of keys that are not properties
	items      *part
}

// A part is a shape that is read when it is first asked for: a configuration has few of
// the keys that there are.
type part struct {
	once   sync.Once
	from   reader
	schema map[string]any
	public bool // for what holds it is
	shape  *Shape
}

// read returns the shape; nil is none.
func (p *part) read() *Shape {
	if p == nil {
		return nil
	}
	p.once.Do(func() {
		p.shape = p.from.shape(p.schema)
		p.shape.Public = p.shape.Public || p.public
	})
	return p.shape
}

// Integration returns the shape of a resolved integration.
var Integration = sync.OnceValue(func() *Shape { return read(document.Integration()) })

// File returns the shape of a top-level section of an integrations file:
// defaults or server.
func File(section string) *Shape { return file().Key(section) }

var file = sync.OnceValue(func() *Shape { return read(document.Integrations()) })

// Key returns the shape of the value under name.
func (s *Shape) Key(name string) *Shape {
	if s == nil {
		return nil
	}
	if p := s.properties[name]; p != nil {
		return p.read()
	}
	return s.values.read()
}

// Item returns the shape of a list's items.
func (s *Shape) Item() *Shape {
	if s == nil {
		return nil
	}
	return s.items.read()
}

// At follows names and indexes.
func (s *Shape) At(path []string) *Shape {
	for _, step := range path {
		if s != nil && s.items != nil && strings.Trim(step, "0123456789") == "" {
			s = s.items.read()
		} else {
			s = s.Key(step)
		}
	}
	return s
}

// Names returns the names of the properties, sorted.
func (s *Shape) Names() []string {
	if s == nil {
		return nil
	}
	return slices.Sorted(maps.Keys(s.properties))
}

// Has reports whether the value may be of a JSON type.
func (s *Shape) Has(jsonType string) bool {
	return s == nil || len(s.Types) == 0 || slices.Contains(s.Types, jsonType)
}

// IsSecret reports whether the value is never shown.
func (s *Shape) IsSecret() bool { return s != nil && s.Secret }

// IsPublic reports whether the value is shown even if it came from a variable.
func (s *Shape) IsPublic() bool { return s != nil && s.Public && !s.Secret }

// IsTemplate reports whether the value holds placeholders for call time.
func (s *Shape) IsTemplate() bool { return s != nil && s.Template }

// IsAddress reports whether the value is a URL, or holds a path below one: it has to begin
// like that.
func (s *Shape) IsAddress() bool {
	return s != nil && slices.ContainsFunc([]string{"^(https?://", "^http", "^/", "^[A-Z]+ /"}, func(begins string) bool { return strings.HasPrefix(s.Pattern, begins) })
}

// Fits reports whether the key belongs to an auth mode.
func (s *Shape) Fits(mode string) bool {
	return s == nil || len(s.Modes) == 0 || slices.Contains(s.Modes, mode)
}

func read(root map[string]any) *Shape {
	defs, _ := root["$defs"].(map[string]any)
	return reader{defs}.shape(root)
}

// A reader follows references.
type reader struct{ defs map[string]any }

// inner returns what stands below a shape, which hands on that it is public; not into
// trees, which are as deep as somebody writes them.
func (r reader) inner(s map[string]any, public bool) *part {
	return &part{from: r, schema: s, public: public && s["$ref"] != treeValue}
}

// treeValue is the one definition that refers to itself.
const treeValue = "#/$defs/template_value"

func (r reader) shape(s map[string]any) *Shape {
	s = r.flatten(s)
	out := &Shape{Default: s["default"]}
	out.Public, _ = s["x-public"].(bool)
	out.Secret, _ = s["x-secret"].(bool)
	out.Template, _ = s["x-template"].(bool)
	out.HeaderNames, _ = s["x-header-names"].(bool)
	out.Modes, out.Enum = texts(s["x-modes"]), texts(s["enum"])
	out.Pattern, _ = s["pattern"].(string)
	r.types(out, s)
	if properties, ok := s["properties"].(map[string]any); ok {
		out.properties = make(map[string]*part, len(properties))
		for name, p := range properties {
			out.properties[name] = r.inner(p.(map[string]any), false)
		}
	}
	if values, ok := s["additionalProperties"].(map[string]any); ok {
		out.values = r.inner(values, out.Public)
	}
	if items, ok := s["items"].(map[string]any); ok {
		out.items = r.inner(items, out.Public)
	}
	return out
}

// flatten follows $ref, whose siblings win, and takes in what stands behind else.
func (r reader) flatten(s map[string]any) map[string]any {
	if ref, ok := s["$ref"].(string); ok {
		merged := maps.Clone(r.flatten(r.resolve(ref)))
		maps.Copy(merged, s)
		delete(merged, "$ref")
		return merged
	}
	if inner, ok := s["else"].(map[string]any); ok {
		merged := maps.Clone(inner)
		maps.Copy(merged, s)
		delete(merged, "else")
		return merged
	}
	return s
}

func (r reader) resolve(ref string) map[string]any {
	at := map[string]any{"$defs": r.defs}
	for step := range strings.SplitSeq(strings.TrimPrefix(ref, "#/"), "/") {
		next, ok := at[step].(map[string]any)
		if !ok {
			panic("shape: no " + ref)
		}
		at = next
	}
	return at
}

func (r reader) types(out *Shape, s map[string]any) {
	if t, ok := s["type"].(string); ok {
		out.Types = []string{t}
	} else {
		out.Types = texts(s["type"])
	}
	values, _ := s["enum"].([]any)
	for _, v := range values {
		if name := typeOf(v); out.Types == nil || !slices.Contains(out.Types, name) && s["type"] == nil {
			out.Types = append(out.Types, name)
		}
	}
	alternatives, _ := s["oneOf"].([]any)
	for _, a := range alternatives {
		alternative := r.shape(a.(map[string]any))
		out.Types = append(out.Types, alternative.Types...)
		if alternative.items != nil {
			out.items = alternative.items
			out.items.public = out.items.public || out.Public
		}
	}
}

func typeOf(v any) string {
	switch v.(type) {
	case bool:
		return "boolean"
	case float64:
		return "number"
	}
	return "string"
}

func texts(v any) []string {
	list, _ := v.([]any)
	var out []string
	for _, x := range list {
		if s, ok := x.(string); ok {
			out = append(out, s)
		}
	}
	return out
}
