package operation

import (
	"bytes"
	"encoding/json"
	"errors"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/nango-lite/nango-lite/engine/internal/render"
	"github.com/nango-lite/nango-lite/schema"
)

// A Request is an operation with its inputs filled in.
type Request struct {
	Method string
	Path   string      // below base_url, with its query
	Header http.Header // nil: none of its own
	Body   []byte      // nil: none
	Cursor string      // where a list goes on; empty: at its start
	JSON   any         // the body as a document, where it is one
}

// Request returns what o asks with these inputs; values gives all other placeholders. An
// error of an input is an [*InputError].
func (o *Operation) Request(input any, values render.Values) (*Request, error) {
	inputs, cursor, err := o.inputs(input)
	if err != nil {
		return nil, err
	}
	f := &filler{o, inputs, values}
	r := &Request{Method: o.Operation.Request.Verb(), Cursor: cursor}
	if r.Path, err = f.path(); err != nil {
		return nil, err
	}
	query, err := f.query()
	if err != nil {
		return nil, err
	}
	if query != "" {
		r.Path += "?" + query
	}
	if r.Header, err = f.header(); err != nil {
		return nil, err
	}
	return r, f.body(r)
}

// path fills the path. Each input is one segment or a part of one.
func (f *filler) path() (string, error) {
	var b strings.Builder
	for _, p := range f.op.path.Parts {
		if p.Refs == nil {
			b.WriteString(p.Literal)
			continue
		}
		text, err := f.part(p.Refs)
		name := p.Refs[0].Name
		if input, _, ok := inputOf(name); ok {
			name = input
		}
		if errors.Is(err, errAbsent) {
			return "", f.op.refuse(name, "this input stands in the path, so it is required")
		}
		if err != nil {
			return "", err
		}
		if text == "" {
			return "", f.op.refuse(name, "this input stands in the path, so it must not be empty")
		}
		if strings.ContainsFunc(text, func(r rune) bool { return r < ' ' || r == 0x7f }) {
			return "", f.op.refuse(name, "a control character cannot stand in a path")
		}
		b.WriteString(escapePath(text))
	}
	for segment := range strings.SplitSeq(b.String(), "/") {
		if segment == "." || segment == ".." {
			return "", f.op.refuse("", "a segment of the path would be %q, which is another place", segment)
		}
	}
	return b.String(), nil
}

// query fills the parameters, in the order of their names.
func (f *filler) query() (string, error) {
	filled, err := f.flat(f.op.params, "params")
	if err != nil {
		return "", err
	}
	var pairs []string
	for _, name := range slices.Sorted(maps.Keys(filled)) {
		values := filled[name]
		if join := f.op.Operation.Request.Join; join != "" && len(values) > 1 {
			values = []string{strings.Join(values, join)}
		}
		for _, v := range values {
			pairs = append(pairs, escapeQuery(name)+"="+escapeQuery(v))
		}
	}
	return strings.Join(pairs, "&"), nil
}

// escapeQuery writes a space as %20, which every server reads (RFC 3986 2.1).
func escapeQuery(s string) string { return strings.ReplaceAll(encodeQuery(s), "+", "%20") }

// What keeps an input in its place. They are variables for the test alone that takes
// them away and has to see inputs escape.
var (
	escapePath  = url.PathEscape
	encodeQuery = url.QueryEscape
)

// flat fills members that are texts or lists of texts.
func (f *filler) flat(members map[string]any, where string) (map[string][]string, error) {
	out := map[string][]string{}
	for name, v := range members {
		filled, err := f.inner(v)
		if errors.Is(err, errAbsent) {
			continue
		}
		if err != nil {
			return nil, err
		}
		list, isList := filled.([]any)
		if !isList {
			list = []any{filled}
		}
		for _, element := range list {
			text, err := f.scalar(f.nameOf(v), element)
			if err != nil {
				return nil, f.op.refuse(f.nameOf(v), "%s.%s takes texts, so it cannot be or hold %s", where, name, kindOf(element))
			}
			out[name] = append(out[name], text)
		}
	}
	return out, nil
}

// nameOf returns the first input of a parsed value, for errors.
func (f *filler) nameOf(v any) string {
	if t, ok := v.(schema.Template); ok {
		for _, name := range t.Refs() {
			if input, _, ok := inputOf(name); ok {
				return input
			}
		}
	}
	return ""
}

func (f *filler) header() (http.Header, error) {
	if len(f.op.headers) == 0 {
		return nil, nil
	}
	h := http.Header{}
	for name, t := range f.op.headers {
		text, err := f.text(t)
		if errors.Is(err, errAbsent) {
			continue
		}
		if err == nil {
			err = render.OneLine(text)
			if err != nil {
				return nil, f.op.refuse(f.nameOf(t), "the header %s: %s", name, err)
			}
		}
		if err != nil {
			return nil, err
		}
		h.Set(name, text)
	}
	return h, nil
}

// body fills the body of r.
func (f *filler) body(r *Request) error {
	if f.op.body == nil {
		return nil
	}
	if f.op.Operation.Request.Form() {
		members, _ := f.op.body.(map[string]any)
		filled, err := f.flat(members, "body")
		if err != nil {
			return err
		}
		r.Body = []byte(url.Values(filled).Encode())
		return r.contentType("application/x-www-form-urlencoded")
	}
	doc, err := f.tree(f.op.body)
	if errors.Is(err, errAbsent) { // the body is one input, and it is not given
		return nil
	}
	if err != nil {
		return err
	}
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(doc); err != nil {
		return f.op.refuse("", "the body cannot be written as JSON")
	}
	r.JSON, r.Body = doc, bytes.TrimSuffix(b.Bytes(), []byte("\n"))
	return r.contentType("application/json")
}

func (r *Request) contentType(kind string) error {
	if r.Header == nil {
		r.Header = http.Header{}
	}
	if r.Header.Get("Content-Type") == "" {
		r.Header.Set("Content-Type", kind)
	}
	return nil
}
