// Package pages goes through a list that an API gives page by page, as the
// pagination section of an integration says. It makes the requests and reads the
// answers; whoever sends them is given to it. Start with [New] and [Walk.Next].
package pages

import (
	"context"
	"encoding/json"
	"hash/maphash"
	"net/http"
	"net/url"
	"time"

	"github.com/nango-lite/nango-lite/connection"
	"github.com/nango-lite/nango-lite/schema"
)

// A List says which list is wanted.
type List struct {
	Key               connection.Key
	schema.Pagination // what holds for it; see [schema.Pagination.At]

	Method string // "GET" if empty
	Path   *url.URL
	Header http.Header
	Body   any    // JSON; nil: none
	Cursor string // where to go on; empty: from the start
}

// An API sends the requests of a list and judges its answers.
type API struct {
	// Do sends a request that only reads, whatever its method, and may be repeated.
	Do func(*http.Request) (*http.Response, error)

	// Check returns an error if an answer means that the request failed.
	Check func(*http.Response) error

	// Matches reports whether an answer is as a condition says.
	Matches func(*schema.Condition, *http.Response) bool

	// Again returns how long to wait before a page that broke off is asked for
	// again, and false after enough attempts; the first is number 1.
	Again func(attempt int) (time.Duration, bool)

	// Refused, if not nil, is told of an answer that ends the list with an error,
	// and of the number of its page, from 1. The body can still be read.
	Refused func(page int, resp *http.Response)
}

// A Walk is one way through a list. It is not safe for concurrent use.
type Walk struct {
	List
	api    API
	page   int    // number of the page that is asked for, from 1
	read   int    // items so far
	cursor string // of the page to come: what the kind goes on with; empty: the first
	from   bool   // the list is read from its start
	short  bool   // the page before was not full, so the list should be over

	seed  maphash.Seed
	seen  map[uint64]bool   // cursors with the pages that they brought
	last  uint64            // items of the page before
	same  []json.RawMessage // of pages that repeat the one before, held back
	times int               // how many these are
	empty int               // pages in a row that brought nothing
}

// New returns a Walk that begins where l says.
func New(l List, api API) *Walk {
	if l.Method == "" {
		l.Method = http.MethodGet
	}
	if l.Items == "." {
		l.Items = ""
	}
	return &Walk{List: l, api: api, cursor: l.Cursor, from: l.Cursor == "", seed: maphash.MakeSeed(), seen: map[uint64]bool{}}
}

// Cursor returns what the page to come is asked for with; "" at the end.
func (w *Walk) Cursor() string { return w.cursor }

// Page returns the number of the page that was asked for last, from 1.
func (w *Walk) Page() int { return w.page }

// Next reads a page, and says whether there is another. There may be items even if
// the way on from them is an error.
func (w *Walk) Next(ctx context.Context) (items []json.RawMessage, more bool, err error) {
	for {
		w.page++
		a, err := w.ask(ctx)
		if err != nil {
			return w.held(nil), false, err
		}
		if a.ends {
			w.cursor = ""
			return w.held(a.items), false, nil
		}
		switch v := w.compare(a); v {
		case repeated:
			continue
		case over:
			w.cursor = ""
			return nil, false, nil
		case circle:
			return nil, false, a.refuse(w, "the list runs in a circle: the provider gave a page again that was read already")
		}
		items := w.held(a.items)
		cursor, err := w.following(a)
		if err != nil || cursor == "" {
			w.cursor = ""
			return items, false, err
		}
		w.cursor = cursor
		return items, true, nil
	}
}

// held returns items after those that were held back.
func (w *Walk) held(items []json.RawMessage) []json.RawMessage {
	if w.times == 0 {
		return items
	}
	items = append(w.same, items...)
	w.same, w.times = nil, 0
	return items
}
