package operation

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"github.com/nango-lite/nango-lite/engine/internal/render"
	"github.com/nango-lite/nango-lite/schema"
)

// A filler fills templates with inputs, and with what the connection has.
type filler struct {
	op     *Operation
	inputs map[string]any
	values render.Values
}

// errAbsent says that an optional input is not given: what it stands in is left out.
var errAbsent = errors.New("not given")

// lookup returns the value of an input by the name of its placeholder.
func (f *filler) lookup(name string) (any, bool) {
	input, rest, _ := inputOf(name)
	v, ok := f.inputs[input]
	if ok && rest != "" {
		v, ok = schema.At(v, rest)
	}
	return v, ok
}

// whole fills a template for a place that holds JSON. One that is a single placeholder
// keeps the type of its value.
func (f *filler) whole(t schema.Template) (any, error) {
	if len(t.Parts) != 1 || t.Parts[0].Refs == nil {
		return f.text(t)
	}
	for _, ref := range t.Parts[0].Refs {
		if _, _, isInput := inputOf(ref.Name); isInput {
			if v, ok := f.lookup(ref.Name); ok {
				return v, nil
			}
			continue
		}
		v, err := f.part([]schema.Ref{ref})
		if !errors.Is(err, errAbsent) {
			return v, err
		}
	}
	return nil, errAbsent
}

// text fills a template with texts.
func (f *filler) text(t schema.Template) (string, error) {
	var b strings.Builder
	for _, p := range t.Parts {
		if p.Refs == nil {
			b.WriteString(p.Literal)
			continue
		}
		text, err := f.part(p.Refs)
		if err != nil {
			return "", err
		}
		b.WriteString(text)
	}
	return b.String(), nil
}

// part fills one placeholder with a text.
func (f *filler) part(refs []schema.Ref) (string, error) {
	var misplaced error
	inputs := false
	text, err := render.Text(schema.Template{Parts: []schema.Part{{Refs: refs}}}, func(name string) (string, bool) {
		input, _, isInput := inputOf(name)
		if !isInput {
			return f.values(name)
		}
		inputs = true
		v, ok := f.lookup(name)
		if !ok {
			return "", false
		}
		text, err := f.scalar(input, v)
		if err != nil {
			misplaced = err
		}
		return text, err == nil
	})
	switch {
	case misplaced != nil:
		return "", misplaced
	case err != nil && inputs:
		return "", errAbsent
	}
	return text, err
}

// scalar returns an input as a text.
func (f *filler) scalar(name string, v any) (string, error) {
	switch v := v.(type) {
	case string:
		return v, nil
	case json.Number:
		return v.String(), nil
	}
	if text, ok := schema.Scalar(v); ok && v != nil {
		return text, nil
	}
	return "", f.op.refuse(name, "a text stands here, so it cannot be %s", kindOf(v))
}

func kindOf(v any) string {
	switch v.(type) {
	case nil:
		return "null"
	case []any:
		return "a list"
	case map[string]any:
		return "an object"
	}
	return fmt.Sprintf("a %T", v)
}

// tree fills a parsed document. What an absent input stands in is left out, and so is an
// object or list below the top that had members and has none left.
func (f *filler) tree(v any) (any, error) {
	switch v := v.(type) {
	case schema.Template:
		return f.whole(v)
	case map[string]any:
		out := make(map[string]any, len(v))
		for name, inner := range v {
			filled, err := f.inner(inner)
			if errors.Is(err, errAbsent) {
				continue
			}
			if err != nil {
				return nil, err
			}
			out[name] = filled
		}
		return out, nil
	case []any:
		out := make([]any, 0, len(v))
		for _, inner := range v {
			filled, err := f.inner(inner)
			if errors.Is(err, errAbsent) {
				continue
			}
			if err != nil {
				return nil, err
			}
			out = append(out, filled)
		}
		return out, nil
	}
	return v, nil
}

// inner is tree for what lies below the top.
func (f *filler) inner(v any) (any, error) {
	filled, err := f.tree(v)
	if err != nil {
		return nil, err
	}
	switch v := v.(type) {
	case map[string]any:
		if len(v) > 0 && len(filled.(map[string]any)) == 0 {
			return nil, errAbsent
		}
	case []any:
		if len(v) > 0 && len(filled.([]any)) == 0 {
			return nil, errAbsent
		}
	}
	return filled, nil
}
