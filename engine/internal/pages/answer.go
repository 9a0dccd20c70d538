package pages

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"strings"
	"time"

	reading "github.com/nango-lite/nango-lite/engine/internal/answer"
	"github.com/nango-lite/nango-lite/engine/internal/fault"
	"github.com/nango-lite/nango-lite/internal/media"
	"github.com/nango-lite/nango-lite/internal/rawjson"
	"github.com/nango-lite/nango-lite/internal/xmldoc"
	"github.com/nango-lite/nango-lite/schema"
)

const op = "paginate"

// maxPage is the longest page that is read.
const maxPage = 64 << 20

// An answer is one page.
type answer struct {
	resp      *http.Response // its body is read
	doc       json.RawMessage
	rest      json.RawMessage // doc without the items, where they are a member of it
	items     []json.RawMessage
	itemsPath string
	step      int  // how many places of the list the page takes up
	saysStep  bool // the answer says so itself
	ends      bool // nothing follows, whatever else it says
}

func (a *answer) text(path string) string { return textAt(a.beside(path), path) }

// beside returns where to look for what stands at path: in what the page says beside
// its items, which is found sooner.
func (a *answer) beside(path string) json.RawMessage {
	if a.rest == nil || path == a.itemsPath || strings.HasPrefix(path, a.itemsPath+".") {
		return a.doc
	}
	return a.rest
}

// refuse returns the error of an answer that is not what is declared, and tells
// whoever wants to see it.
func (a *answer) refuse(w *Walk, detail string) error {
	if w.api.Refused != nil {
		a.resp.Body = io.NopCloser(bytes.NewReader(a.doc))
		w.api.Refused(w.page, a.resp)
	}
	return &fault.Error{Op: op, Key: w.Key, Kind: fault.KindInvalidResponse, Status: a.resp.StatusCode, Detail: detail}
}

// ask asks for the page at w.cursor. A page that breaks off is asked for again: a
// list only reads, and nothing of the page has been shown.
func (w *Walk) ask(ctx context.Context) (*answer, error) {
	for attempt := 1; ; attempt++ {
		a, err := w.askOnce(ctx)
		var broke *brokenPage
		if !errors.As(err, &broke) {
			return a, err
		}
		wait, again := w.api.Again(attempt)
		if !again {
			return nil, broke.error
		}
		select {
		case <-time.After(wait):
		case <-ctx.Done():
			return nil, context.Cause(ctx)
		}
	}
}

// A brokenPage is the error of a page that broke off while it was read.
type brokenPage struct{ error }

func (b *brokenPage) Unwrap() error { return b.error }

func (w *Walk) askOnce(ctx context.Context) (*answer, error) {
	r, err := w.request(ctx)
	if err != nil {
		return nil, err
	}
	resp, err := w.api.Do(r)
	if err != nil {
		return nil, w.leftHome(err)
	}
	defer func() { _ = resp.Body.Close() }()
	stops := w.stops(resp)
	if err := w.api.Check(resp); err != nil {
		if w.page > 1 && (stops || w.short && statusEnds(resp.StatusCode)) {
			return &answer{resp: resp, ends: true}, nil
		}
		if w.api.Refused != nil {
			w.api.Refused(w.page, resp)
		}
		return nil, err
	}
	a := &answer{resp: resp, ends: stops}
	if isStream(resp) {
		return nil, a.refuse(w, "the answer is a stream of events, and no page of a list")
	}
	if a.doc, err = w.readAll(ctx, resp); err != nil {
		return nil, err
	}
	err = w.readItems(a)
	w.readStep(a)
	return a, err
}

// stops reports whether a declared condition says that resp ends the list.
func (w *Walk) stops(resp *http.Response) bool { return w.matchesAny(w.Stop, resp) }

func (w *Walk) matchesAny(cs []schema.Condition, resp *http.Response) bool {
	for i := range cs {
		if w.api.Matches(&cs[i], resp) {
			return true
		}
	}
	return false
}

// readItems reads the items of a page.
func (w *Walk) readItems(a *answer) error {
	if len(a.doc) == 0 { // RFC 9110 15.3.5: an answer without content is no list, and no error
		a.ends = true
		return nil
	}
	if isXML(a.resp) {
		return w.readXML(a)
	}
	return w.itemsAt(a, w.Items)
}

// itemsAt takes the items out of a page. null in their place is an empty list; nothing
// is a mistake, unless the answer says by a declared condition that it is empty.
func (w *Walk) itemsAt(a *answer, path string) error {
	page, valid := rawjson.List(a.doc, path)
	if valid && !page.Found && path != "" {
		page = below(a.doc, path)
	}
	switch {
	case !valid:
		return a.refuse(w, "the page is not JSON")
	case !page.Found && w.matchesAny(w.Empty, a.read()):
		return nil
	case !page.Found:
		return a.refuse(w, "the answer has no list at "+path)
	case page.Null:
		return nil
	case page.List == nil:
		return a.refuse(w, "there is no list at "+cmp.Or(path, "the top of the page"))
	}
	a.items, a.itemsPath = page.List, path
	if path != "" {
		a.rest = page.Rest
	}
	return nil
}

// below finds a list that lies deeper than the members of a page.
func below(doc json.RawMessage, path string) rawjson.Page {
	raw, ok := schema.RawAt(doc, path)
	if !ok {
		return rawjson.Page{}
	}
	page, _ := rawjson.List(raw, "")
	page.Found, page.Rest = true, doc
	return page
}

// read returns the answer with its body to be read once more.
func (a *answer) read() *http.Response {
	again := *a.resp
	again.Body, again.ContentLength = io.NopCloser(bytes.NewReader(a.doc)), int64(len(a.doc))
	return &again
}

// leftHome says of a next page that may not be asked for whose doing it is.
func (w *Walk) leftHome(err error) error {
	var e *fault.Error
	if w.Kind == "link" && w.cursor != "" && errors.As(err, &e) && e.Kind == fault.KindUnsupported {
		return &fault.Error{Op: op, Key: w.Key, Kind: fault.KindInvalidResponse, Detail: "the next page lies outside base_url", Err: err}
	}
	return err
}

// readAll reads a page. A byte order mark before it is not part of it (RFC 8259 8.1).
func (w *Walk) readAll(ctx context.Context, resp *http.Response) (json.RawMessage, error) {
	var page []byte
	var err, undecodable error
	reading.Within(resp.Body, reading.Bound{}, func() {
		var body io.Reader
		if body, undecodable = reading.Decoded(resp); undecodable == nil {
			page, err = io.ReadAll(io.LimitReader(body, maxPage+1))
		}
	})
	if undecodable != nil {
		return nil, &fault.Error{Op: op, Key: w.Key, Kind: fault.KindInvalidResponse, Status: resp.StatusCode, Detail: "the page cannot be decoded: who leaves Accept-Encoding alone is not answered so", Err: undecodable}
	}
	resp.Header.Del("Content-Encoding") // which is undone now
	switch {
	case err != nil && ctx.Err() != nil:
		return nil, context.Cause(ctx)
	case err != nil:
		return nil, &brokenPage{w.broken(resp, err)}
	case len(page) > maxPage:
		return nil, &fault.Error{Op: op, Key: w.Key, Kind: fault.KindInvalidResponse, Status: resp.StatusCode, Detail: "a page is longer than 64 MiB"}
	}
	return bytes.TrimSpace(bytes.TrimPrefix(page, []byte("\ufeff"))), nil
}

// broken names the operation where another has already said what happened.
func (w *Walk) broken(resp *http.Response, err error) error {
	var e *fault.Error
	if errors.As(err, &e) {
		err = e.Err // it says that an answer broke off
	}
	return &fault.Error{Op: op, Key: w.Key, Kind: fault.KindUnavailable, Status: resp.StatusCode, Detail: "the page broke off", Err: err}
}

// isStream reports whether a body has no end of its own.
func isStream(resp *http.Response) bool {
	return media.Of(resp.Header.Get("Content-Type")) == "text/event-stream"
}

func isXML(resp *http.Response) bool {
	kind := media.Of(resp.Header.Get("Content-Type"))
	return media.IsXML(kind) || strings.HasSuffix(kind, "+xml")
}

// readXML makes of XML what decoding makes of JSON, so that the same paths read it.
// An element that stands alone where a list is declared is a list of one.
func (w *Walk) readXML(a *answer) error {
	doc, err := xmldoc.Decode(a.doc)
	if err != nil {
		return a.refuse(w, "the page is not XML that can be read")
	}
	text, err := json.Marshal(doc) // text, objects and lists alone: it always marshals
	if err != nil {
		return err
	}
	xml := a.doc
	a.doc = text
	list, ok := schema.RawAt(a.doc, w.Items)
	if ok && len(list) > 0 && list[0] != '[' {
		a.items = []json.RawMessage{list}
		return nil
	}
	if !ok && w.matchesAny(w.Empty, (&answer{resp: a.resp, doc: xml}).read()) {
		return nil
	}
	return w.itemsAt(a, w.Items)
}
