package plan

import (
	"fmt"

	"github.com/nango-lite/nango-lite/schema"
)

// A Step is one of auth.steps with its templates parsed.
type Step struct {
	*schema.Step
	Templates struct {
		URL     schema.Template
		Params  TemplateTree
		Headers TemplateMap
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
		if s.Templates.Headers, err = parseMap(s.Headers); err != nil {
			return nil, fmt.Errorf("auth.steps.%d.headers: %w", i, err)
		}
		plans = append(plans, s)
	}
	return plans, nil
}
