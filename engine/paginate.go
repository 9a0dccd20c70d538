package engine

import (
	"context"
	"encoding/json"
	"iter"
	"net/http"
	"net/url"

	"github.com/nango-lite/nango-lite/engine/internal/call"
	"github.com/nango-lite/nango-lite/engine/internal/layer"
	"github.com/nango-lite/nango-lite/engine/internal/pages"
	"github.com/nango-lite/nango-lite/schema"
)

// PageOptions adjust [Engine.Paginate].
type PageOptions struct {
	Method string      // of the requests; empty: GET
	Body   any         // JSON body of each request; nil: none
	Header http.Header // more headers; nil: none

	// Pages is laid over what the integration declares for the list: another path of
	// its items, of its cursor, another size. With a kind of its own it stands alone.
	// If nil, what is declared holds.
	Pages *schema.Pagination

	Cursor string // where to go on, as Page was told; empty: from the start
	Max    int    // most items; 0: all

	// Page, if not nil, is called after the last item of each page with the cursor
	// of the next, or with "" at the end. A list that was left in the middle of a
	// page goes on from the start of that page.
	Page func(next string)

	// Refused, if not nil, is told of the answer that ends the list with an error,
	// before the error is yielded: the number of its page, from 1, its status, and
	// the start of its body, without the secrets of the call.
	Refused func(page, status int, body string)
}

// Paginate yields the items of the list at path, which is relative to base_url
// as in [Engine.Client], page by page as the integration's pagination section
// says. A parameter in path's query that the section would set, such as the size
// of a page, is the caller's. A list is read, whatever the method: its pages are
// asked for again like a GET, also one that breaks off.
//
// An error ends the sequence: that of a call, what [CheckResponse] makes of an
// answer, KindUnsupported if nothing is declared, KindInvalidResponse if the list
// runs in a circle, goes on without items, leads to another host or is not where it
// is declared. A nil opts means the zero PageOptions.
func (e *Engine) Paginate(ctx context.Context, k Key, path string, opts *PageOptions) iter.Seq2[json.RawMessage, error] {
	return func(yield func(json.RawMessage, error) bool) {
		if opts == nil {
			opts = &PageOptions{}
		}
		w, err := walk(e, k, path, opts)
		if err != nil {
			yield(nil, err)
			return
		}
		count := 0
		for more := true; more; {
			var items []json.RawMessage
			items, more, err = w.Next(ctx)
			for _, item := range items {
				if !yield(item, nil) {
					return
				}
				if count++; count == opts.Max {
					return
				}
			}
			if err != nil {
				yield(nil, err)
				return
			}
			if opts.Page != nil {
				opts.Page(w.Cursor())
			}
		}
	}
}

// walk returns the way through the list at path.
func walk(e *Engine, k Key, path string, opts *PageOptions) (*pages.Walk, error) {
	in, err := e.integration(k.Integration)
	if err != nil {
		return nil, err
	}
	u, err := url.Parse(path)
	if err != nil {
		return nil, &Error{Op: "paginate", Key: k, Kind: KindUnsupported, Detail: "the path is not one"}
	}
	c, err := e.caller(k)
	if err != nil {
		return nil, err
	}
	c.Repeat = layer.RepeatAlways
	return in.api.Walk(c, call.List{
		List: pages.List{Key: k, Method: opts.Method, Path: u, Header: opts.Header, Body: opts.Body, Cursor: opts.Cursor},
		Over: opts.Pages, Refused: opts.Refused,
	})
}
