package play

import (
	"github.com/nango-lite/nango-lite/sandbox/internal/match"
	"github.com/nango-lite/nango-lite/schema"
)

// A StepForm is one of auth.steps with its templates compiled.
type StepForm struct {
	*schema.Step
	ParamForms, HeaderForms []match.Declared
}

func compileSteps(steps []schema.Step) ([]StepForm, error) {
	var forms []StepForm
	for i := range steps {
		s := StepForm{Step: &steps[i]}
		var err error
		if s.ParamForms, err = match.CompileTree(s.Params); err != nil {
			return nil, err
		}
		if s.HeaderForms, err = match.CompileAll(s.Headers); err != nil {
			return nil, err
		}
		forms = append(forms, s)
	}
	return forms, nil
}

// LastStep returns the number of the last step that follows an answer, counted from
// 1; 0 if there is none.
func (p *Stage) LastStep(refresh bool) int {
	last := 0
	for i := range p.Steps {
		if p.Steps[i].When(refresh) {
			last = i + 1
		}
	}
	return last
}
