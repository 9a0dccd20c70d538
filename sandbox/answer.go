package sandbox

import (
	"bytes"
	"encoding/json"
	"net/http"
	"net/url"
	"strconv"

	"github.com/nango-lite/nango-lite/schema"
)

// An answer is a response that is still data.
type answer struct {
	status int // 0 means 200
	header http.Header
	body   any  // a string as it is, nil as nothing, anything else as JSON
	form   bool // write an object form-urlencoded
}

func (a *answer) set(name, value string) {
	if a.header == nil {
		a.header = http.Header{}
	}
	a.header.Set(name, value)
}

// copy returns an answer that may be changed.
func (a answer) copy() answer {
	a.header = a.header.Clone()
	a.body = clone(a.body)
	return a
}

// render returns the body's bytes and its media type.
func (a *answer) render() ([]byte, string) {
	switch body := a.body.(type) {
	case nil:
		return nil, ""
	case string:
		return []byte(body), "text/plain; charset=utf-8"
	case map[string]any:
		if a.form {
			values := url.Values{}
			for k, v := range body {
				values.Set(k, text(v))
			}
			return []byte(values.Encode()), "application/x-www-form-urlencoded"
		}
	}
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(a.body); err != nil {
		panic("sandbox: " + err.Error()) // bodies went through plain
	}
	return b.Bytes(), "application/json"
}

// write sends a. Every answer has a Content-Length.
func (p *Provider) write(w http.ResponseWriter, r *http.Request, a answer) {
	body, media := p.head(w, a)
	w.Header().Set("Content-Length", strconv.Itoa(len(body)))
	if media != "" && w.Header().Get("Content-Type") == "" {
		w.Header().Set("Content-Type", media)
	}
	w.WriteHeader(a.code())
	if r.Method != http.MethodHead {
		_, _ = w.Write(body)
	}
}

// head sets the header fields of a, and the ones that every answer has.
func (p *Provider) head(w http.ResponseWriter, a answer) (body []byte, media string) {
	for name, values := range a.header {
		w.Header()[name] = values
	}
	if e := p.integration.Requests.Errors; e != nil && e.RequestID != nil && e.RequestID.Header != "" {
		w.Header().Set(e.RequestID.Header, p.requestID())
	}
	body, media = a.render()
	if code := a.code(); code == http.StatusNoContent || code == http.StatusNotModified {
		body = nil
	}
	return body, media
}

func (a *answer) code() int {
	if a.status == 0 {
		return http.StatusOK
	}
	return a.status
}

func (p *Provider) requestID() string {
	return "sandbox-" + strconv.FormatInt(p.requests.Add(1), 10)
}

// matches reports whether an answer is what c describes.
func (p *Provider) matches(c *schema.Condition, a *answer) bool {
	return c.Matches(schema.Answer{
		Status: a.code(),
		Header: a.header.Values,
		Doc:    func() any { return a.body },
		Code: func() string {
			e := p.integration.Requests.Errors
			if e == nil {
				return ""
			}
			_, code := schema.FirstAt(a.body, e.Code)
			return code
		},
	})
}

// satisfy changes a so that it is what c describes.
func (p *Provider) satisfy(c *schema.Condition, a *answer) {
	if c == nil || p.matches(c, a) {
		return
	}
	if len(c.Status) > 0 && !c.Status.Has(a.code()) {
		a.status = c.Status[0]
	}
	for name, want := range c.Header {
		if want == "*" {
			want = "sandbox"
		}
		if a.header.Get(name) == "" || want != "sandbox" {
			a.set(name, want)
		}
	}
	for path, want := range c.Body {
		if got, ok := schema.At(a.body, path); ok && schema.Accepts(want, got) {
			continue
		}
		if list, ok := want.([]any); ok && len(list) > 0 {
			want = list[0]
		}
		if want == "*" {
			want = "sandbox"
		}
		a.body = put(a.body, path, want)
	}
	if e := p.integration.Requests.Errors; len(c.Code) > 0 && e != nil && len(e.Code) > 0 {
		if at, got := schema.FirstAt(a.body, e.Code); !c.Code.Has(got) {
			a.body = put(a.body, at, c.Code[0])
		}
	}
}
