package match

import (
	"github.com/nango-lite/nango-lite/sandbox/internal/message"
	"github.com/nango-lite/nango-lite/schema"
)

// Matches reports whether an answer is what c describes.
func (j *Judge) Matches(c *schema.Condition, a *message.Answer) bool {
	return c.Matches(schema.Answer{
		Status: a.Code(),
		Header: a.Header.Values,
		Doc:    func() any { return a.Body },
		Code: func() string {
			e := j.Integration.Requests.Errors
			if e == nil {
				return ""
			}
			_, code := schema.FirstAt(a.Body, e.Code)
			return code
		},
	})
}

// Satisfy changes a so that it is what c describes.
func (j *Judge) Satisfy(c *schema.Condition, a *message.Answer) {
	if c == nil || j.Matches(c, a) {
		return
	}
	if len(c.Status) > 0 && !c.Status.Has(a.Code()) {
		a.Status = c.Status[0]
	}
	for name, want := range c.Header {
		if want == "*" {
			want = "sandbox"
		}
		if a.Header.Get(name) == "" || want != "sandbox" {
			a.Set(name, want)
		}
	}
	for path, want := range c.Body {
		if got, ok := schema.At(a.Body, path); ok && schema.Accepts(want, got) {
			continue
		}
		if list, ok := want.([]any); ok && len(list) > 0 {
			want = list[0]
		}
		if part, ok := schema.PartOf(want); ok {
			want = part
		}
		if want == "*" {
			want = "sandbox"
		}
		a.Body = schema.PutAt(a.Body, path, want)
	}
	if e := j.Integration.Requests.Errors; len(c.Code) > 0 && e != nil && len(e.Code) > 0 {
		if at, got := schema.FirstAt(a.Body, e.Code); !c.Code.Has(got) {
			a.Body = schema.PutAt(a.Body, at, c.Code[0])
		}
	}
}
