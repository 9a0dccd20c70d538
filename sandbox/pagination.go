package sandbox

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"github.com/nango-lite/nango-lite/schema"
)

// afterParam is where a link of ours keeps its place. Links are opaque to clients.
const afterParam = "sandbox_after"

// A pager cuts one page out of a sample's list.
type pager struct {
	*schema.Pagination
	call  *call
	items []any // the whole list
	from  int
	size  int
}

// paginate returns the sample's answer, or the page of it that the call asks for
// if the sample holds a list.
func (p *Provider) paginate(c *call, s *sample) (answer, *refusal) {
	a := s.answer.copy()
	pages := p.integration.Requests.Pagination
	if pages == nil || a.code() >= 300 || c.Method != http.MethodGet && c.Method != http.MethodHead && c.Method != http.MethodPost {
		return a, nil
	}
	list, ok := lookup(a.body, pages.Items)
	items, isList := list.([]any)
	if !ok || !isList {
		return a, nil
	}
	g := &pager{Pagination: pages, call: c, items: p.list(s, items)}
	if ref := g.place(len(items)); ref != nil {
		return a, ref
	}
	end := min(g.from+g.size, len(g.items))
	page := []any{}
	for _, item := range g.items[min(g.from, end):end] {
		page = append(page, clone(item)) // others are given the same
	}
	a.body = put(a.body, g.Items, page)
	if len(g.items) != len(items) {
		putTotals(a.body, len(items), len(g.items))
	}
	g.putNext(p, &a, end)
	return a, nil
}

// list returns the whole list of a sample, which is made once.
func (p *Provider) list(s *sample, items []any) []any {
	if list, ok := p.lists.Load(s); ok {
		return list.([]any)
	}
	list, _ := p.lists.LoadOrStore(s, multiply(items, p.opts.Items))
	return list.([]any)
}

// param returns a parameter from the query or, where the blueprint says so, from
// the body of a POST.
func (g *pager) param(name string) string {
	if g.In == "body" && g.call.Method == http.MethodPost {
		holder, _ := lookup(g.call.json, g.BodyPath)
		v, _ := lookup(holder, name)
		return text(v)
	}
	return g.call.query.Get(name)
}

// place reads from the request where the page begins and how long it is.
func (g *pager) place(sampled int) (ref *refusal) {
	g.size = max(sampled, 1)
	if g.Limit != nil {
		if g.Limit.Max > 0 {
			g.size = min(g.size, g.Limit.Max)
		}
		if asked := g.param(g.Limit.Request); asked != "" {
			n, err := strconv.Atoi(asked)
			switch {
			case err != nil || n < 1:
				return refused(400, "invalid_request", "%s is not a positive number", g.Limit.Request)
			case g.Limit.Max > 0 && n > g.Limit.Max:
				return refused(400, "invalid_request", "%s is %d; the most that this API allows is %d", g.Limit.Request, n, g.Limit.Max)
			}
			g.size = n
		}
	}
	switch g.Kind {
	case "cursor":
		if g.Cursor.Item != "" {
			g.from, ref = g.behind(g.param(g.Cursor.Request))
		} else {
			g.from, ref = readCursor(g.param(g.Cursor.Request), g.Cursor.Request)
		}
	case "link":
		g.from, ref = readCursor(g.call.query.Get(afterParam), afterParam)
	case "offset":
		g.from, ref = g.count(g.Offset, 0, 1)
	case "page":
		g.from, ref = g.count(g.Page, 1, g.size)
	}
	return ref
}

// behind returns the place after the item that a cursor names.
func (g *pager) behind(cursor string) (int, *refusal) {
	if cursor == "" {
		return 0, nil
	}
	for i, item := range g.items {
		if v, _ := lookup(item, g.Cursor.Item); text(v) == cursor {
			return i + 1, nil
		}
	}
	return 0, refused(400, "invalid_request", "%s is the %s of no item", g.Cursor.Request, g.Cursor.Item)
}

// count reads a number of items or pages.
func (g *pager) count(c *schema.PageCounter, start, factor int) (int, *refusal) {
	if c.Start != nil {
		start = *c.Start
	}
	asked := g.param(c.Request)
	if asked == "" {
		return 0, nil
	}
	n, err := strconv.Atoi(asked)
	if err != nil || n < start {
		return 0, refused(400, "invalid_request", "%s is not a number from %d on", c.Request, start)
	}
	return (n - start) * factor, nil
}

func writeCursor(n int) string {
	return "sbx" + base64.RawURLEncoding.EncodeToString([]byte("after:"+strconv.Itoa(n)))
}

func readCursor(s, name string) (int, *refusal) {
	if s == "" {
		return 0, nil
	}
	encoded, ok := strings.CutPrefix(s, "sbx")
	b, err := base64.RawURLEncoding.DecodeString(encoded)
	after, named := strings.CutPrefix(string(b), "after:")
	n, err2 := strconv.Atoi(after)
	if !ok || !named || err != nil || err2 != nil || n < 0 {
		return 0, refused(400, "invalid_request", "%s is not a cursor of this API", name)
	}
	return n, nil
}

// putNext says in a where the list goes on, or that it does not.
func (g *pager) putNext(p *Provider, a *answer, end int) {
	more := end < len(g.items)
	if g.HasMore != "" {
		a.body = put(a.body, g.HasMore, more)
	}
	if g.Last != "" {
		a.body = put(a.body, g.Last, !more)
	}
	switch {
	case g.Kind == "cursor" && g.Cursor.Item == "":
		was, has := lookup(a.body, g.Cursor.Response)
		switch {
		case more:
			a.body = put(a.body, g.Cursor.Response, writeCursor(end))
		case has && was != "":
			a.body = put(a.body, g.Cursor.Response, nil)
		}
	case g.Kind == "link":
		g.putLink(p, a, end, more)
	}
}

func (g *pager) putLink(p *Provider, a *answer, end int, more bool) {
	link := schema.PageLink{}
	if g.Link != nil {
		link = *g.Link
	}
	next := ""
	if more {
		next = g.nextURL(p, end)
	}
	if link.Response != "" {
		was, _ := lookup(a.body, link.Response)
		switch {
		case !more:
			a.body = put(a.body, link.Response, nil)
		case isText(was) && strings.HasPrefix(text(was), "/"):
			u, _ := url.Parse(next)
			a.body = put(a.body, link.Response, u.RequestURI())
		default:
			a.body = put(a.body, link.Response, next)
		}
		return
	}
	a.header.Del("Link")
	if rel := link.Rel; more {
		if rel == "" {
			rel = "next"
		}
		a.set("Link", fmt.Sprintf("<%s>; rel=%q", next, rel))
	}
}

// nextURL is the provider's own URL, without credentials.
func (g *pager) nextURL(p *Provider, end int) string {
	_, q := p.withoutCredentials(g.call.Request, g.call.query)
	q.Set(afterParam, writeCursor(end))
	return g.call.at.realURL(g.call.Request, g.call.URL.EscapedPath(), q)
}

// putTotals corrects counts of the sample's list.
func putTotals(body any, old, total int) {
	object, ok := body.(map[string]any)
	if !ok {
		return
	}
	for _, name := range []string{"total", "total_count", "totalCount", "totalSize", "count"} {
		if n, ok := object[name].(json.Number); ok && n.String() == strconv.Itoa(old) {
			object[name] = json.Number(strconv.Itoa(total))
		}
	}
}
