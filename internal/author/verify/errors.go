package verify

import (
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/nango-lite/nango-lite/schema"
)

// An errorShape is what one answer of a call that fails looks like.
type errorShape struct {
	status string
	schema node
}

// errorShapes returns those of the calls that the entry makes, and those of any call.
func (k *checker) errorShapes() (used, all []errorShape) {
	seen := map[string]bool{}
	for _, u := range k.uses {
		if u.call != nil {
			used = append(used, u.call.failures(seen)...)
		}
	}
	all = slices.Clone(used)
	for _, c := range k.calls {
		all = append(all, c.failures(seen)...)
	}
	return used, all
}

// failures returns what the call's errors look like, but for those that were seen.
func (c *call) failures(seen map[string]bool) (out []errorShape) {
	for _, status := range c.n.get("responses").names() {
		if !strings.HasPrefix(status, "4") && !strings.HasPrefix(status, "5") && status != "default" {
			continue
		}
		for _, s := range c.allAnswers(statusLike(status)) {
			if s, _ = s.resolved(); !seen[status+s.where()] {
				seen[status+s.where()] = true
				out = append(out, errorShape{status, s})
			}
		}
	}
	return out
}

// statusLike is a status that a name of an answer stands for.
func statusLike(name string) string {
	if name == "default" {
		return "599"
	}
	return name
}

// errors holds where the entry looks for what went wrong.
func (k *checker) errors() {
	used, shapes := k.errorShapes()
	if e := k.Requests.Errors; e != nil && shapes != nil {
		k.errorPaths(used, shapes, e.Code, "requests", "errors", "code")
		k.errorPaths(used, shapes, e.Message, "requests", "errors", "message")
		if e.RequestID != nil && e.RequestID.Body != "" {
			k.errorPaths(used, shapes, schema.Paths{e.RequestID.Body}, "requests", "errors", "request_id", "body")
		}
	}
	for i, s := range k.Samples {
		if s.Kind == schema.SampleError || s.Kind == schema.SampleRateLimited {
			k.errorSample(used, shapes, []string{"samples", strconv.Itoa(i), "response", "body"}, s)
		}
	}
	k.tokenSamples()
	k.remaining()
}

func (k *checker) errorPaths(used, all []errorShape, paths schema.Paths, at ...string) {
	for i, path := range paths {
		is := sought(used, path)
		if is == absent { // what the calls of the entry do not have, another has for certain or not at all
			is = max(sought(all, path)-unknown, absent)
		}
		if len(used) == 0 {
			is = sought(all, path)
		}
		if is != absent {
			continue
		}
		place := at
		if one := below(at, strconv.Itoa(i)); k.says(one...) {
			place = one
		}
		k.report(codeErrors, place, fmt.Sprintf("no error in the document has anything at %q", path), all[0].schema.where())
	}
}

// sought reports whether any shape has something at a path.
func sought(shapes []errorShape, path string) presence {
	best := absent
	for _, s := range shapes {
		_, is := lookAt(s.schema, path)
		best = max(best, is)
	}
	return best
}

// errorSample holds an error to the answers of its status, of which one has to be like it:
// those of the calls of the entry, or where they have none, of any.
func (k *checker) errorSample(used, all []errorShape, at []string, s schema.Sample) {
	if _, isObject := s.Response.Body.(map[string]any); !isObject || s.Response.Status < http.StatusBadRequest {
		return
	}
	found, looked := closest(used, s)
	if !looked {
		found, _ = closest(all, s)
	}
	k.problems(codeErrors, at, found)
}

// closest returns what is wrong with an error by the shape that it comes closest to, and
// whether there is one for its status.
func closest(shapes []errorShape, s schema.Sample) (best []problem, looked bool) {
	status := strconv.Itoa(s.Response.Status)
	for _, shape := range shapes {
		if !slices.Contains([]string{status, status[:1] + "XX", status[:1] + "xx", "default"}, shape.status) {
			continue
		}
		found := held(shape.schema, s.Response.Body, nil)
		if len(found) == 0 {
			return nil, true
		}
		if !looked || len(found) < len(best) {
			best = found
		}
		looked = true
	}
	return best, looked
}

// remaining holds the header that says how much is left, if the document names any such.
func (k *checker) remaining() {
	r := k.Requests.RateLimit
	if r == nil || r.Remaining == nil {
		return
	}
	var known []string
	where := ""
	for _, u := range k.uses {
		if u.call == nil {
			continue
		}
		for _, status := range u.call.n.get("responses").names() {
			answer, _ := u.call.n.get("responses").get(status).resolved()
			for _, name := range answer.get("headers").names() {
				if strings.EqualFold(name, r.Remaining.Header) {
					return
				}
				if strings.Contains(strings.ToLower(name), "remaining") {
					known, where = append(known, name), answer.get("headers").where()
				}
			}
		}
	}
	if known != nil {
		k.report(codeHeader, []string{"requests", "rate_limit", "remaining", "header"}, fmt.Sprintf("answers in the document have %s", list(known)), where)
	}
}
