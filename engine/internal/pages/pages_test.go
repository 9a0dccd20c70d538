package pages_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/nango-lite/nango-lite/engine/internal/fault"
	"github.com/nango-lite/nango-lite/engine/internal/pages"
	"github.com/nango-lite/nango-lite/schema"
)

// A reply is one answer of an API; the last is given again and again.
type reply struct {
	status int // 0 means 200
	body   string
	header http.Header
	breaks bool // the body ends too early
}

// An api gives its replies one after another.
type api struct {
	replies []reply
	asked   []string // method, target and body of each request
	refused []string // page and body
}

func (f *api) do(r *http.Request) (*http.Response, error) {
	line := r.Method + " " + r.URL.RequestURI()
	if r.Body != nil {
		b, _ := io.ReadAll(r.Body)
		line += " " + string(b)
	}
	a := f.replies[min(len(f.asked), len(f.replies)-1)]
	f.asked = append(f.asked, line)
	if a.status == 0 {
		a.status = 200
	}
	if a.header == nil {
		a.header = http.Header{"Content-Type": {"application/json"}}
	}
	body := io.Reader(strings.NewReader(a.body))
	if a.breaks {
		body = io.MultiReader(body, broken{})
	}
	return &http.Response{StatusCode: a.status, Header: a.header, Body: io.NopCloser(body), Request: r}, nil
}

type broken struct{}

func (broken) Read([]byte) (int, error) { return 0, io.ErrUnexpectedEOF }

func (f *api) matches(c *schema.Condition, resp *http.Response) bool {
	b, _ := io.ReadAll(resp.Body)
	resp.Body = io.NopCloser(strings.NewReader(string(b)))
	return c.Matches(schema.Answer{Status: resp.StatusCode, Header: resp.Header.Values, Doc: func() any {
		var doc any
		_ = json.Unmarshal(b, &doc)
		return doc
	}, Code: func() string { return "" }})
}

func (f *api) api() pages.API {
	return pages.API{
		Do: f.do,
		Check: func(resp *http.Response) error {
			if resp.StatusCode >= 400 {
				return &fault.Error{Kind: "failed", Status: resp.StatusCode}
			}
			return nil
		},
		Matches: f.matches,
		Again:   func(attempt int) (time.Duration, bool) { return 0, attempt < 3 },
		Refused: func(page int, resp *http.Response) {
			b, _ := io.ReadAll(resp.Body)
			f.refused = append(f.refused, fmt.Sprintf("%d: %s", page, b))
		},
	}
}

// read goes through a list and returns its items, one after the other.
func (f *api) read(t *testing.T, l pages.List) (string, error) {
	t.Helper()
	l.Path = &url.URL{Scheme: "https", Host: "api.fjord.test", Path: "/things", RawQuery: f.query()}
	w := pages.New(l, f.api())
	var all []string
	for range 1000 {
		items, more, err := w.Next(context.Background())
		for _, item := range items {
			all = append(all, string(item))
		}
		if err != nil || !more {
			return strings.Join(all, " "), err
		}
	}
	t.Fatal("the list does not end")
	return "", nil
}

func (f *api) query() string { return "" }

var (
	byCursor = schema.Pagination{Kind: "cursor", Items: "items", Cursor: &schema.PageCursor{Response: "next", Request: "after"}}
	byLink   = schema.Pagination{Kind: "link"}
	byURL    = schema.Pagination{Kind: "link", Items: "items", Link: &schema.PageLink{Response: "next"}}
	byOffset = schema.Pagination{Kind: "offset", Items: "items", Offset: &schema.PageOffset{Request: "skip"}, Limit: &schema.PageLimit{Request: "size", Max: 2}}
	byPage   = schema.Pagination{Kind: "page", Items: "items", Page: &schema.PageCounter{Request: "page"}}
	bySized  = schema.Pagination{Kind: "page", Items: "items", Page: &schema.PageCounter{Request: "page"}, Limit: &schema.PageLimit{Request: "size", Max: 2}}
)

func with(p schema.Pagination, change func(*schema.Pagination)) schema.Pagination {
	change(&p)
	return p
}

// S38: a list is given whole, or its end is an error: never a part in silence.
func TestListsEndWhereTheyEnd(t *testing.T) {
	link := func(value string) http.Header { return http.Header{"Link": {value}} }
	for _, c := range []struct {
		name    string
		p       schema.Pagination
		replies []reply
		want    string
		err     string // part of it; "": none
	}{
		{"null in place of the list", byCursor, []reply{{body: `{"items":[1],"next":"a"}`}, {body: `{"items":null}`}}, "1", ""},
		{"the path of the list is misspelt", byCursor, []reply{{body: `{"item":[1]}`}}, "", "no list at items"},
		{"another list's name", with(byCursor, func(p *schema.Pagination) { p.Items = "data.members" }), []reply{{body: `{"data":{"channels":[1]}}`}}, "", "no list at data.members"},
		{"a later page without a list", byCursor, []reply{{body: `{"items":[1],"next":"a"}`}, {body: `{"code":9,"msg":"no"}`}}, "1", "no list at items"},
		{"a list that is left out because it is empty", with(byCursor, func(p *schema.Pagination) { p.Empty = []schema.Condition{{Body: map[string]any{"estimate": 0}}} }), []reply{{body: `{"estimate":0}`}}, "", ""},
		{"an object in place of the list", byCursor, []reply{{body: `{"items":{"a":1}}`}}, "", "no list at items"},
		{"a page of HTML", byCursor, []reply{{body: `<html>`}}, "", "not JSON"},
		{"the answer is the list, by a dot", with(byPage, func(p *schema.Pagination) { p.Items = "." }), []reply{{body: `[1]`}, {body: `[]`}}, "1", ""},
		{"a byte order mark", byCursor, []reply{{body: "\ufeff" + `{"items":[1]}`}}, "1", ""},

		{"204 behind the last page", byOffset, []reply{{body: `{"items":[1,2]}`}, {status: 204}}, "1 2", ""},
		{"200 without a body behind the last page", byPage, []reply{{body: `{"items":[1,2]}`}, {}}, "1 2", ""},
		{"the last page again and again", bySized, []reply{{body: `{"items":[1,2]}`}, {body: `{"items":[3]}`}}, "1 2 3", ""},
		{"404 behind a page that is not full", bySized, []reply{{body: `{"items":[1]}`}, {status: 404, body: `{}`}}, "1", ""},
		{"404 behind a full page", bySized, []reply{{body: `{"items":[1,2]}`}, {status: 404, body: `{}`}}, "1 2", "status 404"},
		{"500 behind a page that is not full", bySized, []reply{{body: `{"items":[1]}`}, {status: 500, body: `{}`}}, "1", "status 500"},
		{"404 that is declared to end a list", with(byPage, func(p *schema.Pagination) { p.Stop = []schema.Condition{{Status: schema.OneOrMany[int]{404, 500}}} }), []reply{{body: `{"items":[1]}`}, {status: 500, body: `{}`}}, "1", ""},
		{"404 for the first page is no end", with(byPage, func(p *schema.Pagination) { p.Stop = []schema.Condition{{Status: schema.OneOrMany[int]{404}}} }), []reply{{status: 404, body: `{}`}}, "", "status 404"},
		{"an answer that is declared to be the last has items", with(byPage, func(p *schema.Pagination) { p.Stop = []schema.Condition{{Body: map[string]any{"end": true}}} }), []reply{{body: `{"items":[1]}`}, {body: `{"items":[2],"end":true}`}}, "1 2", ""},
		{"a server that gives less than was asked for", bySized, []reply{{body: `{"items":[1]}`}, {body: `{"items":[2]}`}, {body: `{"items":[]}`}}, "1 2", ""},
		{"a total of items, by page", with(byPage, func(p *schema.Pagination) { p.Total = &schema.PageTotal{Response: "total"} }), []reply{{body: `{"items":[1,2],"total":3}`}, {body: `{"items":[3],"total":3}`}, {status: 500}}, "1 2 3", ""},
		{"a total of items, by offset", with(byOffset, func(p *schema.Pagination) { p.Total = &schema.PageTotal{Response: "total"} }), []reply{{body: `{"items":[1,2],"total":"4"}`}, {body: `{"items":[3,4],"total":4}`}, {status: 500}}, "1 2 3 4", ""},
		{"a total of pages in a header", with(byPage, func(p *schema.Pagination) { p.Total = &schema.PageTotal{Header: "X-Pages", Counts: "pages"} }), []reply{
			{body: `{"items":[1]}`, header: http.Header{"X-Pages": {"2"}}}, {body: `{"items":[2]}`, header: http.Header{"X-Pages": {"2"}}}, {status: 500}}, "1 2", ""},
		{"a total that ends too early: nothing is left", with(byOffset, func(p *schema.Pagination) { p.Total = &schema.PageTotal{Response: "total"} }), []reply{{body: `{"items":[1,2],"total":9}`}, {body: `{"items":[],"total":9}`}}, "1 2", ""},

		{"a cursor that stays the same", byCursor, []reply{{body: `{"items":[1],"next":"s"}`}, {body: `{"items":[2],"next":"s"}`}, {body: `{"items":[3],"next":"s"}`}, {body: `{"items":[],"next":"s"}`}}, "1 2 3", ""},
		{"the same page for the same cursor", byCursor, []reply{{body: `{"items":[1],"next":"s"}`}, {body: `{"items":[2],"next":"s"}`}}, "1 2", "circle"},
		{"cursors in turn over empty pages", byCursor, []reply{{body: `{"items":[],"next":"a"}`}, {body: `{"items":[],"next":"b"}`}, {body: `{"items":[],"next":"a"}`}}, "", "circle"},
		{"some empty pages in the middle", byCursor, []reply{{body: `{"items":[1],"next":"a"}`}, {body: `{"items":[],"next":"b"}`}, {body: `{"items":[],"next":"c"}`}, {body: `{"items":[2]}`}}, "1 2", ""},
		{"more is promised and no link given", with(byURL, func(p *schema.Pagination) { p.HasMore = "more" }), []reply{{body: `{"items":[1],"more":true,"next":null}`}}, "1", "has no link to it"},
		{"more is promised and no cursor named", with(byCursor, func(p *schema.Pagination) { p.HasMore = "more" }), []reply{{body: `{"items":[1],"more":true,"next":null}`}}, "1", "names no cursor"},
		{"0 is no cursor", byCursor, []reply{{body: `{"items":[1],"next":0}`}}, "1", ""},
		{"false is no cursor", byCursor, []reply{{body: `{"items":[1],"next":false}`}}, "1", ""},
		{"the text 0 is a cursor", byCursor, []reply{{body: `{"items":[1],"next":"0"}`}, {body: `{"items":[2]}`}}, "1 2", ""},
		{"false is no URL", byURL, []reply{{body: `{"items":[1],"next":false}`}}, "1", ""},
		{"a number is no URL", byURL, []reply{{body: `{"items":[1],"next":7}`}}, "1", ""},
		{"another host", byURL, []reply{{body: `{"items":[1],"next":"https://evil.test/things"}`}}, "1", "another host"},
		{"the same host with its port", byURL, []reply{{body: `{"items":[1],"next":"https://API.fjord.test:443/things?p=2"}`}, {body: `{"items":[2]}`}}, "1 2", ""},

		{"rel behind a quoted semicolon", byLink, []reply{{body: `[1]`, header: link(`</things?p=2>; title="a; b, c"; rel="next"`)}, {body: `[2]`}}, "1 2", ""},
		{"rel inside a quoted title", byLink, []reply{{body: `[1]`, header: link(`</things?p=2>; title="x; rel=next"; rel=prev`)}}, "1", ""},
		{"the second of two links", byLink, []reply{{body: `[1]`, header: link(`</a>; rel=prev; title="\", <x>; rel=next", </things?p=2>;rel=Next`)}, {body: `[2]`}}, "1 2", ""},

		{"a count that is ignored", byOffset, []reply{{body: `{"items":[1,2]}`}}, "1 2", "circle"},
		{"equal pages are a list of equal items", bySized, []reply{{body: `{"items":[7,7]}`}, {body: `{"items":[7,7]}`}, {body: `{"items":[7,7]}`}, {body: `{"items":[]}`}}, "7 7 7 7 7 7", ""},
		{"equal pages, then others", bySized, []reply{{body: `{"items":[7,7]}`}, {body: `{"items":[7,7]}`}, {body: `{"items":[8]}`}, {body: `{"items":[]}`}}, "7 7 7 7 8", ""},

		{"a page that breaks off", byPage, []reply{{body: `{"items":[1`, breaks: true}, {body: `{"items":[1]}`}, {body: `{"items":[]}`}}, "1", ""},
		{"a page that always breaks off", byPage, []reply{{body: `{"items":[1`, breaks: true}}, "", "broke off"},
	} {
		f := &api{replies: c.replies}
		got, err := f.read(t, pages.List{Pagination: c.p})
		if got != c.want || (err == nil) != (c.err == "") || err != nil && !strings.Contains(err.Error(), c.err) {
			t.Errorf("%s: got %q, %v, want %q, %q\nasked %q", c.name, got, err, c.want, c.err, f.asked)
		}
	}
}

// Some providers name a cursor on their last page too, and for some lists none at all: the
// URL of the next page, which is not followed, is what says whether there is one.
func TestWhatIsThereOnEachPageButTheLast(t *testing.T) {
	undeclared := schema.Pagination{Kind: "cursor", Items: "items", Cursor: &schema.PageCursor{Response: "paging.after", Request: "after"}}
	declared := with(undeclared, func(p *schema.Pagination) { p.HasNext = "paging.next" })
	page := func(item, paging string) reply {
		return reply{body: `{"items":[` + item + `],"paging":{` + paging + `}}`}
	}
	const next = `"next":"https://api.fjord.test/things?token=t0ken&until=7"`
	for _, c := range []struct {
		name    string
		p       schema.Pagination
		replies []reply
		want    string
		asked   int
		err     string // part of it; "": none
	}{
		{"undeclared, one page more is asked for", undeclared, []reply{page("1", `"after":"a",`+next), page("2", `"after":"b"`), page("", `"after":"b"`)}, "1 2", 3, ""},
		{"undeclared, a list without cursors ends in silence", undeclared, []reply{page("1", next)}, "1", 1, ""},

		{"the last page names a cursor", declared, []reply{page("1", `"after":"a",`+next), page("2", `"after":"b"`)}, "1 2", 2, ""},
		{"a list without cursors", declared, []reply{page("1", next)}, "1", 1, "the answer says that there is more (paging.next) and names no cursor at paging.after"},
		{"a list without cursors, of one page", declared, []reply{page("1", ``)}, "1", 1, ""},
		{"an answer that says nothing of pages", declared, []reply{{body: `{"items":[1]}`}}, "1", 1, ""},
		{"an empty page before others", declared, []reply{page("", `"after":"a",`+next), page("2", `"after":"b"`)}, "2", 2, ""},
		{"null", declared, []reply{page("1", `"after":"a","next":null`)}, "1", 1, ""},
		{"false", declared, []reply{page("1", `"after":"a","next":false`)}, "1", 1, ""},
		{"an empty text", declared, []reply{page("1", `"after":"a","next":""`)}, "1", 1, ""},
		{"true", declared, []reply{page("1", `"after":"a","next":true`), page("2", ``)}, "1 2", 2, ""},
		{"a number", declared, []reply{page("1", `"after":"a","next":0`), page("2", ``)}, "1 2", 2, ""},
		{"an object", declared, []reply{page("1", `"after":"a","next":{}`), page("2", ``)}, "1 2", 2, ""},
		{"another key says that there is none", with(declared, func(p *schema.Pagination) { p.HasMore = "more" }), []reply{{body: `{"items":[1],"more":false,"paging":{"after":"a","next":7}}`}}, "1", 1, ""},
		{"another key says that there is more", with(declared, func(p *schema.Pagination) { p.Last = "last" }), []reply{{body: `{"items":[1],"last":false,"paging":{"after":"a"}}`}}, "1", 1, ""},

		{"by page, an empty one before others", with(byPage, func(p *schema.Pagination) { p.HasNext = "next" }), []reply{{body: `{"items":[],"next":2}`}, {body: `{"items":[1]}`}}, "1", 2, ""},
		{"by offset, a full page that is the last", with(byOffset, func(p *schema.Pagination) { p.HasNext = "next" }), []reply{{body: `{"items":[1,2],"next":2}`}, {body: `{"items":[3,4]}`}}, "1 2 3 4", 2, ""},
	} {
		f := &api{replies: c.replies}
		got, err := f.read(t, pages.List{Pagination: c.p})
		if got != c.want || len(f.asked) != c.asked || (err == nil) != (c.err == "") || err != nil && !strings.Contains(err.Error(), c.err) {
			t.Errorf("%s: got %q, %v, want %q, %q\nasked %q", c.name, got, err, c.want, c.err, f.asked)
		}
		var e *fault.Error
		if err != nil && (!errors.As(err, &e) || e.Kind != fault.KindInvalidResponse || strings.Contains(err.Error(), "t0ken")) {
			t.Errorf("%s: %v", c.name, err)
		}
	}
}

// Some pages hold fewer items than they have places for, because the user may not see them all.
func TestAPageSaysHowFarItReaches(t *testing.T) {
	declared := with(byOffset, func(p *schema.Pagination) {
		p.Offset = &schema.PageOffset{Request: p.Offset.Request, Step: "limit"}
		p.Total = &schema.PageTotal{Response: "total"}
		p.Limit = &schema.PageLimit{Request: "size", Max: 3}
	})
	for _, c := range []struct {
		name    string
		p       schema.Pagination
		replies []reply
		want    string
		offset  string // of the last page that was asked for
		err     string // part of it; "": none
	}{
		{"a page with a gap", declared, []reply{{body: `{"items":[1,2],"limit":3,"total":5}`}, {body: `{"items":[3,4],"limit":3,"total":5}`}}, "1 2 3 4", "3", ""},
		{"a page that the server made smaller", declared, []reply{{body: `{"items":[1],"limit":"2","total":3}`}, {body: `{"items":[2],"limit":2,"total":3}`}}, "1 2", "2", ""},
		{"an empty page before others", declared, []reply{{body: `{"items":[],"limit":3,"total":4}`}, {body: `{"items":[4],"limit":3,"total":4}`}}, "4", "3", ""},
		{"an empty page that is the last", declared, []reply{{body: `{"items":[1],"limit":3,"total":4}`}, {body: `{"items":[],"limit":3,"total":4}`}}, "1", "3", ""},
		{"an empty list", declared, []reply{{body: `{"items":[],"limit":3,"total":0}`}}, "", "0", ""},
		{"equal pages with a gap", declared, []reply{{body: `{"items":[7],"limit":3,"total":7}`}, {body: `{"items":[7],"limit":3,"total":7}`}, {body: `{"items":[8],"limit":3,"total":7}`}}, "7 7 8", "6", ""},
		{"an error behind a page that the server made smaller", declared, []reply{{body: `{"items":[1,2],"limit":2,"total":9}`}, {status: 404}}, "1 2", "2", "status 404"},
		{"an error behind a page with a gap", declared, []reply{{body: `{"items":[1],"limit":3,"total":4}`}, {status: 404}}, "1", "3", "status 404"},
		{"a list that comes whole and says no step", declared, []reply{{body: `{"items":[1,2],"total":2}`}}, "1 2", "0", ""},
		{"a list that goes on and says no step", declared, []reply{{body: `{"items":[1,2],"total":9}`}}, "1 2", "0", "does not say at limit how far"},
		{"a step of nothing", declared, []reply{{body: `{"items":[1,2],"limit":0,"total":9}`}}, "1 2", "0", "does not say at limit how far"},
		{"a step smaller than the page", declared, []reply{{body: `{"items":[1,2],"limit":1,"total":9}`}}, "1 2", "0", "does not say at limit how far"},
		{"a flag in place of a total", with(declared, func(p *schema.Pagination) { p.Total, p.HasMore = nil, "more" }), []reply{{body: `{"items":[],"limit":3,"more":true}`}, {body: `{"items":[1],"limit":3,"more":false}`}}, "1", "3", ""},
		{"undeclared", with(declared, func(p *schema.Pagination) { p.Offset = byOffset.Offset }), []reply{{body: `{"items":[1,2],"limit":3,"total":5}`}, {body: `{"items":[],"limit":3,"total":5}`}}, "1 2", "2", ""},
	} {
		f := &api{replies: c.replies}
		got, err := f.read(t, pages.List{Pagination: c.p})
		u, _ := url.Parse(strings.TrimPrefix(f.asked[len(f.asked)-1], "GET "))
		if offset := u.Query().Get(c.p.Offset.Request); got != c.want || offset != c.offset || (err == nil) != (c.err == "") || err != nil && !strings.Contains(err.Error(), c.err) {
			t.Errorf("%s: got %q up to %s, %v, want %q up to %s, %q", c.name, got, offset, err, c.want, c.offset, c.err)
		}
	}
}

// Where the flag that is false on the last page is the other one, the error names it.
func TestTheErrorNamesWhatPromisedMore(t *testing.T) {
	f := &api{replies: []reply{{body: `{"items":[1],"end":false}`}}}
	_, err := f.read(t, pages.List{Pagination: with(byCursor, func(p *schema.Pagination) { p.Last = "end" })})
	if err == nil || !strings.Contains(err.Error(), "there is more (end) and names no cursor at next") {
		t.Errorf("got %v", err)
	}
}

// S38: pages that bring nothing and name another each are not asked for without end.
func TestAnEndlessListOfEmptyPagesIsAnError(t *testing.T) {
	for name, p := range map[string]schema.Pagination{"cursor": byCursor, "URL": byURL} {
		f := &api{}
		for i := range 300 {
			f.replies = append(f.replies, reply{body: fmt.Sprintf(`{"items":[],"next":"/things?p=%d"}`, i)})
		}
		if _, err := f.read(t, pages.List{Pagination: p}); err == nil || !strings.Contains(err.Error(), "100 pages in a row were empty") || len(f.asked) != 100 {
			t.Errorf("%s: got %v after %d requests", name, err, len(f.asked))
		}
	}
}

// S38: whoever looks at a failed page sees what the provider said, and which it was.
func TestARefusedPageIsShown(t *testing.T) {
	for name, last := range map[string]reply{
		"an error":          {status: 500, body: `{"message":"out of order"}`},
		"another document":  {body: `{"message":"out of order"}`},
		"an error for long": {status: 404, body: `{"message":"out of order"}`},
	} {
		f := &api{replies: []reply{{body: `{"items":[1],"next":"a"}`}, last}}
		if _, err := f.read(t, pages.List{Pagination: byCursor}); err == nil || len(f.refused) != 1 || f.refused[0] != "2: "+last.body {
			t.Errorf("%s: got %v, shown %q", name, err, f.refused)
		}
	}
}

// The body goes along with every page, whatever the method.
func TestTheBodyIsSentWithEveryPage(t *testing.T) {
	for _, method := range []string{"QUERY", "PUT", "PATCH", "DELETE", "GET", "POST"} {
		f := &api{replies: []reply{{body: `{"items":[1],"next":"a"}`}, {body: `{"items":[2]}`}}}
		if got, err := f.read(t, pages.List{Pagination: byCursor, Method: method, Body: map[string]any{"q": "x"}}); got != "1 2" || err != nil {
			t.Fatalf("%s: %q, %v", method, got, err)
		}
		if want := []string{method + ` /things {"q":"x"}`, method + ` /things?after=a {"q":"x"}`}; strings.Join(f.asked, "\n") != strings.Join(want, "\n") {
			t.Errorf("%s: asked %q, want %q", method, f.asked, want)
		}
		f = &api{replies: []reply{{body: `{"items":[1],"next":"a"}`}, {body: `{"items":[2]}`}}}
		in := with(byCursor, func(p *schema.Pagination) { p.In = "body" })
		if _, err := f.read(t, pages.List{Pagination: in, Method: method, Body: map[string]any{"q": "x"}}); err != nil || f.asked[1] != method+` /things {"after":"a","q":"x"}` {
			t.Errorf("%s: asked %q, %v", method, f.asked, err)
		}
	}
}

// A path leads through lists, as everywhere.
func TestTheBodyPathLeadsThroughLists(t *testing.T) {
	p := with(byPage, func(p *schema.Pagination) { p.In, p.BodyPath = "body", "param.0" })
	f := &api{replies: []reply{{body: `{"items":[1]}`}, {body: `{"items":[]}`}}}
	_, err := f.read(t, pages.List{Pagination: p, Method: "POST", Body: json.RawMessage(`{"call":"List","param":[{"n":50}]}`)})
	if want := `POST /things {"call":"List","param":[{"n":50,"page":2}]}`; err != nil || f.asked[1] != want {
		t.Errorf("asked %q, %v", f.asked, err)
	}
	f = &api{replies: f.replies}
	_, err = f.read(t, pages.List{Pagination: p, Method: "POST", Body: json.RawMessage(`{"param":[{"page":4}]}`)})
	if want := `POST /things {"param":[{"page":5}]}`; err != nil || f.asked[0] != `POST /things {"param":[{"page":4}]}` || f.asked[1] != want {
		t.Errorf("from page 4: asked %q, %v", f.asked, err)
	}
	for _, body := range []string{`{"call":"List"}`, `{"param":[]}`, `{"param":[7]}`, `[]`, `7`} {
		f = &api{replies: f.replies}
		var e *fault.Error
		if _, err := f.read(t, pages.List{Pagination: p, Method: "POST", Body: json.RawMessage(body)}); !errors.As(err, &e) || e.Kind != fault.KindUnsupported || len(f.asked) != 0 {
			t.Errorf("%s: got %v, asked %q", body, err, f.asked)
		}
	}
}

// What object stores answer is XML.
func TestListsInXML(t *testing.T) {
	xml := http.Header{"Content-Type": {"application/xml"}}
	p := schema.Pagination{Kind: "cursor", Items: "Contents", Cursor: &schema.PageCursor{Response: "NextContinuationToken", Request: "continuation-token"}, Empty: []schema.Condition{{Body: map[string]any{"KeyCount": "0"}}}}
	f := &api{replies: []reply{
		{header: xml, body: `<?xml version="1.0"?><List><Contents><Key>a</Key></Contents><Contents><Key>b</Key></Contents><NextContinuationToken>t</NextContinuationToken></List>`},
		{header: xml, body: `<List><Contents><Key>c</Key></Contents></List>`},
	}}
	if got, err := f.read(t, pages.List{Pagination: p}); got != `{"Key":"a"} {"Key":"b"} {"Key":"c"}` || err != nil || f.asked[1] != "GET /things?continuation-token=t" {
		t.Errorf("got %q, %v, asked %q", got, err, f.asked)
	}
	f = &api{replies: []reply{{header: xml, body: `<List><Name>x</Name></List>`}}}
	if got, err := f.read(t, pages.List{Pagination: p}); err == nil {
		t.Errorf("a list without its items: got %q", got)
	}
}
