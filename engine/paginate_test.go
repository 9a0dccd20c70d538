package engine_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"testing"
	"testing/iotest"
	"testing/synctest"
	"time"

	"github.com/nango-lite/nango-lite/engine"
	"github.com/nango-lite/nango-lite/schema"
)

// A shelf is an API with one list of numbered items, paged in the way of kind.
type shelf struct {
	items   int
	size    int // of a page, at most
	page    func(s *shelf, at, size int, r *http.Request) string
	at      func(q url.Values) int
	queries []string
	bodies  []string
	times   []time.Time
	header  func(s *shelf, at int, r *http.Request) http.Header
}

// PublicOnly implements [engine.PublicTransport]: no connection is made at all.
func (s *shelf) PublicOnly() http.RoundTripper { return s }

func (s *shelf) RoundTrip(r *http.Request) (*http.Response, error) {
	body := ""
	if r.Body != nil {
		b, _ := io.ReadAll(r.Body)
		_ = r.Body.Close()
		body = string(b)
	}
	s.queries, s.bodies, s.times = append(s.queries, r.URL.RawQuery), append(s.bodies, body), append(s.times, time.Now())
	q := r.URL.Query()
	var doc map[string]any
	if json.Unmarshal([]byte(body), &doc) == nil {
		for name, v := range doc {
			q.Set(name, fmt.Sprint(v))
		}
	}
	at, size := s.at(q), s.size
	if n, err := strconv.Atoi(q.Get("size")); err == nil {
		size = min(n, size)
	}
	resp := answer(r, 200, s.page(s, at, size, r))
	if s.header != nil {
		for name, values := range s.header(s, at+size, r) {
			resp.Header[name] = values
		}
	}
	return resp, nil
}

// list gives the items of one page as JSON.
func (s *shelf) list(at, size int) string {
	var b strings.Builder
	for i := at; i < min(at+size, s.items); i++ {
		if b.Len() > 0 {
			b.WriteByte(',')
		}
		fmt.Fprintf(&b, `{"id": %d}`, i)
	}
	return "[" + b.String() + "]"
}

func number(q url.Values, name string) int { n, _ := strconv.Atoi(q.Get(name)); return n }

var (
	cursorPages = schema.Pagination{Kind: "cursor", Items: "data.rows", Cursor: &schema.PageCursor{Response: "meta.next", Request: "after"}, HasMore: "meta.more", Limit: &schema.PageLimit{Request: "size", Max: 100}}
	linkPages   = schema.Pagination{Kind: "link"}
	bodyPages   = schema.Pagination{Kind: "link", Items: "rows", Link: &schema.PageLink{Response: "next"}}
	offsetPages = schema.Pagination{Kind: "offset", Items: "rows", Offset: &schema.PageOffset{Request: "skip"}, Limit: &schema.PageLimit{Request: "size", Max: 100}}
	pagePages   = schema.Pagination{Kind: "page", Page: &schema.PageCounter{Request: "page"}}
)

func cursorShelf(items int) *shelf {
	return &shelf{items: items, size: 50, at: func(q url.Values) int { return number(q, "after") }, page: func(s *shelf, at, size int, _ *http.Request) string {
		next := "null"
		if at+size < s.items {
			next = strconv.Itoa(at + size)
		}
		return fmt.Sprintf(`{"data":{"rows":%s},"meta":{"next":%s,"more":%v}}`, s.list(at, size), next, next != "null")
	}}
}

func shelves(items int) map[string]struct {
	*shelf
	schema.Pagination
} {
	type shelved = struct {
		*shelf
		schema.Pagination
	}
	start := 0
	return map[string]shelved{
		"cursor": {cursorShelf(items), cursorPages},
		"link": {&shelf{items: items, size: 30, at: func(q url.Values) int { return number(q, "from") },
			page: func(s *shelf, at, size int, _ *http.Request) string { return s.list(at, size) },
			header: func(s *shelf, at int, _ *http.Request) http.Header {
				if at >= s.items {
					return nil
				}
				return http.Header{"Link": {`</v1/other>; rel="prev"; title="a, b", <https://api.fjord.test/v1/things?from=` + strconv.Itoa(at) + `>; rel="next last"`}}
			}}, linkPages},
		"next URL in the body":                 {linkingShelf(items, "/v1/things"), bodyPages},
		"next URL of the API behind a gateway": {linkingShelf(items, "/things"), bodyPages},
		"offset": {&shelf{items: items, size: 40, at: func(q url.Values) int { return number(q, "skip") },
			page: func(s *shelf, at, size int, _ *http.Request) string { return `{"rows":` + s.list(at, size) + `}` }}, offsetPages},
		"page": {&shelf{items: items, size: 40, at: func(q url.Values) int { return (number(q, "page") - 1) * 40 },
			page: func(s *shelf, at, size int, _ *http.Request) string { return s.list(at, size) }}, pagePages},
		"last item": {&shelf{items: items, size: 30, at: func(q url.Values) int {
			if !q.Has("after") {
				return 0
			}
			return number(q, "after") + 1
		}, page: func(s *shelf, at, size int, _ *http.Request) string { return s.list(at, size) }},
			schema.Pagination{Kind: "cursor", Cursor: &schema.PageCursor{Item: "id", Request: "after"}}},
		"last page says so": {&shelf{items: items, size: 40, at: func(q url.Values) int { return number(q, "skip") },
			page: func(s *shelf, at, size int, _ *http.Request) string {
				return fmt.Sprintf(`{"rows":%s,"end":{"isLast":%t}}`, s.list(at, size), at+size >= s.items)
			}}, schema.Pagination{Kind: "offset", Items: "rows", Offset: &schema.PageOffset{Request: "skip"}, Last: "end.isLast"}},
		"page from 0": {&shelf{items: items, size: 40, at: func(q url.Values) int { return number(q, "page") * 40 },
			page: func(s *shelf, at, size int, _ *http.Request) string { return s.list(at, size) }}, schema.Pagination{Kind: "page", Page: &schema.PageCounter{Request: "page", Start: &start}}},
	}
}

// linkingShelf names the next page in its body, at path.
func linkingShelf(items int, path string) *shelf {
	return &shelf{items: items, size: 30, at: func(q url.Values) int { return number(q, "from") },
		page: func(s *shelf, at, size int, _ *http.Request) string {
			next := "null"
			if at+size < s.items {
				next = fmt.Sprintf("%q", fmt.Sprintf("%s?from=%d", path, at+size))
			}
			return fmt.Sprintf(`{"rows":%s,"next":%s}`, s.list(at, size), next)
		}}
}

func shelfEngine(t *testing.T, rt http.RoundTripper, p schema.Pagination) *engine.Engine {
	t.Helper()
	return keyedEngine(t, rt, nil, func(in *schema.Integration) { in.Requests.Pagination = &p })
}

// collect reads a list and checks that its items come in order from the first.
func collect(t *testing.T, e *engine.Engine, path string, first int, opts *engine.PageOptions) (int, error) {
	t.Helper()
	n := first
	for item, err := range e.Paginate(t.Context(), alice, path, opts) {
		if err != nil {
			return n - first, err
		}
		if want := fmt.Sprintf(`{"id": %d}`, n); string(item) != want {
			t.Fatalf("item %d is %s", n, item)
		}
		n++
	}
	return n - first, nil
}

func TestPaginate(t *testing.T) {
	for _, items := range []int{0, 1, 40, 100, 1000} {
		for name, s := range shelves(items) {
			e := shelfEngine(t, s.shelf, s.Pagination)
			if n, err := collect(t, e, "/things?sort=id", 0, nil); n != items || err != nil {
				t.Errorf("%s: got %d of %d items, %v", name, n, items, err)
			}
			if !strings.Contains(s.queries[0], "sort=id") {
				t.Errorf("%s: the caller's query is gone: %v", name, s.queries[0])
			}
		}
	}
}

func TestPaginateMaxAndResume(t *testing.T) {
	for name, s := range shelves(200) {
		e := shelfEngine(t, s.shelf, s.Pagination)
		var cursors []string
		n, err := collect(t, e, "/things", 0, &engine.PageOptions{Max: 125, Page: func(next string) { cursors = append(cursors, next) }})
		if n != 125 || err != nil || len(cursors) == 0 {
			t.Errorf("%s: got %d items, %v, cursors %v", name, n, err, cursors)
			continue
		}
		first := len(cursors) * s.size
		n, err = collect(t, e, "/things", first, &engine.PageOptions{Cursor: cursors[len(cursors)-1], Page: func(next string) { cursors = append(cursors, next) }})
		if n != 200-first || err != nil || cursors[len(cursors)-1] != "" {
			t.Errorf("%s: going on at %d gave %d items, %v, cursors %v", name, first, n, err, cursors)
		}
	}
}

func TestPaginateSendsTheLimit(t *testing.T) {
	s := cursorShelf(60)
	e := shelfEngine(t, s, cursorPages)
	if _, err := collect(t, e, "/things", 0, nil); err != nil || strings.Join(s.queries, " ") != "size=100 after=50&size=100" {
		t.Errorf("got %v, %v", s.queries, err)
	}
	s = cursorShelf(25)
	if n, err := collect(t, shelfEngine(t, s, cursorPages), "/things?size=10", 0, nil); n != 25 || err != nil || strings.Join(s.queries, " ") != "size=10 size=10&after=10 size=10&after=20" {
		t.Errorf("got %v, %v", s.queries, err)
	}
}

func TestPaginateInTheBody(t *testing.T) {
	in := cursorPages
	in.In = "body"
	s := cursorShelf(60)
	opts := &engine.PageOptions{Method: "POST", Body: map[string]any{"filter": map[string]any{"x": 1}}}
	if n, err := collect(t, shelfEngine(t, s, in), "/search", 0, opts); n != 60 || err != nil {
		t.Fatalf("got %d, %v", n, err)
	}
	if s.bodies[0] != `{"filter":{"x":1},"size":100}` || s.bodies[1] != `{"after":"50","filter":{"x":1},"size":100}` || s.queries[1] != "" {
		t.Errorf("sent %q", s.bodies)
	}
	s = cursorShelf(60) // a GET of the same API keeps them in the query
	if n, err := collect(t, shelfEngine(t, s, in), "/things", 0, nil); n != 60 || err != nil || s.queries[1] != "after=50&size=100" {
		t.Errorf("got %d, %v, %v", n, err, s.queries)
	}
}

func TestPaginateStops(t *testing.T) {
	page := func(text string) func(*shelf, int, int, *http.Request) string {
		return func(*shelf, int, int, *http.Request) string { return text }
	}
	for _, c := range []struct {
		name string
		p    schema.Pagination
		page func(*shelf, int, int, *http.Request) string
		want string
		n    int
	}{
		{"the same page for a cursor that stays the same", cursorPages, func(s *shelf, _, _ int, _ *http.Request) string {
			return fmt.Sprintf(`{"data":{"rows":[{"id": %d}]},"meta":{"next":"a","more":true}}`, min(len(s.queries)-1, 2))
		}, "circle", 3},
		{"cursors in turn", cursorPages, func(s *shelf, _, _ int, _ *http.Request) string {
			return fmt.Sprintf(`{"data":{"rows":[]},"meta":{"next":"c%d"}}`, len(s.queries)%3)
		}, "circle", 0},
		{"repeated link", bodyPages, func(s *shelf, _, _ int, _ *http.Request) string {
			return fmt.Sprintf(`{"rows":[{"id": %d}],"next":"/v1/things?x=1"}`, min(len(s.queries)-1, 1))
		}, "circle", 2},
		{"offset that is ignored", schema.Pagination{Kind: "offset", Items: "rows", Offset: &schema.PageOffset{Request: "skip"}}, page(`{"rows":[{"id": 0}]}`), "circle", 1},
		{"last item that is ignored", schema.Pagination{Kind: "cursor", Cursor: &schema.PageCursor{Item: "id", Request: "after"}}, page(`[{"id": 0}]`), "circle", 1},
		{"foreign host", bodyPages, page(`{"rows":[{"id": 0}],"next":"https://evil.test/v1/things?token=x"}`), "another host", 1},
		{"foreign scheme", bodyPages, page(`{"rows":[],"next":"http://api.fjord.test/v1/things"}`), "another host", 0},
		{"outside the base path", bodyPages, page(`{"rows":[{"id": 0}],"next":"/v2/things"}`), "outside base_url", 1},
		{"no list", bodyPages, page(`{"rows":{"a":1}}`), "no list at rows", 0},
		{"a list under another name", bodyPages, page(`{"members":[{"id": 0}]}`), "no list at rows", 0},
		{"no JSON", bodyPages, page(`<html>`), "not JSON", 0},
	} {
		s := &shelf{at: func(url.Values) int { return 0 }, page: c.page}
		n, err := collect(t, shelfEngine(t, s, c.p), "/things", 0, nil)
		if !errors.Is(err, engine.ErrInvalidResponse) || !strings.Contains(err.Error(), c.want) || n != c.n || strings.Contains(err.Error(), "token") {
			t.Errorf("%s: got %d items, %v", c.name, n, err)
		}
	}
}

func TestPaginatePassesErrorsOn(t *testing.T) {
	e := shelfEngine(t, &script{replies: []reply{{status: 404}}}, cursorPages)
	if _, err := collect(t, e, "/things", 0, nil); !errors.Is(err, engine.ErrNotFound) {
		t.Errorf("got %v", err)
	}
	if _, err := collect(t, keyedEngine(t, &script{}, nil, nil), "/things", 0, nil); !errors.Is(err, engine.ErrUnsupported) {
		t.Errorf("got %v", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	n := 0
	for _, err := range shelfEngine(t, cursorShelf(1000), cursorPages).Paginate(ctx, alice, "/things", nil) {
		if n++; n == 75 {
			cancel()
		}
		if err != nil && (!errors.Is(err, context.Canceled) || n != 101) {
			t.Errorf("got %v at item %d", err, n)
		}
	}
}

// Ten thousand items, three requests a second.
func TestPaginateWithinABudget(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := cursorShelf(10_000)
		s.size = 100
		e := keyedEngine(t, s, nil, func(in *schema.Integration) {
			in.Requests.Pagination = &cursorPages
			in.Requests.RateLimit = &schema.RateLimit{Budget: &schema.Budget{Requests: 3, PerSeconds: 1}}
		})
		start := time.Now()
		if n, err := collect(t, e, "/things", 0, nil); n != 10_000 || err != nil {
			t.Errorf("got %d, %v", n, err)
		}
		if took := time.Since(start); len(s.times) != 100 || took < 33*time.Second || took > 33*time.Second+10*time.Millisecond {
			t.Errorf("took %v for %d requests", took, len(s.times))
		}
	})
}

// Some APIs want the place in the list inside an object of the body.
func TestPaginateInAnObjectOfTheBody(t *testing.T) {
	pages := cursorPages
	pages.In, pages.BodyPath = "body", "query.page"
	api := cursorShelf(120)
	api.at = func(url.Values) int {
		var doc struct {
			Query struct{ Page map[string]json.Number }
		}
		_ = json.Unmarshal([]byte(api.bodies[len(api.bodies)-1]), &doc)
		n, _ := doc.Query.Page["after"].Int64()
		return int(n)
	}
	if n, err := collect(t, shelfEngine(t, api, pages), "/search", 0, &engine.PageOptions{Method: "POST", Body: json.RawMessage(`{"query":{"text":"tide","page":{"size":50}}}`)}); n != 120 || err != nil {
		t.Errorf("%d items, %v", n, err)
	}
	want := []string{`{"query":{"page":{"size":50},"text":"tide"}}`, `{"query":{"page":{"after":"50","size":50},"text":"tide"}}`, `{"query":{"page":{"after":"100","size":50},"text":"tide"}}`}
	if !slices.Equal(api.bodies, want) {
		t.Errorf("sent %q", api.bodies)
	}
	if n, err := collect(t, shelfEngine(t, api, pages), "/search", 0, &engine.PageOptions{Method: "POST", Body: json.RawMessage(`{"query":{"page":[]}}`)}); n != 0 || !errors.Is(err, engine.ErrUnsupported) {
		t.Errorf("a list for an object: %d items, %v", n, err)
	}
}

// An item without what the list goes on with would end a list too early.
func TestPaginateLastItemWithoutCursor(t *testing.T) {
	api := &shelf{items: 3, size: 2, at: func(url.Values) int { return 0 }, page: func(*shelf, int, int, *http.Request) string { return `[{"id":null}]` }}
	e := shelfEngine(t, api, schema.Pagination{Kind: "cursor", Cursor: &schema.PageCursor{Item: "id", Request: "after"}})
	var last error
	for _, err := range e.Paginate(t.Context(), alice, "/things", nil) {
		if err != nil && (!errors.Is(err, engine.ErrInvalidResponse) || !strings.Contains(err.Error(), "nothing at id")) {
			t.Errorf("got %v", err)
		}
		last = err
	}
	if last == nil {
		t.Error("the list ended well")
	}
}

// Each list of an API may have its items in a place of its own, and a call may say
// where they are.
func TestPaginateByPath(t *testing.T) {
	declared := schema.Pagination{Kind: "page", Items: "members", Page: &schema.PageCounter{Request: "page"}, Paths: map[string]schema.Pagination{
		"/channels.list":     {Items: "channels"},
		"/teams/*/list":      {Items: "teams"},
		"POST /teams/x/list": {Items: "posted"},
	}}
	for _, c := range []struct {
		path, name string
		opts       engine.PageOptions
	}{
		{"/users.list?limit=1", "members", engine.PageOptions{}},
		{"/channels.list", "channels", engine.PageOptions{}},
		{"channels.list/", "channels", engine.PageOptions{}},
		{"/teams/x/list", "teams", engine.PageOptions{}},
		{"/teams/x/list", "posted", engine.PageOptions{Method: "POST"}},
		{"/channels.list", "others", engine.PageOptions{Pages: &schema.Pagination{Items: "others"}}},
	} {
		api := &shelf{at: func(url.Values) int { return 0 }}
		api.page = func(*shelf, int, int, *http.Request) string {
			if len(api.queries) > 1 {
				return fmt.Sprintf(`{%q:[]}`, c.name)
			}
			return fmt.Sprintf(`{%q:[{"id": 0}]}`, c.name)
		}
		if n, err := collect(t, shelfEngine(t, api, declared), c.path, 0, &c.opts); n != 1 || err != nil {
			t.Errorf("%s: %d items, %v", c.path, n, err)
		}
	}
}

// A page of a list is a read, whatever its method: it is asked for again after an
// answer that says so, and after a body that breaks off.
func TestPaginateRepeatsAPageByPOST(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for name, first := range map[string]reply{
			"502":        {status: 502},
			"503":        {status: 503},
			"no answer":  {err: io.ErrUnexpectedEOF},
			"a cut page": {status: 200, body: `{"data":{"rows":[{"id": 0}]`},
		} {
			api := &cutting{script{replies: []reply{first, {status: 200, body: `{"data":{"rows":[{"id": 0}]},"meta":{"next":null}}`}}}}
			n, err := collect(t, shelfEngine(t, api, cursorPages), "/search", 0, &engine.PageOptions{Method: "POST", Body: map[string]any{}})
			if n != 1 || err != nil {
				t.Errorf("%s: %d items, %v", name, n, err)
			}
		}
	})
}

// A cutting API breaks its first answer off where the script ends it.
type cutting struct{ script }

func (c *cutting) PublicOnly() http.RoundTripper { return c }

func (c *cutting) RoundTrip(r *http.Request) (*http.Response, error) {
	resp, err := c.script.RoundTrip(r)
	if err == nil && len(c.sent) == 1 && resp.StatusCode == 200 {
		resp.Body = io.NopCloser(io.MultiReader(resp.Body, iotest.ErrReader(io.ErrUnexpectedEOF)))
		resp.ContentLength = -1
	}
	return resp, err
}
