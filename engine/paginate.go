package engine

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"hash/maphash"
	"io"
	"iter"
	"net/http"
	"net/url"
	"strconv"
	"strings"

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
			items, more, err = p.next(ctx)
			for _, item := range items {
				if !yield(item, nil) {
					return
				}
				if p.count++; p.count == p.opts.Max {
					return
				}
			}
			if err != nil {
				yield(nil, err)
				return
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
	caller *caller
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
	p := &pager{Pagination: *in.Requests.Pagination, key: k, caller: &caller{e: e, key: k}, path: u, seed: maphash.MakeSeed(), seen: map[uint64]bool{}}
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

// next reads a page, and says whether there is another. There may be items even
// if the way on from them is an error.
func (p *pager) next(ctx context.Context) (items []json.RawMessage, more bool, err error) {
	r, err := p.request(ctx)
	if err != nil {
		return nil, false, err
	}
	resp, err := p.caller.do(r)
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
	if p.same(items) {
		return nil, false, p.fail(resp, "the list runs in a circle: two pages in a row are the same")
	}
	cursor, err := p.following(resp, page, items)
	if err != nil || cursor == "" {
		p.cursor = ""
		return items, false, err
	}
	h := p.hash([]byte(cursor))
	if p.seen[h] {
		return items, false, p.fail(resp, "the list runs in a circle: the provider named a page again that was read already")
	}
	p.seen[h], p.cursor = true, cursor
	return items, true, nil
}

// same reports whether a provider that should count has given the page before
// once more.
func (p *pager) same(items []json.RawMessage) bool {
	byItem := p.Kind == "cursor" && p.Cursor.Item != ""
	if p.Kind != "offset" && p.Kind != "page" && !byItem || len(items) == 0 {
		return false
	}
	before := p.last
	p.last = p.hash(bytes.Join(bytesOf(items), []byte{','}))
	return p.last == before
}

// leftHome says of a next page that may not be asked for whose doing it is.
func (p *pager) leftHome(err error) error {
	var e *Error
	if p.Kind == "link" && p.cursor != "" && errors.As(err, &e) && e.Kind == KindUnsupported {
		return &Error{Op: "paginate", Key: p.key, Kind: KindInvalidResponse, Detail: "the next page lies outside base_url", Err: err}
	}
	return err
}

func (p *pager) read(ctx context.Context, resp *http.Response) (json.RawMessage, error) {
	page, err := io.ReadAll(io.LimitReader(resp.Body, maxPage+1))
	switch {
	case err != nil && ctx.Err() != nil:
		return nil, context.Cause(ctx)
	case err != nil:
		var e *Error
		if errors.As(err, &e) {
			err = e.Err // it says that an answer broke off
		}
		return nil, &Error{Op: "paginate", Key: p.key, Kind: KindUnavailable, Status: resp.StatusCode, Detail: "the page broke off", Err: masked(err, layer.From(resp.Request.Context()))}
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
	list, ok := schema.RawAt(page, p.Items)
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
	if p.HasMore != "" && textAt(page, p.HasMore) == "false" || p.Last != "" && textAt(page, p.Last) == "true" {
		return "", nil
	}
	switch p.Kind {
	case "cursor":
		return p.nextCursor(resp, page, items)
	case "link":
		return p.link(resp, page)
	case "offset", "page":
		if len(items) == 0 {
			return "", nil
		}
		return p.counted(items), nil
	}
	return "", p.fail(resp, "this kind of pagination is not known")
}

// nextCursor returns the cursor that the answer names, or that its last item is.
func (p *pager) nextCursor(resp *http.Response, page json.RawMessage, items []json.RawMessage) (string, error) {
	switch {
	case p.Cursor.Item == "":
		return textAt(page, p.Cursor.Response), nil
	case len(items) == 0:
		return "", nil
	}
	cursor := textAt(items[len(items)-1], p.Cursor.Item)
	if cursor == "" {
		return "", p.fail(resp, "the last item of a page has nothing at "+p.Cursor.Item+", where the list goes on")
	}
	return cursor, nil
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
	raw, ok := schema.RawAt(page, path)
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
