package schema

import (
	"cmp"
	"slices"
	"strings"
)

// Pagination says how a list goes on.
type Pagination struct {
	Kind     string       `json:"kind"`
	Items    string       `json:"items,omitempty"` // path; "" or "." is the answer itself
	Cursor   *PageCursor  `json:"cursor,omitempty"`
	Link     *PageLink    `json:"link,omitempty"`
	Offset   *PageCounter `json:"offset,omitempty"`
	Page     *PageCounter `json:"page,omitempty"`
	HasMore  string       `json:"has_more,omitempty"` // path of a boolean
	Last     string       `json:"last,omitempty"`     // likewise, the other way round
	Total    *PageTotal   `json:"total,omitempty"`
	Stop     []Condition  `json:"stop,omitempty"`  // answers that end a list
	Empty    []Condition  `json:"empty,omitempty"` // answers in which the list is left out because it is empty
	Limit    *PageLimit   `json:"limit,omitempty"`
	In       string       `json:"in,omitempty"`
	BodyPath string       `json:"body_path,omitempty"` // of the object that holds the parameters in a body

	// Paths says what differs for some lists, by a pattern of their path such as
	// "/v1/users" or "GET /v1/users/*/posts". See [Pagination.At].
	Paths map[string]Pagination `json:"paths,omitempty"`
}

// PageCursor is where the cursor stands in the answer and in the next request.
type PageCursor struct {
	Response string `json:"response,omitempty"`
	Item     string `json:"item,omitempty"` // in place of Response: path in the last item
	Request  string `json:"request"`
}

// PageLink is where the next URL stands.
type PageLink struct {
	Rel      string `json:"rel,omitempty"`
	Response string `json:"response,omitempty"`
}

// PageCounter is the parameter that counts items or pages.
type PageCounter struct {
	Request string `json:"request"`
	Start   *int   `json:"start,omitempty"`
}

// PageTotal is where an answer says how long the whole list is.
type PageTotal struct {
	Response string `json:"response,omitempty"` // path in the body
	Header   string `json:"header,omitempty"`   // in place of Response
	Counts   string `json:"counts,omitempty"`   // "items", the default, or "pages"
}

// PageLimit is the parameter that takes the size of a page.
type PageLimit struct {
	Request string `json:"request"`
	Max     int    `json:"max,omitempty"`
}

// At returns what holds for the list at path: p, with the keys of the pattern in
// Paths that fits best laid over it. A pattern with a kind of its own stands alone.
// Of several that fit, one with a method counts before one without, then the one
// with more segments that are written out.
func (p Pagination) At(method, path string) Pagination {
	best, fits := "", false
	for text := range p.Paths {
		if !parsePagePattern(text).matches(method, path) {
			continue
		}
		if !fits || comparePagePatterns(text, best) > 0 {
			best, fits = text, true
		}
	}
	out := p
	out.Paths = nil
	if !fits {
		return out
	}
	return out.Over(p.Paths[best])
}

// Over returns p with the keys that q has laid over it. A q with a kind of its own
// stands alone.
func (p Pagination) Over(q Pagination) Pagination {
	q.Paths = nil
	if q.Kind != "" && q.Kind != p.Kind {
		return q
	}
	q.Kind = p.Kind
	q.Items = cmp.Or(q.Items, p.Items)
	q.Cursor = q.Cursor.over(p.Cursor)
	q.Link = cmp.Or(q.Link, p.Link)
	q.Offset = cmp.Or(q.Offset, p.Offset)
	q.Page = cmp.Or(q.Page, p.Page)
	q.HasMore = cmp.Or(q.HasMore, p.HasMore)
	q.Last = cmp.Or(q.Last, p.Last)
	q.Total = cmp.Or(q.Total, p.Total)
	if q.Stop == nil {
		q.Stop = p.Stop
	}
	if q.Empty == nil {
		q.Empty = p.Empty
	}
	q.Limit = q.Limit.over(p.Limit)
	q.In = cmp.Or(q.In, p.In)
	q.BodyPath = cmp.Or(q.BodyPath, p.BodyPath)
	return q
}

func (c *PageCursor) over(under *PageCursor) *PageCursor {
	if c == nil || under == nil {
		return cmp.Or(c, under)
	}
	merged := *c
	merged.Request = cmp.Or(c.Request, under.Request)
	if c.Response == "" && c.Item == "" {
		merged.Response, merged.Item = under.Response, under.Item
	}
	return &merged
}

func (l *PageLimit) over(under *PageLimit) *PageLimit {
	if l == nil || under == nil {
		return cmp.Or(l, under)
	}
	return &PageLimit{Request: cmp.Or(l.Request, under.Request), Max: cmp.Or(l.Max, under.Max)}
}

// A pagePattern is a path in which * stands for one segment, for one method or
// for any.
type pagePattern struct {
	method   string
	segments []string
}

func parsePagePattern(text string) pagePattern {
	method, path, ok := strings.Cut(text, " ")
	if !ok {
		method, path = "", text
	}
	return pagePattern{method, strings.Split(strings.Trim(path, "/"), "/")}
}

func (p pagePattern) matches(method, path string) bool {
	if p.method != "" && p.method != method {
		return false
	}
	segments := strings.Split(strings.Trim(path, "/"), "/")
	return slices.EqualFunc(p.segments, segments, func(want, got string) bool { return want == "*" || want == got })
}

// comparePagePatterns orders patterns that fit the same path: the closer one is
// greater.
func comparePagePatterns(a, b string) int {
	p, q := parsePagePattern(a), parsePagePattern(b)
	named := func(p pagePattern) int {
		if p.method == "" {
			return 0
		}
		return 1
	}
	return cmp.Or(
		cmp.Compare(named(p), named(q)),
		cmp.Compare(p.written(), q.written()),
		strings.Compare(b, a),
	)
}

// written counts the segments that are written out.
func (p pagePattern) written() int {
	n := 0
	for _, s := range p.segments {
		if s != "*" {
			n++
		}
	}
	return n
}
