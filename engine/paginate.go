package engine

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"hash/maphash"
	"io"
	"iter"
	"maps"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"github.com/nango-lite/nango-lite/engine/internal/jsonpath"
	"github.com/nango-lite/nango-lite/engine/internal/layer"
	"github.com/nango-lite/nango-lite/schema"
)

// PageOptions adjust [Engine.Paginate].
type PageOptions struct {
	Method string      // of the requests; empty: GET
	Body   any         // JSON body of POST requests; nil: none
	Header http.Header // more headers; nil: none

	Cursor string // where to go on, as Page was told; empty: from the start
	Max    int    // most items; 0: all

	// Page, if not nil, is called after the last item of each page with the cursor
	// of the next, or with "" at the end. A list that was left in the middle of a
	// page goes on from the start of that page.
	Page func(next string)
}

// maxPage is the longest page that is read.
const maxPage = 64 << 20

// Paginate yields the items of the list at path, which is relative to base_url
// as in [Engine.Client], page by page as the integration's pagination section
// says. A parameter in path's query that the section would set, such as the size
// of a page, is the caller's.
//
// An error ends the sequence: that of a call, what [CheckResponse] makes of an
// answer, KindUnsupported if nothing is declared, KindInvalidResponse if the list
// runs in a circle, leads to another host or is not what is declared. A nil opts
// means the zero PageOptions.
func (e *Engine) Paginate(ctx context.Context, k Key, path string, opts *PageOptions) iter.Seq2[json.RawMessage, error] {
	return func(yield func(json.RawMessage, error) bool) {
		p, err := e.newPager(k, path, opts)
		if err != nil {
			yield(nil, err)
			return
		}
		for more := true; more; {
			var items []json.RawMessage
			if items, more, err = p.next(ctx); err != nil {
				yield(nil, err)
				return
			}
			for _, item := range items {
				if !yield(item, nil) {
					return
				}
				if p.count++; p.count == p.opts.Max {
					return
				}
			}
			if p.opts.Page != nil {
				p.opts.Page(p.cursor)
			}
		}
	}
}

// A pager goes through one list.
type pager struct {
	schema.Pagination
	key    Key
	rt     http.RoundTripper
	path   *url.URL
	opts   PageOptions
	count  int
	cursor string // of the page to come: what the kind goes on with; empty: the first

	seed maphash.Seed
	seen map[uint64]bool // cursors
	last uint64          // items of the page before
}

func (e *Engine) newPager(k Key, path string, opts *PageOptions) (*pager, error) {
	in, err := e.integration(k.Integration)
	if err != nil {
		return nil, err
	}
	if in.Requests.Pagination == nil {
		return nil, &Error{Op: "paginate", Key: k, Kind: KindUnsupported, Detail: "the integration declares no pagination"}
	}
	u, err := url.Parse(path)
	if err != nil {
		return nil, &Error{Op: "paginate", Key: k, Kind: KindUnsupported, Detail: "the path is not one"}
	}
	p := &pager{Pagination: *in.Requests.Pagination, key: k, rt: &caller{e: e, key: k}, path: u, seed: maphash.MakeSeed(), seen: map[uint64]bool{}}
	if opts != nil {
		p.opts = *opts
	}
	p.opts.Method = cmp.Or(p.opts.Method, http.MethodGet)
	p.cursor = p.opts.Cursor
	p.seen[p.hash([]byte(p.cursor))] = true
	return p, nil
}

func (p *pager) hash(b []byte) uint64 { return maphash.Bytes(p.seed, b) }

func (p *pager) fail(resp *http.Response, detail string) error {
	return &Error{Op: "paginate", Key: p.key, Kind: KindInvalidResponse, Status: resp.StatusCode, Detail: detail}
}

// next reads a page, and says whether there is another.
func (p *pager) next(ctx context.Context) (items []json.RawMessage, more bool, err error) {
	r, err := p.request(ctx)
	if err != nil {
		return nil, false, err
	}
	resp, err := p.rt.RoundTrip(r)
	if err != nil {
		return nil, false, p.leftHome(err)
	}
	defer resp.Body.Close()
	if err := CheckResponse(resp); err != nil {
		return nil, false, err
	}
	page, err := p.read(ctx, resp)
	if err != nil {
		return nil, false, err
	}
	if items, err = p.items(resp, page); err != nil {
		return nil, false, err
	}
	cursor, err := p.following(resp, page, items)
	if err != nil || cursor == "" {
		p.cursor = ""
		return items, false, err
	}
	if h := p.hash([]byte(cursor)); p.seen[h] {
		return nil, false, p.fail(resp, "the list runs in a circle: the provider named a page again that was read already")
	} else {
		p.seen[h] = true
	}
	p.cursor = cursor
	return items, true, nil
}

// leftHome says of a next page that may not be asked for whose doing it is.
func (p *pager) leftHome(err error) error {
	var e *Error
	if p.Kind == "link" && p.cursor != "" && errors.As(err, &e) && e.Kind == KindUnsupported {
		return &Error{Op: "paginate", Key: p.key, Kind: KindInvalidResponse, Detail: "the next page lies outside base_url", Err: err}
	}
	return err
}

// request returns the request for the page at p.cursor.
func (p *pager) request(ctx context.Context) (*http.Request, error) {
	u := *p.path
	given, _ := url.ParseQuery(u.RawQuery)
	params := map[string]any{}
	if p.Limit != nil && p.Limit.Max > 0 {
		params[p.Limit.Request] = p.Limit.Max
	}
	for name := range params {
		if given.Has(name) {
			delete(params, name)
		}
	}
	switch {
	case p.Kind == "link" && p.cursor != "":
		link, err := url.Parse(p.cursor)
		if err != nil {
			return nil, &Error{Op: "paginate", Key: p.key, Kind: KindUnsupported, Detail: "the cursor to go on at is not a URL"}
		}
		u, params = *link, nil
	case p.Kind == "cursor" && p.cursor != "":
		params[p.Cursor.Request] = p.cursor
	case p.Kind == "offset" && (p.cursor != "" || !given.Has(p.Offset.Request)):
		params[p.Offset.Request] = p.counter(p.Offset, 0)
	case p.Kind == "page" && (p.cursor != "" || !given.Has(p.Page.Request)):
		params[p.Page.Request] = p.counter(p.Page, 1)
	}
	body, err := p.body(params)
	if err != nil {
		return nil, err
	}
	if p.In != "body" || p.opts.Method != http.MethodPost {
		setParams(&u, params)
	}
	r, err := http.NewRequestWithContext(ctx, p.opts.Method, u.String(), body)
	if err != nil {
		return nil, &Error{Op: "paginate", Key: p.key, Kind: KindUnsupported, Detail: "the path or method is not one"}
	}
	maps.Copy(r.Header, p.opts.Header)
	if body != nil && r.Header.Get("Content-Type") == "" {
		r.Header.Set("Content-Type", "application/json")
	}
	return r, nil
}

// counter returns the offset or page number to ask for.
func (p *pager) counter(c *schema.PageCounter, start int) int {
	if n, err := strconv.Atoi(p.cursor); err == nil {
		return n
	}
	if c.Start != nil {
		return *c.Start
	}
	return start
}

// setParams replaces what is already in the query and leaves the rest as it is.
func setParams(u *url.URL, params map[string]any) {
	if len(params) == 0 {
		return
	}
	var kept []string
	for pair := range strings.SplitSeq(u.RawQuery, "&") {
		name, _, _ := strings.Cut(pair, "=")
		decoded, _ := url.QueryUnescape(name)
		if _, ok := params[decoded]; !ok && pair != "" {
			kept = append(kept, pair)
		}
	}
	q := url.Values{}
	for name, v := range params {
		q.Set(name, fmt.Sprint(v))
	}
	u.RawQuery = strings.Join(append(kept, q.Encode()), "&")
}

// body returns the JSON body, with params in it where they belong there.
func (p *pager) body(params map[string]any) (io.Reader, error) {
	if p.opts.Method != http.MethodPost || p.opts.Body == nil && p.In != "body" {
		return nil, nil
	}
	text, err := json.Marshal(p.opts.Body)
	if err != nil {
		return nil, &Error{Op: "paginate", Key: p.key, Kind: KindUnsupported, Detail: "the body cannot be written as JSON"}
	}
	if p.In != "body" {
		return bytes.NewReader(text), nil
	}
	doc := map[string]json.RawMessage{}
	if p.opts.Body != nil && json.Unmarshal(text, &doc) != nil {
		return nil, &Error{Op: "paginate", Key: p.key, Kind: KindUnsupported, Detail: "the body must be a JSON object: the place in the list goes into it"}
	}
	for name, v := range params {
		if _, given := doc[name]; given && (p.Limit != nil && name == p.Limit.Request || p.cursor == "") {
			continue
		}
		doc[name], _ = json.Marshal(v)
	}
	if text, err = json.Marshal(doc); err != nil {
		return nil, err
	}
	return bytes.NewReader(text), nil
}

func (p *pager) read(ctx context.Context, resp *http.Response) (json.RawMessage, error) {
	page, err := io.ReadAll(io.LimitReader(resp.Body, maxPage+1))
	switch {
	case err != nil && ctx.Err() != nil:
		return nil, context.Cause(ctx)
	case err != nil:
		return nil, &Error{Op: "paginate", Key: p.key, Kind: KindUnavailable, Status: resp.StatusCode, Detail: "the page broke off", Err: masked(err, nil)}
	case len(page) > maxPage:
		return nil, p.fail(resp, "a page is longer than 64 MiB")
	case !json.Valid(page):
		return nil, p.fail(resp, "the page is not JSON")
	}
	return page, nil
}

// items returns the items of a page. A page without a list, or with null in its
// place, is empty: some APIs leave an empty list out.
func (p *pager) items(resp *http.Response, page json.RawMessage) ([]json.RawMessage, error) {
	list, ok := jsonpath.Raw(page, p.Items)
	if !ok || string(list) == "null" {
		return nil, nil
	}
	var items []json.RawMessage
	if json.Unmarshal(list, &items) != nil {
		return nil, p.fail(resp, "there is no list at "+cmp.Or(p.Items, "the top of the page"))
	}
	return items, nil
}

// following returns the cursor of the page after this one, or "" if it is the
// last.
func (p *pager) following(resp *http.Response, page json.RawMessage, items []json.RawMessage) (string, error) {
	if p.HasMore != "" && textAt(page, p.HasMore) == "false" {
		return "", nil
	}
	switch p.Kind {
	case "cursor":
		return textAt(page, p.Cursor.Response), nil
	case "link":
		return p.link(resp, page)
	case "offset", "page":
		if len(items) == 0 {
			return "", nil
		}
		h := p.hash(bytes.Join(bytesOf(items), []byte{','}))
		if h == p.last {
			return "", p.fail(resp, "the list runs in a circle: two pages in a row are the same")
		}
		p.last = h
		return p.counted(items), nil
	}
	return "", p.fail(resp, "this kind of pagination is not known")
}

// counted returns the next offset or page number.
func (p *pager) counted(items []json.RawMessage) string {
	given := p.path.Query()
	counter, start, step := p.Offset, 0, len(items)
	if p.Kind == "page" {
		counter, start, step = p.Page, 1, 1
	}
	at := p.counter(counter, start)
	if n, err := strconv.Atoi(given.Get(counter.Request)); err == nil && p.cursor == "" {
		at = n
	}
	return strconv.Itoa(at + step)
}

func bytesOf(items []json.RawMessage) [][]byte {
	list := make([][]byte, len(items))
	for i, item := range items {
		list[i] = item
	}
	return list
}

// textAt returns the scalar at path as text; "" if there is none, or null.
func textAt(page json.RawMessage, path string) string {
	raw, ok := jsonpath.Raw(page, path)
	if !ok || len(raw) == 0 || strings.ContainsAny(string(raw[:1]), "{[n") {
		return ""
	}
	var text string
	if json.Unmarshal(raw, &text) == nil {
		return text
	}
	return string(raw)
}

// link returns the absolute URL of the next page: from the body if it is declared
// there, else from the Link header (RFC 8288).
func (p *pager) link(resp *http.Response, page json.RawMessage) (string, error) {
	declared := schema.PageLink{}
	if p.Link != nil {
		declared = *p.Link
	}
	next := ""
	if declared.Response != "" {
		next = textAt(page, declared.Response)
	} else {
		next = linkTo(resp.Header, cmp.Or(declared.Rel, "next"))
	}
	if next == "" {
		return "", nil
	}
	requested := resp.Request.URL
	u, err := requested.Parse(next)
	if err != nil {
		return "", p.fail(resp, "the link to the next page is not a URL")
	}
	if call := layer.From(resp.Request.Context()); call != nil && (u.Host != requested.Host || u.Scheme != requested.Scheme) {
		return "", p.fail(resp, "the link to the next page leads to another host")
	}
	return u.String(), nil
}
