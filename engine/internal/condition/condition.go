// Package condition evaluates the conditions by which blueprints tell answers
// apart: status, header, values in a JSON body, error code.
package condition

import (
	"net/http"
	"strings"

	"github.com/nango-lite/nango-lite/engine/internal/jsonpath"
	"github.com/nango-lite/nango-lite/schema"
)

// An Answer is what conditions look at.
type Answer struct {
	Status int
	Header http.Header
	Doc    func() any    // the decoded body; called only if a condition asks for it
	Code   func() string // the error code; likewise
}

// Match reports whether every part of c that is given matches a.
func Match(c schema.Condition, a Answer) bool {
	if len(c.Status) > 0 && !c.Status.Has(a.Status) {
		return false
	}
	for name, want := range c.Header {
		values := a.Header.Values(name)
		if len(values) == 0 || want != "*" && !strings.EqualFold(values[0], want) {
			return false
		}
	}
	if len(c.Code) > 0 && !c.Code.Has(a.Code()) {
		return false
	}
	for path, want := range c.Body {
		got, ok := jsonpath.Lookup(a.Doc(), path)
		if !ok || !equals(got, want) {
			return false
		}
	}
	return true
}

// NeedsBody reports whether any of cs looks into the body.
func NeedsBody(cs ...schema.Condition) bool {
	for _, c := range cs {
		if len(c.Body) > 0 || len(c.Code) > 0 {
			return true
		}
	}
	return false
}

// equals compares a value of a body with what a blueprint wrote: "*" for any, a
// list for one of several, else the same scalar. Numbers compare as text, so
// that 7 and "7" are the same: servers are not strict about it either.
func equals(got, want any) bool {
	switch want := want.(type) {
	case nil:
		return got == nil
	case []any:
		for _, w := range want {
			if equals(got, w) {
				return true
			}
		}
		return false
	case string:
		if want == "*" {
			return got != nil
		}
	}
	if w, ok := want.(bool); ok { // "true" is not true
		g, ok := got.(bool)
		return ok && g == w
	}
	g, ok := jsonpath.Scalar(got)
	w, wok := jsonpath.Scalar(want)
	return ok && wok && g == w
}
