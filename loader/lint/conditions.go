package lint

import (
	"fmt"
	"maps"
	"net/http"
	"reflect"
	"slices"
	"strconv"
	"strings"

	"github.com/nango-lite/nango-lite/schema"
)

// conditionRules checks conditions: that they can match, and that they get the chance.
func conditionRules(v *version) {
	conditions := v.conditions()
	for _, at := range slices.Sorted(maps.Keys(conditions)) {
		c := conditions[at]
		inToken := strings.HasPrefix(at, "auth.token_response.") // there, code is error_code
		if e := v.Requests.Errors; len(c.Code) > 0 && !inToken && (e == nil || len(e.Code) == 0) {
			v.report("dead-condition", at+".code", "this never matches: errors.code does not say where codes stand", "")
		}
		for _, s := range c.Status {
			if s < 200 || http.StatusText(s) == "" && s < 400 {
				v.report("dead-condition", at+".status", fmt.Sprintf("this never matches: no answer ends with status %d", s), "")
			}
		}
		v.plainText(at, c, inToken)
		failure := at != "auth.token_response.success" && !strings.HasPrefix(at, "notes.")
		if failure && len(c.Header)+len(c.Body)+len(c.Code) == 0 && slices.ContainsFunc(c.Status, func(s int) bool { return s >= 200 && s < 300 }) {
			v.report("wide-condition", at+".status", "this takes every answer with this status for a failure", "say what sets the failures apart: a code, a header or something in the body")
		}
	}
	if e := v.Requests.Errors; e != nil {
		var seen []schema.Condition
		for _, r := range e.Rules {
			seen = append(seen, r.When)
		}
		v.shadowed("requests.errors.rules", ".when", seen)
	}
	if l := v.Requests.RateLimit; l != nil {
		v.shadowed("requests.rate_limit.detect", "", l.Detect)
	}
	v.shadowed("auth.refresh_on", "", v.Auth.RefreshOn)
}

// plainText: a text is looked into where an answer of the API is a failure, and has no members.
func (v *version) plainText(at string, c schema.Condition, inToken bool) {
	if _, asked := c.Body[schema.Itself]; !asked {
		return
	}
	why := ""
	switch {
	case inToken:
		why = "a token answer is no plain text"
	case len(c.Body) > 1:
		why = "a plain text has no other paths"
	case len(c.Code) > 0:
		why = "a plain text has no code"
	case len(c.Status) > 0 && !slices.ContainsFunc(c.Status, func(s int) bool { return s >= http.StatusBadRequest }):
		why = "a plain text is looked into where the status is 400 or more"
	default:
		return
	}
	v.report("dead-condition", at+".body", "this never matches: "+why, "")
}

func (v *version) shadowed(list, below string, cs []schema.Condition) {
	for i := range cs {
		for j := range i {
			if covers(cs[j], cs[i]) {
				v.report("shadowed-rule", list+"."+strconv.Itoa(i)+below, fmt.Sprintf("this is never reached: number %d of the list matches whatever it matches", j+1), "")
				break
			}
		}
	}
}

// covers reports whether a matches every answer that b matches.
func covers(a, b schema.Condition) bool {
	if !among(a.Status, b.Status) || !among(a.Code, b.Code) {
		return false
	}
	for name, want := range a.Header {
		got, ok := headerOf(b.Header, name)
		if !ok || want != "*" && !strings.EqualFold(want, got) {
			return false
		}
	}
	for path, want := range a.Body {
		got, ok := b.Body[path]
		if !ok || !reflect.DeepEqual(want, "*") && !subset(alternatives(got), alternatives(want)) {
			return false
		}
	}
	return true
}

// among reports whether all of b are in a, where an empty a takes everything.
func among[T comparable](a, b schema.OneOrMany[T]) bool {
	return len(a) == 0 || len(b) > 0 && !slices.ContainsFunc(b, func(x T) bool { return !a.Has(x) })
}

func subset(small, large []any) bool {
	return !slices.ContainsFunc(small, func(x any) bool {
		return !slices.ContainsFunc(large, func(y any) bool { return reflect.DeepEqual(x, y) })
	})
}

func alternatives(v any) []any {
	if list, ok := v.([]any); ok {
		return list
	}
	return []any{v}
}

func headerOf(h map[string]string, name string) (string, bool) {
	for n, value := range h {
		if strings.EqualFold(n, name) {
			return value, true
		}
	}
	return "", false
}

// matches reports whether a sample's answer is as c says. The code is looked for
// at codePaths.
func matches(c schema.Condition, r schema.SampleResponse, codePaths schema.Paths) bool {
	return c.Matches(schema.Answer{
		Status: statusOf(r),
		Header: func(name string) []string {
			if value, ok := headerOf(r.Headers, name); ok {
				return []string{value}
			}
			return nil
		},
		Doc: func() any { return r.Body },
		Code: func() string {
			_, code := schema.FirstAt(r.Body, codePaths)
			return code
		},
	})
}

func statusOf(r schema.SampleResponse) int {
	if r.Status == 0 {
		return http.StatusOK
	}
	return r.Status
}
