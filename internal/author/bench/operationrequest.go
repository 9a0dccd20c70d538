package bench

import (
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/nango-lite/nango-lite/schema"
)

// sends compares a request with what the operation declares for an input.
func (e operationStep) sends(got sent, input map[string]any) error {
	given := withDefaults(e.op, input)
	if verb := or(e.op.Request.Method, http.MethodGet); got.method != verb {
		return fmt.Errorf("the method is %s, want %s", got.method, verb)
	}
	path, _ := filledText(e.op.Request.Path, given, url.PathEscape)
	if at := got.url.EscapedPath(); !strings.HasSuffix(at, path) {
		return fmt.Errorf("the path is %s, want %s", at, path)
	}
	if err := e.sendsParams(got.url.Query(), given); err != nil {
		return err
	}
	for name, text := range e.op.Request.Headers {
		want, _ := filledText(text, given, asItIs)
		if got.header.Get(name) != want {
			return fmt.Errorf("the header %s is not what is declared", name)
		}
	}
	want, _ := filled(e.op.Request.Body, given, true)
	sentBody := got.body
	if e.op.Pages != nil {
		if p := e.pagination(); p.In == "body" {
			for _, name := range e.ofPages() {
				schema.RemoveAt(sentBody, name)
			}
		}
	}
	if g, w := encode(sentBody), encode(plain(want)); g != w && e.op.Request.BodyFormat != "form" {
		return fmt.Errorf("the body is %s, want %s", short(g), short(w))
	}
	return nil
}

// sendsParams compares the query. What the integration declares for all requests, and
// what asks for a page, is not the operation's.
func (e operationStep) sendsParams(got url.Values, given map[string]any) error {
	for name := range e.Played.Requests.Params {
		got.Del(name)
	}
	want := url.Values{}
	for name, v := range e.op.Request.Params {
		value, ok := filled(v, given, false)
		if !ok {
			continue
		}
		list, isList := value.([]any)
		if !isList {
			list = []any{value}
		}
		for _, element := range list {
			want.Add(name, text(element))
		}
		if join := e.op.Request.Join; join != "" && len(list) > 1 {
			want.Set(name, strings.Join(want[name], join))
		}
	}
	if e.op.Pages != nil {
		for _, name := range e.ofPages() {
			if !want.Has(name) {
				got.Del(name)
			}
		}
	}
	if g, w := got.Encode(), want.Encode(); g != w {
		return fmt.Errorf("the query is %s, want %s", g, w)
	}
	return nil
}

// ofPages are the names that ask for a page.
func (e operationStep) ofPages() []string {
	p := e.pagination()
	var names []string
	if p.Cursor != nil {
		names = append(names, p.Cursor.Request)
	}
	if p.Offset != nil {
		names = append(names, p.Offset.Request)
	}
	if p.Page != nil {
		names = append(names, p.Page.Request)
	}
	if p.Limit != nil {
		names = append(names, p.Limit.Request)
	}
	return names
}

func asItIs(s string) string { return s }

// filled is a value with its inputs in place; false where it goes because what it
// holds was not given.
func filled(v any, given map[string]any, root bool) (any, bool) {
	switch v := plain(v).(type) {
	case string:
		t, err := schema.ParseTemplate(v)
		if err == nil && len(t.Parts) == 1 && t.Parts[0].Refs != nil {
			return valueOfRefs(t.Parts[0].Refs, given)
		}
		return textOrGone(v, given)
	case map[string]any:
		out := map[string]any{}
		for _, name := range slices.Sorted(maps.Keys(v)) {
			if inner, ok := filled(v[name], given, false); ok {
				out[name] = inner
			}
		}
		return out, root || len(out) > 0 || len(v) == 0
	case []any:
		out := []any{}
		for _, element := range v {
			if inner, ok := filled(element, given, false); ok {
				out = append(out, inner)
			}
		}
		return out, root || len(out) > 0 || len(v) == 0
	default:
		return v, true
	}
}

func textOrGone(s string, given map[string]any) (any, bool) {
	text, ok := filledText(s, given, asItIs)
	return text, ok
}

// filledText is a text with its inputs in place; a name that is no input is left out of
// the comparison, so it is empty.
func filledText(s string, given map[string]any, escape func(string) string) (string, bool) {
	t, err := schema.ParseTemplate(s)
	if err != nil {
		return s, true
	}
	var b strings.Builder
	for _, p := range t.Parts {
		if p.Refs == nil {
			b.WriteString(p.Literal)
			continue
		}
		v, ok := valueOfRefs(p.Refs, given)
		if !ok {
			return "", false
		}
		b.WriteString(escape(text(v)))
	}
	return b.String(), true
}

func valueOfRefs(refs []schema.Ref, given map[string]any) (any, bool) {
	for _, ref := range refs {
		if ref.IsLiteral() {
			return ref.Literal, true
		}
		if name, ok := strings.CutPrefix(ref.Name, "input."); ok {
			if v, ok := schema.At(given, name); ok {
				return v, true
			}
		}
	}
	return nil, false
}

// withDefaults adds what the schema has for inputs that are not given.
func withDefaults(o *schema.Operation, input map[string]any) map[string]any {
	given := maps.Clone(input)
	for _, in := range o.Inputs() {
		if _, ok := given[in.Name]; !ok && in.Default != nil {
			given[in.Name] = in.Default
		}
	}
	return plain(given).(map[string]any)
}
