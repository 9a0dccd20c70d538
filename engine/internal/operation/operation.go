// Package operation makes requests out of declared operations and their inputs, and
// picks the result out of an answer. It sends nothing. Whatever an input holds, it stays
// in its place: it cannot change where a request goes, how deep its path is, or which
// parameters, headers and members it has. Start with [New] and [Operation.Request].
package operation

import (
	"fmt"
	"slices"
	"strings"

	"github.com/nango-lite/nango-lite/schema"
)

// An Operation is a declared operation with its templates parsed. It does not change,
// and is safe for concurrent use.
type Operation struct {
	*schema.Operation
	Name string

	connected bool // a placeholder is of the connection
	inputList []schema.Input
	fields    []field
	path      schema.Template
	params    map[string]any // texts are templates, as in body
	headers   map[string]schema.Template
	body      any // nil: none
}

// New reads the operation of that name.
func New(name string, o *schema.Operation) (*Operation, error) {
	p := &Operation{Operation: o, Name: name, headers: map[string]schema.Template{}}
	var err error
	if p.path, err = schema.ParseTemplate(o.Request.Path); err != nil {
		return nil, fmt.Errorf("operations.%s.request.path: %w", name, err)
	}
	for header, text := range o.Request.Headers {
		if p.headers[header], err = schema.ParseTemplate(text); err != nil {
			return nil, fmt.Errorf("operations.%s.request.headers.%s: %w", name, header, err)
		}
	}
	params, err := parsed(map[string]any(o.Request.Params))
	if err != nil {
		return nil, fmt.Errorf("operations.%s.request.params: %w", name, err)
	}
	p.params, _ = params.(map[string]any)
	if o.Request.Body != nil {
		if p.body, err = parsed(o.Request.Body); err != nil {
			return nil, fmt.Errorf("operations.%s.request.body: %w", name, err)
		}
	}
	p.connected, p.inputList, p.fields = p.usesConnection(), o.Inputs(), fieldsOf(o.Output)
	return p, nil
}

// UsesConnection reports whether the request holds something of the connection's, such
// as a field.
func (o *Operation) UsesConnection() bool { return o.connected }

func (o *Operation) usesConnection() bool {
	found := false
	see := func(t schema.Template) {
		for _, name := range t.Refs() {
			if _, _, isInput := inputOf(name); !isInput {
				found = true
			}
		}
	}
	see(o.path)
	for _, t := range o.headers {
		see(t)
	}
	var walk func(v any)
	walk = func(v any) {
		switch v := v.(type) {
		case schema.Template:
			see(v)
		case map[string]any:
			for _, inner := range v {
				walk(inner)
			}
		case []any:
			for _, inner := range v {
				walk(inner)
			}
		}
	}
	walk(o.params)
	walk(o.body)
	return found
}

// parsed returns a document with each text in it read as a template.
func parsed(v any) (any, error) {
	switch v := v.(type) {
	case string:
		return schema.ParseTemplate(v)
	case schema.Tree:
		return parsed(map[string]any(v))
	case map[string]any:
		out := make(map[string]any, len(v))
		for name, inner := range v {
			var err error
			if out[name], err = parsed(inner); err != nil {
				return nil, fmt.Errorf("%s: %w", name, err)
			}
		}
		return out, nil
	case []any:
		out := make([]any, len(v))
		for i := range v {
			var err error
			if out[i], err = parsed(v[i]); err != nil {
				return nil, fmt.Errorf("%d: %w", i, err)
			}
		}
		return out, nil
	}
	return v, nil
}

// declared reports whether there is an input of that name.
func (o *Operation) declared(name string) bool {
	properties, _ := o.Input["properties"].(map[string]any)
	_, ok := properties[name]
	return ok
}

// names returns the names of the inputs, sorted.
func (o *Operation) names() []string {
	var names []string
	for _, in := range o.inputList {
		names = append(names, in.Name)
	}
	slices.Sort(names)
	return names
}

// inputOf returns the name of the input that a placeholder stands for, and the path
// within it.
func inputOf(name string) (input, rest string, ok bool) {
	name, ok = strings.CutPrefix(name, "input.")
	input, rest, _ = strings.Cut(name, ".")
	return input, rest, ok
}
