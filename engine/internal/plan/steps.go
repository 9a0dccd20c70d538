package plan

import (
	"fmt"

	"github.com/nango-lite/nango-lite/schema"
)

// A Step is one of auth.steps with its templates parsed.
type Step struct {
	*schema.Step
	Templates struct {
		URL            schema.Template
		Params         TemplateTree
		Query, Headers TemplateMap
	}
}

func newSteps(steps []schema.Step) ([]Step, error) {
	var plans []Step
	for i := range steps {
		s := Step{Step: &steps[i]}
		var err error
		if s.Templates.URL, err = schema.ParseTemplate(s.URL); err != nil {
			return nil, fmt.Errorf("auth.steps.%d.url: %w", i, err)
		}
		if s.Templates.Params, err = parseTree(s.Params); err != nil {
			return nil, fmt.Errorf("auth.steps.%d.params.%w", i, err)
		}
		for _, m := range []struct {
			key    string
			values map[string]string
			to     *TemplateMap
		}{{"query", s.Query, &s.Templates.Query}, {"headers", s.Headers, &s.Templates.Headers}} {
			if *m.to, err = parseMap(m.values); err != nil {
				return nil, fmt.Errorf("auth.steps.%d.%s: %w", i, m.key, err)
			}
		}
		plans = append(plans, s)
	}
	return plans, nil
}
