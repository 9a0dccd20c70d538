package bench

import (
	"bytes"
	"io"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/nango-lite/nango-lite/internal/media"
	"github.com/nango-lite/nango-lite/internal/xmldoc"
	"github.com/nango-lite/nango-lite/schema"
)

// An answer is what a provider says, as data.
type answer struct {
	status int
	header http.Header
	body   any // decoded JSON; a string stands for itself, nil for nothing
}

// sampled returns the answer that a sample shows.
func sampled(r schema.SampleResponse) answer {
	a := answer{status: r.Status, header: http.Header{}, body: plain(r.Body)}
	if a.status == 0 {
		a.status = http.StatusOK
	}
	for name, v := range r.Headers {
		a.header.Set(name, v)
	}
	return a
}

// doc is what declared paths look in: the body, or what stands below the root of XML.
func (a answer) doc() any {
	text, is := a.body.(string)
	if !is || !media.IsXML(media.Of(a.header.Get("Content-Type"))) {
		return a.body
	}
	doc, err := xmldoc.Decode([]byte(text))
	if err != nil {
		return a.body
	}
	return doc
}

func (a answer) clone() answer { return answer{a.status, a.header.Clone(), plain(a.body)} }

// response is a as an answer to r.
func (a answer) response(r *http.Request) *http.Response {
	h := a.header.Clone()
	if h == nil {
		h = http.Header{}
	}
	var body []byte
	switch v := a.body.(type) {
	case nil:
	case string:
		body = []byte(v)
	default:
		body = []byte(encode(v))
		if h.Get("Content-Type") == "" {
			h.Set("Content-Type", "application/json")
		}
	}
	return &http.Response{
		Status: strconv.Itoa(a.status) + " " + http.StatusText(a.status), StatusCode: a.status,
		Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
		Header: h, Body: io.NopCloser(bytes.NewReader(body)), ContentLength: int64(len(body)), Request: r,
	}
}

// shape returns an error as this API writes them: the first error sample that has
// a code, else the first that is an object, else an empty object with status 400.
func shape(in *schema.Integration) answer {
	best := answer{status: http.StatusBadRequest, header: http.Header{}, body: map[string]any{}}
	found := false
	for _, s := range in.Samples {
		if s.Kind != schema.SampleError {
			continue
		}
		a := sampled(s.Response)
		if _, text := a.body.(string); text {
			a.body = a.doc() // XML becomes JSON of the same paths, whose values can be changed
			a.header.Del("Content-Type")
		}
		if _, ok := a.body.(map[string]any); !ok {
			continue
		}
		coded := textAt(a.body, codePath(in)) != ""
		if !found || coded {
			best, found = a, true
		}
		if coded {
			break
		}
	}
	if best.status == http.StatusUnauthorized { // which has a meaning of its own
		best.status = http.StatusBadRequest
	}
	return best
}

// codePath returns where this API has its error code.
func codePath(in *schema.Integration) schema.Paths {
	if in.Requests.Errors == nil {
		return nil
	}
	return in.Requests.Errors.Code
}

// alternatives returns answers that c describes, one for each value that it would
// take, in the shape of base. codeAt is where the code stands.
func alternatives(c *schema.Condition, base answer, codeAt schema.Paths) []answer {
	first := base.clone()
	if len(c.Status) > 0 {
		first.status = c.Status[0]
	}
	for name, v := range c.Header {
		if v == "*" {
			v = "1"
		}
		first.header.Set(name, v)
	}
	for path, want := range c.Body {
		first.body = schema.PutAt(first.body, path, oneOf(want)[0])
	}
	place, _ := schema.FirstAt(first.body, codeAt)
	if len(c.Code) > 0 && place != "" {
		first.body = schema.PutAt(first.body, place, c.Code[0])
	}
	list := []answer{first}
	vary := func(change func(*answer)) {
		a := first.clone()
		change(&a)
		list = append(list, a)
	}
	for i := 1; i < len(c.Status); i++ {
		vary(func(a *answer) { a.status = c.Status[i] })
	}
	for i := 1; i < len(c.Code) && place != ""; i++ {
		vary(func(a *answer) { a.body = schema.PutAt(a.body, place, c.Code[i]) })
	}
	for _, path := range slices.Sorted(maps.Keys(c.Body)) {
		for _, v := range oneOf(c.Body[path])[1:] {
			vary(func(a *answer) { a.body = schema.PutAt(a.body, path, v) })
		}
	}
	return list
}

// neighbours returns answers that miss c by one value each.
func neighbours(c *schema.Condition, base answer, codeAt schema.Paths) []answer {
	first := alternatives(c, base, codeAt)[0]
	var list []answer
	vary := func(change func(*answer)) {
		a := first.clone()
		change(&a)
		list = append(list, a)
	}
	if len(c.Status) > 0 {
		other := http.StatusTeapot
		if c.Status[0] < 400 {
			other = http.StatusCreated
		}
		vary(func(a *answer) { a.status = other })
	}
	for name, v := range c.Header {
		if v == "*" {
			vary(func(a *answer) { a.header.Del(name) })
		} else {
			vary(func(a *answer) { a.header.Set(name, v+"1") })
		}
	}
	for _, path := range slices.Sorted(maps.Keys(c.Body)) {
		vary(func(a *answer) { a.lose(path) })
		if v := oneOf(c.Body[path])[0]; c.Body[path] != "*" {
			if on, ok := v.(bool); ok {
				vary(func(a *answer) { a.body = schema.PutAt(a.body, path, !on) })
				vary(func(a *answer) { a.body = schema.PutAt(a.body, path, strconv.FormatBool(on)) }) // a text is no flag
			} else {
				vary(func(a *answer) { a.body = schema.PutAt(a.body, path, "bench_other") })
			}
		}
	}
	if place, _ := schema.FirstAt(first.body, codeAt); len(c.Code) > 0 && place != "" {
		vary(func(a *answer) { a.body = schema.PutAt(a.body, place, "bench_other") })
	}
	return list
}

// lose takes away what stands at a path of the body, which may be all of it.
func (a *answer) lose(path string) {
	if path == schema.Itself {
		a.body = nil
		return
	}
	schema.RemoveAt(a.body, path)
}

// oneOf returns the values that a condition's body path may have.
func oneOf(want any) []any {
	list, ok := want.([]any)
	if !ok || len(list) == 0 {
		list = []any{want}
	}
	list = slices.Clone(list)
	for i, v := range list {
		if v == "*" {
			list[i] = "bench_any"
		}
		if part, ok := schema.PartOf(v); ok {
			list[i] = part + " bench" // a text that begins so has it in it, too
		}
	}
	return list
}

// holds reports whether a is what c describes.
func holds(c *schema.Condition, a *answer, codeAt schema.Paths) bool {
	return c.Matches(schema.Answer{
		Status: a.status,
		Header: a.header.Values,
		Doc:    func() any { return a.doc() },
		Code:   func() string { return textAt(a.doc(), codeAt) },
	})
}

// textAt returns the text at the first of paths that has some.
func textAt(body any, paths schema.Paths) string {
	_, text := schema.FirstAt(body, paths)
	return text
}

func isContainer(v any) bool {
	switch v.(type) {
	case map[string]any, []any:
		return true
	}
	return false
}

// describe names an answer in a failure.
func (a *answer) describe() string {
	parts := []string{strconv.Itoa(a.status)}
	for _, name := range slices.Sorted(maps.Keys(a.header)) {
		parts = append(parts, name+": "+a.header.Get(name))
	}
	if a.body != nil {
		b := encode(a.body)
		if len(b) > 120 {
			b = b[:120] + "…"
		}
		parts = append(parts, b)
	}
	return strings.Join(parts, " ")
}
