package plan

import (
	"fmt"
	"net/url"

	"github.com/nango-lite/nango-lite/engine/internal/render"
	"github.com/nango-lite/nango-lite/schema"
)

// A TemplateMap is a map of parameters or headers whose values are templates.
type TemplateMap map[string]schema.Template

func parseMap(values map[string]string) (TemplateMap, error) {
	m := make(TemplateMap, len(values))
	for name, text := range values {
		t, err := schema.ParseTemplate(text)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		m[name] = t
	}
	return m, nil
}

// Fill renders m into q.
func (m TemplateMap) Fill(q url.Values, values render.Values) error {
	rendered, err := m.Render(values)
	if err != nil {
		return err
	}
	for name, text := range rendered {
		q.Set(name, text)
	}
	return nil
}

// Render returns m with its placeholders filled.
func (m TemplateMap) Render(values render.Values) (map[string]string, error) {
	out := make(map[string]string, len(m))
	for name, t := range m {
		text, err := render.Text(t, values)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		out[name] = text
	}
	return out, nil
}
