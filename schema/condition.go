package schema

import "strings"

// A Condition matches an answer if every part given matches.
type Condition struct {
	Status OneOrMany[int]    `json:"status,omitempty"`
	Header map[string]string `json:"header,omitempty"` // "*" means any value
	Body   map[string]any    `json:"body,omitempty"`   // path to a scalar, to a list of alternatives, to "*" for present, or to what a text has in it; see [PartOf]
	Code   OneOrMany[string] `json:"code,omitempty"`
}

// An Answer is what conditions look at. Its functions are called only for conditions
// that ask for what they give, and nil ones give nothing.
type Answer struct {
	Status int
	Header func(name string) []string // values of a header field, such as [net/http.Header.Values]
	Doc    func() any                 // the decoded body
	Code   func() string              // the API's error code, or ""
}

// Matches reports whether a is as c says. The body comes last.
func (c *Condition) Matches(a Answer) bool {
	if len(c.Status) > 0 && !c.Status.Has(a.Status) {
		return false
	}
	for name, want := range c.Header {
		if !a.hasHeader(name, want) {
			return false
		}
	}
	if len(c.Code) > 0 && (a.Code == nil || !c.Code.Has(a.Code())) {
		return false
	}
	if len(c.Body) == 0 {
		return true
	}
	var doc any
	if a.Doc != nil {
		doc = a.Doc()
	}
	for path, want := range c.Body {
		if got, ok := At(doc, path); !ok || !Accepts(want, got) {
			return false
		}
	}
	return true
}

func (a Answer) hasHeader(name, want string) bool {
	if a.Header == nil {
		return false
	}
	values := a.Header(name)
	return len(values) > 0 && (want == "*" || strings.EqualFold(values[0], want))
}

// NeedsBody reports whether c looks into the body.
func (c *Condition) NeedsBody() bool { return len(c.Body) > 0 || len(c.Code) > 0 }

// Accepts reports whether a value that stands in a body is what a condition wants
// there: "*" is anything but null, a list one of several, and else it is the same
// scalar. Numbers compare as text, so that 7 and "7" are the same: servers are not
// strict about it either. A condition that wants true or false takes no text for it;
// one that wants the text takes either.
func Accepts(want, got any) bool {
	switch want := want.(type) {
	case nil:
		return got == nil
	case bool:
		g, ok := got.(bool)
		return ok && g == want
	case string:
		if want == "*" {
			return got != nil
		}
	case map[string]any:
		text, ok := got.(string)
		return ok && (hasPart(want[PartContains], text, containsFold) || hasPart(want[PartPrefix], text, prefixFold))
	case []any:
		for _, w := range want {
			if Accepts(w, got) {
				return true
			}
		}
		return false
	}
	g, ok := Scalar(got)
	w, wok := Scalar(want)
	return ok && wok && g == w
}

// A condition on part of a text is a map with one of these: what it has in it, or what it
// begins with; a list means one of several. Letters of either case are the same: it is
// prose that is matched so, for want of a code.
const (
	PartContains = "contains"
	PartPrefix   = "prefix"
)

// PartOf returns a text that a condition on part of one accepts; false if want is none.
func PartOf(want any) (string, bool) {
	m, ok := want.(map[string]any)
	if !ok {
		return "", false
	}
	for _, name := range []string{PartContains, PartPrefix} {
		switch part := m[name].(type) {
		case string:
			return part, true
		case []any:
			if len(part) > 0 {
				text, ok := part[0].(string)
				return text, ok
			}
		}
	}
	return "", false
}

func hasPart(want any, text string, has func(text, part string) bool) bool {
	switch want := want.(type) {
	case string:
		return has(text, want)
	case []any:
		for _, w := range want {
			if hasPart(w, text, has) {
				return true
			}
		}
	}
	return false
}

func containsFold(text, part string) bool {
	return strings.Contains(strings.ToLower(text), strings.ToLower(part))
}

func prefixFold(text, part string) bool {
	return len(text) >= len(part) && strings.EqualFold(text[:len(part)], part)
}
