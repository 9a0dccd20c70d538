package schema

import "cmp"

// Pagination says how a list goes on.
type Pagination struct {
	Kind     string       `json:"kind"`
	Items    string       `json:"items,omitempty"` // path; "" or "." is the answer itself
	Cursor   *PageCursor  `json:"cursor,omitempty"`
	Link     *PageLink    `json:"link,omitempty"`
	Offset   *PageOffset  `json:"offset,omitempty"`
	Page     *PageCounter `json:"page,omitempty"`
	HasMore  string       `json:"has_more,omitempty"` // path of a boolean that is false on the last page
	HasNext  string       `json:"has_next,omitempty"` // path of a value that is [Present] on each page but the last
	Last     string       `json:"last,omitempty"`     // path of a boolean that is true on the last page
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

// PageCounter is the parameter that counts pages, or items.
type PageCounter struct {
	Request string `json:"request"`
	Start   *int   `json:"start,omitempty"`
}

// PageOffset is the parameter that counts items, and how far it goes on with each page: by
// the items of the page, unless Step says otherwise.
type PageOffset struct {
	Request string `json:"request"`
	Start   *int   `json:"start,omitempty"`
	Step    string `json:"step,omitempty"` // path in the answer of how far the next page lies behind it
}

// Counter is the parameter alone; nil for nil.
func (o *PageOffset) Counter() *PageCounter {
	if o == nil {
		return nil
	}
	return &PageCounter{Request: o.Request, Start: o.Start}
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

// PaginationKinds are the kinds of [Pagination]; each has a section of its name.
var PaginationKinds = []string{"cursor", "link", "offset", "page"}

// Lacks says what a pagination does not say and has to, or "".
func (p *Pagination) Lacks() string {
	switch p.Kind {
	case "":
		return "the integration declares no pagination"
	case "cursor":
		if p.Cursor == nil || p.Cursor.Request == "" || p.Cursor.Response == "" && p.Cursor.Item == "" {
			return "the pagination does not say where the cursor stands and which parameter takes it"
		}
		return ""
	case "link":
		return ""
	case "offset":
		switch {
		case p.Offset == nil:
			return "the pagination does not say which parameter counts"
		case p.Offset.Step != "" && p.Total == nil && p.HasMore == "" && p.HasNext == "" && p.Last == "":
			return "the pagination has offset.step and does not say how a list ends"
		}
		return ""
	case "page":
		if p.Page != nil {
			return ""
		}
		return "the pagination does not say which parameter counts"
	}
	return "this kind of pagination is not known"
}

// NextIn returns the key that says where in the body an answer names the next page, and
// the path there; "" if it is named elsewhere, or nowhere.
func (p *Pagination) NextIn() (key, path string) {
	switch {
	case p.Kind == "cursor" && p.Cursor != nil && p.Cursor.Item == "":
		return "cursor.response", p.Cursor.Response
	case p.Kind == "link" && p.Link != nil && p.Link.Response != "":
		return "link.response", p.Link.Response
	}
	return "", ""
}

// InWords says how a list goes on, such as "by offset: skip counts items".
func (p *Pagination) InWords() string {
	text := "by " + p.Kind
	switch {
	case p.Cursor != nil && p.Cursor.Item != "":
		text += ": " + p.Cursor.Item + " of the last item goes into " + p.Cursor.Request
	case p.Cursor != nil:
		text += ": " + p.Cursor.Response + " goes into " + p.Cursor.Request
	case p.Link != nil && p.Link.Response != "":
		text += ": the next URL stands in " + p.Link.Response
	case p.Kind == "link":
		rel := "next"
		if p.Link != nil {
			rel = cmp.Or(p.Link.Rel, rel)
		}
		text += ": the Link header, rel=" + rel
	case p.Offset != nil:
		text += ": " + p.Offset.Request + " counts items"
		if p.Offset.Step != "" {
			text += ", and " + p.Offset.Step + " in the answer says how far a page reaches"
		}
	case p.Page != nil:
		text += ": " + p.Page.Request + " counts pages"
	}
	return text
}

// Over returns p with the keys that q has laid over it. A q with a kind of its own
// stands alone.
func (p Pagination) Over(q Pagination) Pagination {
	q.Paths = nil
	if q.Kind != "" {
		q.Items = itemsPath(q.Items)
		return q
	}
	q.Kind = p.Kind
	if !q.movesNext() { // what is not there says that a list ends, which it must not say of another list
		q.HasNext = cmp.Or(q.HasNext, p.HasNext)
	}
	q.Items = itemsPath(cmp.Or(q.Items, p.Items))
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

// movesNext reports whether p has a place of its own for what names the next page.
func (p *Pagination) movesNext() bool {
	return p.Link != nil || p.Cursor != nil && (p.Cursor.Response != "" || p.Cursor.Item != "")
}

// itemsPath reads a dot, with which the list of a single path can say that it is the
// answer itself although the other lists are not.
func itemsPath(path string) string {
	if path == "." {
		return ""
	}
	return path
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
