package bench

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"reflect"
	"strconv"
	"strings"

	"github.com/nango-lite/nango-lite/engine"
	"github.com/nango-lite/nango-lite/sandbox"
	"github.com/nango-lite/nango-lite/schema"
)

// A pageStep walks lists.
type pageStep struct{ *Entry }

func pageChecks(e *Entry, _ Options) ([]check, string) {
	p := e.Played.Requests.Pagination
	var checks []check
	items := 0
	for i := range e.Played.Samples {
		s := &e.Played.Samples[i]
		if !isAPI(s) {
			continue
		}
		c := callOf(s)
		if e.postsCursor(s) {
			checks = append(checks, check{"POST " + s.Request.Path, pageStep{e}.walksPost(c.path)})
		}
		list := e.listOf(s)
		if c.method != http.MethodGet || len(list) == 0 {
			continue
		}
		checks = append(checks, check{"GET " + s.Request.Path, pageStep{e}.walks(c, list)})
		items = max(items, pageStep{e}.listLength(c.path, list))
		p := e.pagesAt(c.method, c.path)
		if asksForSize(&p) != nil {
			checks = append(checks, check{"a size for the pages of " + s.Request.Path, pageStep{e}.takesSize(c)})
		}
		if saysEnd(&p) != "" {
			checks = append(checks, check{"the end of " + s.Request.Path, pageStep{e}.stopsAt(c, list)})
		}
	}
	if len(checks) == 0 {
		return nil, "no sample is a list where pagination.items says"
	}
	if p.Kind == "cursor" {
		checks = append(checks, check{"a list that is asked for with POST", pageStep{e}.walksPost("/bench")})
	}
	return checks, "by " + p.Kind + ", " + plural(items, "item") + " in order, none twice"
}

// listOf returns the items of a sample that is a list.
func (e *Entry) listOf(s *schema.Sample) []any {
	list, _ := schema.At(plain(s.Response.Body), e.pagesAt(or(s.Request.Method, http.MethodGet), s.Request.Path).Items)
	items, _ := list.([]any)
	return items
}

// postsCursor reports whether a sample is a list that is asked for with POST and goes on
// by a cursor, and not as others of this API do.
func (e *Entry) postsCursor(s *schema.Sample) bool {
	if s.Request.Method != http.MethodPost || len(e.listOf(s)) == 0 {
		return false
	}
	p := e.pagesAt(http.MethodPost, s.Request.Path)
	return p.Kind == "cursor" && !reflect.DeepEqual(p, e.pagesAt(http.MethodPost, "/bench"))
}

// pagesAt is how the list at a path goes on.
func (e *Entry) pagesAt(method, path string) schema.Pagination {
	path, _, _ = strings.Cut(path, "?")
	return e.Played.Requests.Pagination.At(method, path)
}

// pageSize is how many items the sandbox gives on a page.
func (e pageStep) pageSize(path string, list []any) int {
	if l := e.pagesAt(http.MethodGet, path).Limit; l != nil && l.Max > 0 {
		return l.Max
	}
	return len(list)
}

// listLength makes a list of two full pages and one item.
func (e pageStep) listLength(path string, list []any) int { return 2*e.pageSize(path, list) + 1 }

// walks holds that a list of three pages comes whole, in order, in as few requests
// as it takes.
func (e pageStep) walks(c call, list []any) func(context.Context) error {
	return func(ctx context.Context) error {
		p := e.pagesAt(c.method, c.path)
		n := e.listLength(c.path, list)
		st, err := e.connected(ctx, setup{budget: true, sandbox: sandbox.Options{Items: n}})
		if err != nil {
			return err
		}
		var got []string
		for item, err := range st.engine.Paginate(ctx, st.key, c.path, nil) {
			if err != nil {
				return fmt.Errorf("after %s: %w", plural(len(got), "item"), err)
			}
			if got = append(got, encode(decode(item))); len(got) > n {
				break
			}
		}
		if err := sameList(got, list, n); err != nil {
			return err
		}
		pages := 3
		byItem := p.Kind == "cursor" && p.Cursor.Item != ""
		if (p.Kind == "offset" || p.Kind == "page" || byItem) && saysEnd(&p) == "" && p.Total == nil {
			pages++ // an empty one says that the list has ended
		}
		seen := st.wire.requests()
		if len(seen) != pages {
			return fmt.Errorf("%d pages were asked for, want %d", len(seen), pages)
		}
		if err := asksForPage(&p, seen[0]); err != nil {
			return err
		}
		if st.provider.Stats().RateLimited > 0 {
			return errors.New("the budget was not kept: the sandbox refused a page as one request too many")
		}
		return st.wire.err()
	}
}

// sameList holds that got is the sample's list and its continuation.
func sameList(got []string, sample []any, n int) error {
	if len(got) != n {
		return fmt.Errorf("%s, and the list has %d", plural(len(got), "item"), n)
	}
	seen := map[string]int{}
	for i, item := range got {
		if i < len(sample) && item != encode(sample[i]) {
			return fmt.Errorf("item %d is not that of the sample", i+1)
		}
		if first, twice := seen[item]; twice {
			return fmt.Errorf("items %d and %d are the same", first+1, i+1)
		}
		seen[item] = i
	}
	return nil
}

// asksForPage holds that a request asks for pages of the declared size, and says
// where to begin if the API counts.
func asksForPage(p *schema.Pagination, r sent) error {
	want := map[string]string{}
	if p.Limit != nil && p.Limit.Max > 0 {
		want[p.Limit.Request] = strconv.Itoa(p.Limit.Max)
	}
	start := func(c *schema.PageCounter, byDefault int) {
		if c.Start != nil {
			byDefault = *c.Start
		}
		want[c.Request] = strconv.Itoa(byDefault)
	}
	switch p.Kind {
	case "offset":
		start(p.Offset.Counter(), 0)
	case "page":
		start(p.Page, 1)
	}
	for name, v := range want {
		if got := r.url.Query().Get(name); got != v {
			return fmt.Errorf("the first request has %s=%s, want %s", name, got, v)
		}
	}
	return nil
}

// callersSize is a size of a page that a caller asks for where the blueprint names none.
const callersSize = 1

// asksForSize lays callersSize over a list that takes a size and has no largest; nil if it
// is another.
func asksForSize(p *schema.Pagination) *schema.Pagination {
	if p.Limit == nil || p.Limit.Max != 0 {
		return nil
	}
	return &schema.Pagination{Limit: &schema.PageLimit{Max: callersSize}}
}

// takesSize holds that the size of a page goes where the blueprint says.
func (e pageStep) takesSize(c call) func(context.Context) error {
	return func(ctx context.Context) error {
		p := e.pagesAt(c.method, c.path)
		st, err := e.connected(ctx, setup{})
		if err != nil {
			return err
		}
		for _, err := range st.engine.Paginate(ctx, st.key, c.path, &engine.PageOptions{Pages: asksForSize(&p), Max: 1}) {
			if err != nil {
				return err
			}
		}
		if got := st.wire.requests()[0].url.Query().Get(p.Limit.Request); got != strconv.Itoa(callersSize) {
			return fmt.Errorf("the first request has %s=%s, want %d", p.Limit.Request, got, callersSize)
		}
		return nil
	}
}

// saysEnd is the path at which an answer says whether it is the last page, or "".
func saysEnd(p *schema.Pagination) string { return or(p.HasMore, or(p.Last, p.HasNext)) }

// stopsAt holds that has_more, last or has_next ends a list, whatever the cursor still says:
// some providers name one on their last page, too.
func (e pageStep) stopsAt(c call, list []any) func(context.Context) error {
	return func(ctx context.Context) error {
		p := e.pagesAt(c.method, c.path)
		st, err := e.connected(ctx, setup{})
		if err != nil {
			return err
		}
		st.wire.after = func(_ *http.Request, n int, a *answer) {
			if n == 1 && p.Cursor != nil && p.Cursor.Item == "" {
				a.body = schema.PutAt(a.body, p.Cursor.Response, "bench-no-such-page")
			}
		}
		n := 0
		for _, err := range st.engine.Paginate(ctx, st.key, c.path, nil) {
			if err != nil {
				return err
			}
			n++
		}
		if seen := st.wire.requests(); n != len(list) || len(seen) != 1 {
			return fmt.Errorf("%s in %d requests, and %s said on the first page that it is all", plural(n, "item"), len(seen), saysEnd(&p))
		}
		return nil
	}
}

// walksPost holds that size and cursor of a POST to a path go where pagination.in says.
func (e pageStep) walksPost(path string) func(context.Context) error {
	return func(ctx context.Context) error { return e.postsPages(ctx, path) }
}

func (e pageStep) postsPages(ctx context.Context, path string) error {
	p := e.pagesAt(http.MethodPost, path)
	st, err := e.connected(ctx, setup{})
	if err != nil {
		return err
	}
	st.wire.reset(func(_ *http.Request, n int) *answer {
		var body any = map[string]any{}
		var item any = map[string]any{"id": strconv.Itoa(n)}
		switch {
		case p.Cursor.Item != "" && n > 1: // an empty page is the end
			return &answer{status: http.StatusOK, header: http.Header{}, body: schema.PutAt(body, p.Items, []any{})}
		case p.Cursor.Item != "":
			item = schema.PutAt(item, p.Cursor.Item, "bench-cursor")
		case n == 1:
			body = schema.PutAt(body, p.Cursor.Response, "bench-cursor")
		}
		body = schema.PutAt(body, p.Items, []any{item})
		if n == 1 && p.HasMore != "" {
			body = schema.PutAt(body, p.HasMore, true)
		}
		if n == 1 && p.HasNext != "" {
			body = schema.PutAt(body, p.HasNext, true)
		}
		if n == 1 && p.Last != "" {
			body = schema.PutAt(body, p.Last, false)
		}
		return &answer{status: http.StatusOK, header: http.Header{}, body: body}
	})
	n := 0
	opts := &engine.PageOptions{Method: http.MethodPost, Body: json.RawMessage(`{"bench":1}`), Pages: asksForSize(&p)}
	for _, err := range st.engine.Paginate(ctx, st.key, path, opts) {
		if err != nil {
			return err
		}
		n++
	}
	seen := st.wire.requests()
	want := 2
	if p.Cursor.Item != "" {
		want = 1
	}
	if n != want || len(seen) != 2 {
		return fmt.Errorf("%s in %d requests, want %d in 2", plural(n, "item"), len(seen), want)
	}
	value := func(name string) string {
		if p.In == "body" {
			holder, _ := schema.At(seen[1].body, p.BodyPath)
			return at(holder, name)
		}
		return seen[1].url.Query().Get(name)
	}
	if value(p.Cursor.Request) != "bench-cursor" {
		return fmt.Errorf("the cursor of a POST is not in the %s", or(p.In, "query"))
	}
	if p.Limit != nil && value(p.Limit.Request) != strconv.Itoa(max(p.Limit.Max, callersSize)) {
		return fmt.Errorf("the size of the page of a POST is not in the %s", or(p.In, "query"))
	}
	if at(seen[1].body, "bench") != "1" {
		return errors.New("the caller's own body is gone")
	}
	return nil
}
