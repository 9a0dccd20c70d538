package api

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"github.com/nango-lite/nango-lite/sandbox/internal/message"
	"github.com/nango-lite/nango-lite/sandbox/internal/sample"
	"github.com/nango-lite/nango-lite/schema"
)

// afterParam is where a link of ours keeps its place. Links are opaque to clients.
const afterParam = "sandbox_after"

// A pager cuts one page out of a sample's list.
type pager struct {
	*schema.Pagination
	call    *call
	items   []any // the whole list
	sampled int   // how many of them the sample has
	from    int
	size    int
}

// paginate returns the sample's answer, or the page of it that the call asks for
// if the sample holds a list.
func (p *API) paginate(c *call, s *sample.Sample) (message.Answer, *message.Refusal) {
	a := s.Answer.Copy()
	declared := p.Integration.Requests.Pagination
	if declared == nil || a.Code() >= 300 || c.Method != http.MethodGet && c.Method != http.MethodHead && c.Method != http.MethodPost {
		return a, nil
	}
	pages := declared.At(c.Method, c.at.Rest)
	list, ok := schema.At(a.Body, pages.Items)
	items, isList := list.([]any)
	if !ok || !isList {
		return a, nil
	}
	g := &pager{Pagination: &pages, call: c, items: p.list(s, items), sampled: len(items)}
	if ref := g.place(); ref != nil {
		return a, ref
	}
	end := min(g.before(g.from+g.size), len(g.items))
	page := []any{}
	for _, item := range g.items[min(g.before(g.from), end):end] {
		page = append(page, message.Clone(item)) // others are given the same
	}
	a.Body = schema.PutAt(a.Body, g.Items, page)
	if len(g.items) != len(items) {
		putTotals(a.Body, len(items), len(g.items))
	}
	g.putTotal(&a)
	if g.gapped() {
		a.Body = schema.PutAt(a.Body, g.Offset.Step, json.Number(strconv.Itoa(g.size)))
	}
	g.putNext(p, &a, end)
	g.putEnd(p, &a, len(page), end)
	return a, nil
}

// gapped reports whether pages of the list say how far they reach, because they may hold
// fewer items. Then it has a place, behind the items of the sample, with one that the user
// may not see.
func (g *pager) gapped() bool { return g.Kind == "offset" && g.Offset.Step != "" }

// before returns how many items are before a place of the list.
func (g *pager) before(place int) int {
	if g.gapped() && place > g.sampled {
		return place - 1
	}
	return place
}

// putEnd makes an answer what the blueprint says of the end of a list: of one without
// items, and of one that ends it, be it the last page or the one behind it.
func (g *pager) putEnd(p *API, a *message.Answer, items, end int) {
	if items == 0 && len(g.Empty) > 0 {
		schema.RemoveAt(a.Body, g.Items)
		p.Satisfy(&g.Empty[0], a)
	}
	if len(g.Stop) == 0 || end < len(g.items) {
		return
	}
	behind := g.from > 0 && items == 0
	if s := g.Stop[0].Status; behind || len(s) == 0 || s[0] < 300 {
		p.Satisfy(&g.Stop[0], a)
	}
}

// list returns the whole list of a sample, which is made once.
func (p *API) list(s *sample.Sample, items []any) []any {
	if list, ok := p.lists.Load(s); ok {
		return list.([]any)
	}
	list, _ := p.lists.LoadOrStore(s, multiply(items, p.Opts.Items))
	return list.([]any)
}

// param returns a parameter from the query or, where the blueprint says so, from
// the body of a POST.
func (g *pager) param(name string) string {
	if g.In == "body" && g.call.Method == http.MethodPost {
		holder, _ := schema.At(g.call.json, g.BodyPath)
		v, _ := schema.At(holder, name)
		return message.Text(v)
	}
	return g.call.query.Get(name)
}

// place reads from the request where the page begins and how long it is.
func (g *pager) place() (ref *message.Refusal) {
	g.size = max(g.sampled, 1)
	if g.Limit != nil {
		if g.Limit.Max > 0 {
			g.size = min(g.size, g.Limit.Max)
		}
		if asked := g.param(g.Limit.Request); asked != "" {
			n, err := strconv.Atoi(asked)
			switch {
			case err != nil || n < 1:
				return message.Refused(400, "invalid_request", "%s is not a positive number", g.Limit.Request)
			case g.Limit.Max > 0 && n > g.Limit.Max:
				return message.Refused(400, "invalid_request", "%s is %d; the most that this API allows is %d", g.Limit.Request, n, g.Limit.Max)
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
		g.from, ref = g.count(g.Offset.Counter(), 0, 1)
	case "page":
		g.from, ref = g.count(g.Page, 1, g.size)
	}
	return ref
}

// behind returns the place after the item that a cursor names.
func (g *pager) behind(cursor string) (int, *message.Refusal) {
	if cursor == "" {
		return 0, nil
	}
	for i, item := range g.items {
		if v, _ := schema.At(item, g.Cursor.Item); message.Text(v) == cursor {
			return i + 1, nil
		}
	}
	return 0, message.Refused(400, "invalid_request", "%s is the %s of no item", g.Cursor.Request, g.Cursor.Item)
}

// count reads a number of items or pages.
func (g *pager) count(c *schema.PageCounter, start, factor int) (int, *message.Refusal) {
	if c.Start != nil {
		start = *c.Start
	}
	asked := g.param(c.Request)
	if asked == "" {
		return 0, nil
	}
	n, err := strconv.Atoi(asked)
	if err != nil || n < start {
		return 0, message.Refused(400, "invalid_request", "%s is not a number from %d on", c.Request, start)
	}
	return (n - start) * factor, nil
}

func writeCursor(n int) string {
	return "sbx" + base64.RawURLEncoding.EncodeToString([]byte("after:"+strconv.Itoa(n)))
}

func readCursor(s, name string) (int, *message.Refusal) {
	if s == "" {
		return 0, nil
	}
	encoded, ok := strings.CutPrefix(s, "sbx")
	b, err := base64.RawURLEncoding.DecodeString(encoded)
	after, named := strings.CutPrefix(string(b), "after:")
	n, err2 := strconv.Atoi(after)
	if !ok || !named || err != nil || err2 != nil || n < 0 {
		return 0, message.Refused(400, "invalid_request", "%s is not a cursor of this API", name)
	}
	return n, nil
}

// putNext says in a where the list goes on, or that it does not.
func (g *pager) putNext(p *API, a *message.Answer, end int) {
	more := end < len(g.items)
	if g.HasMore != "" {
		a.Body = schema.PutAt(a.Body, g.HasMore, more)
	}
	if g.Last != "" {
		a.Body = schema.PutAt(a.Body, g.Last, !more)
	}
	if g.HasNext != "" {
		g.putHasNext(p, a, end, more)
	}
	switch {
	case g.byCursor():
		was, has := schema.At(a.Body, g.Cursor.Response)
		switch {
		case more:
			a.Body = schema.PutAt(a.Body, g.Cursor.Response, writeCursor(end))
		case has && was != "":
			a.Body = schema.PutAt(a.Body, g.Cursor.Response, nil)
		}
	case g.Kind == "link":
		g.putLink(p, a, end, more)
	}
}

// putHasNext takes what says that there is more off the last page, and leaves it on the
// others as the sample shows it; a URL is that of the page that comes.
func (g *pager) putHasNext(p *API, a *message.Answer, end int, more bool) {
	was, _ := schema.At(a.Body, g.HasNext)
	switch {
	case !more && schema.Present(was):
		schema.RemoveAt(a.Body, g.HasNext)
	case more && !schema.Present(was):
		a.Body = schema.PutAt(a.Body, g.HasNext, true)
	case more && g.byCursor() && strings.Contains(message.Text(was), "://"):
		a.Body = schema.PutAt(a.Body, g.HasNext, g.nextURL(p, g.Cursor.Request, end))
	}
}

// byCursor reports whether an answer names the cursor of the next page.
func (g *pager) byCursor() bool { return g.Kind == "cursor" && g.Cursor.Item == "" }

func (g *pager) putLink(p *API, a *message.Answer, end int, more bool) {
	link := schema.PageLink{}
	if g.Link != nil {
		link = *g.Link
	}
	next := ""
	if more {
		next = g.nextURL(p, afterParam, end)
	}
	if link.Response != "" {
		was, _ := schema.At(a.Body, link.Response)
		switch {
		case !more:
			a.Body = schema.PutAt(a.Body, link.Response, nil)
		case message.IsText(was) && strings.HasPrefix(message.Text(was), "/"):
			u, _ := url.Parse(next)
			if path, _, _ := strings.Cut(message.Text(was), "?"); path == g.call.at.Rest { // as the API behind a gateway names it
				next = path + "?" + u.RawQuery
			} else {
				next = u.RequestURI()
			}
			a.Body = schema.PutAt(a.Body, link.Response, next)
		default:
			a.Body = schema.PutAt(a.Body, link.Response, next)
		}
		return
	}
	a.Header.Del("Link")
	if rel := link.Rel; more {
		if rel == "" {
			rel = "next"
		}
		a.Set("Link", fmt.Sprintf("<%s>; rel=%q", next, rel))
	}
}

// nextURL is the provider's own URL, without credentials; param takes the place to go on at.
func (g *pager) nextURL(p *API, param string, end int) string {
	_, q := p.gate.withoutCredentials(g.call.Request, g.call.query)
	q.Set(param, writeCursor(end))
	return g.call.at.RealURL(g.call.Request, g.call.URL.EscapedPath(), q)
}

// putTotal says how long the whole list is, where the blueprint says that this API does.
func (g *pager) putTotal(a *message.Answer) {
	if g.Total == nil {
		return
	}
	n := len(g.items)
	if g.gapped() && n > 0 {
		n++
	}
	if g.Total.Counts == "pages" {
		n = (n + g.size - 1) / g.size
	}
	if g.Total.Header != "" {
		a.Set(g.Total.Header, strconv.Itoa(n))
		return
	}
	var total any = json.Number(strconv.Itoa(n))
	if was, _ := schema.At(a.Body, g.Total.Response); message.IsText(was) {
		total = strconv.Itoa(n)
	}
	a.Body = schema.PutAt(a.Body, g.Total.Response, total)
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
