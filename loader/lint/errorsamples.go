package lint

import (
	"fmt"
	"slices"

	"github.com/nango-lite/nango-lite/schema"
)

// errorSamples: what errors says must find something in the errors there are.
func (v *version) errorSamples() {
	e := v.Requests.Errors
	samples := v.of(schema.SampleError)
	if e == nil {
		e = &schema.Errors{}
	} else if len(samples) == 0 {
		v.missing(schema.SampleError, "and errors says how to read one")
	}
	found := map[string]bool{}
	paths := map[string]string{"requests.errors.code": e.Code, "requests.errors.message": e.Message}
	for i, s := range samples {
		r := s.Response
		ruled := slices.ContainsFunc(e.Rules, func(rule schema.ErrorRule) bool { return matches(rule.When, r, e.Code) })
		if statusOf(r) < 400 && !ruled {
			v.report("sample-error", sampleAt(i, ".response"), fmt.Sprintf("status %d, and no rule of errors.rules matches: this would not be read as an error", statusOf(r)), "")
		}
		wanted, hits := 0, 0
		for by, p := range paths {
			if p == "" {
				continue
			}
			wanted++
			if _, ok := textAt(r.Body, p); ok {
				found[by] = true
				hits++
			}
		}
		if _, object := r.Body.(map[string]any); object && wanted > 0 && hits == 0 {
			v.report("sample-error", sampleAt(i, ".response.body"), "neither code nor message stands where requests.errors says", "")
		}
	}
	for _, by := range []string{"requests.errors.code", "requests.errors.message"} {
		if p := paths[by]; p != "" && len(samples) > 0 && !found[by] {
			v.report("sample-error", by, fmt.Sprintf("no error sample has anything at %q", p), "")
		}
	}
}
