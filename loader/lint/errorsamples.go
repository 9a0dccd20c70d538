package lint

import (
	"fmt"
	"maps"
	"slices"
	"strconv"

	"github.com/nango-lite/nango-lite/schema"
)

// errorSamples: what errors says must find something in the errors there are.
func errorSamples(v *version) {
	e := v.Requests.Errors
	samples := v.of(schema.SampleError)
	if e == nil {
		e = &schema.Errors{}
	} else if len(samples) == 0 {
		v.missing(schema.SampleError, "and errors says how to read one")
	}
	found := map[string]bool{}
	paths := pathsOf(e)
	for i, s := range samples {
		r := s.Response
		ruled := slices.ContainsFunc(e.Rules, func(rule schema.ErrorRule) bool { return matches(rule.When, r, e.Code) })
		if statusOf(r) < 400 && !ruled {
			v.report("sample-error", sampleAt(i, ".response"), fmt.Sprintf("status %d, and no rule of errors.rules matches: this would not be read as an error", statusOf(r)), "")
		}
		wanted, hits := 0, 0
		for by, p := range paths {
			wanted++
			if _, ok := schema.TextAt(r.Body, p); ok {
				found[by] = true
				hits++
			}
		}
		if _, object := r.Body.(map[string]any); object && wanted > 0 && hits == 0 && !ruled && !v.hinted(r, e.Code) {
			v.report("sample-error", sampleAt(i, ".response.body"), "callers learn nothing from this: it has neither code nor message where requests.errors says, and no rule or note matches",
				"correct the paths, or add a rule, or a note with when")
		}
	}
	for _, s := range v.of(schema.SampleRateLimited) { // the same words tell it
		for by, p := range paths {
			_, ok := schema.TextAt(s.Response.Body, p)
			found[by] = found[by] || ok
		}
	}
	v.unseen(paths, found, len(samples) > 0)
}

// pathsOf returns where errors looks, by the place of each path.
func pathsOf(e *schema.Errors) map[string]string {
	paths := map[string]string{}
	for key, list := range map[string]schema.Paths{"requests.errors.code": e.Code, "requests.errors.message": e.Message} {
		for i, path := range list {
			by := key
			if len(list) > 1 {
				by += "." + strconv.Itoa(i)
			}
			paths[by] = path
		}
	}
	return paths
}

// hinted reports whether a note is offered with an answer.
func (v *version) hinted(r schema.SampleResponse, codePaths schema.Paths) bool {
	return slices.ContainsFunc(v.Notes, func(n schema.Note) bool { return n.When != nil && matches(*n.When, r, codePaths) })
}

// unseen reports paths at which no sample has anything.
func (v *version) unseen(paths map[string]string, found map[string]bool, sampled bool) {
	for _, by := range slices.Sorted(maps.Keys(paths)) {
		if sampled && !found[by] {
			v.report("sample-error", by, fmt.Sprintf("no error sample has anything at %q", paths[by]), "")
		}
	}
}
