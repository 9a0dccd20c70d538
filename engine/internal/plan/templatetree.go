package plan

import (
	"fmt"

	"github.com/nango-lite/nango-lite/engine/internal/render"
	"github.com/nango-lite/nango-lite/schema"
)

// Params are parameters that are filled at call time.
type Params interface {
	// Members returns them as JSON has them: those that are declared as text are text.
	Members(render.Values, render.Typed) (map[string]any, error)
}

var _, _ Params = TemplateMap(nil), TemplateTree{}

// Members returns m with its placeholders filled: texts.
func (m TemplateMap) Members(values render.Values, _ render.Typed) (map[string]any, error) {
	texts, err := m.Render(values)
	if err != nil {
		return nil, err
	}
	out := make(map[string]any, len(texts))
	for name, text := range texts {
		out[name] = text
	}
	return out, nil
}

// A TemplateTree is a [schema.Tree] whose templates are parsed. The zero TemplateTree
// has no members. It is safe for concurrent use.
type TemplateTree struct {
	tree   schema.Tree
	parsed map[string]schema.Template // by text
}

func parseTree(t schema.Tree) (TemplateTree, error) {
	parsed := map[string]schema.Template{}
	_, err := t.Map(func(path, text string) (any, error) {
		one, err := schema.ParseTemplate(text)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", path, err)
		}
		parsed[text] = one
		return nil, nil
	})
	return TemplateTree{t, parsed}, err
}

// Members implements [Params].
func (t TemplateTree) Members(values render.Values, typed render.Typed) (map[string]any, error) {
	filled, err := t.tree.Map(func(path, text string) (any, error) {
		v, err := render.JSON(t.parsed[text], values, typed)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", path, err)
		}
		return v, nil
	})
	if filled == nil {
		filled = schema.Tree{}
	}
	return filled, err
}
