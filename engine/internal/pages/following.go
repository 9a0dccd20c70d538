package pages

import (
	"cmp"
	"encoding/json"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"github.com/nango-lite/nango-lite/internal/weburl"
	"github.com/nango-lite/nango-lite/schema"
)

// following returns what the page after a is asked for with, or "" if a is the last.
func (w *Walk) following(a *answer) (string, error) {
	w.read += len(a.items)
	more, by := w.saysMore(a)
	if by != "" && !more {
		return "", nil
	}
	if err := w.nothing(a); err != nil {
		return "", err
	}
	switch w.Kind {
	case "cursor":
		cursor, err := w.nextCursor(a)
		switch {
		case err != nil:
			return "", err
		case cursor == "" && more && !w.byItem():
			return "", a.refuse(w, "the answer says that there is more ("+by+") and names no cursor at "+w.Pagination.Cursor.Response)
		case cursor == w.cursor && len(a.items) == 0:
			return "", nil // an empty page that names itself: there is nothing behind it
		}
		return cursor, nil
	case "link":
		next, err := w.link(a)
		switch {
		case err == nil && next == "" && more:
			return "", a.refuse(w, "the answer says that there is more ("+by+") and has no link to it")
		case next == w.cursor && len(a.items) == 0:
			return "", err
		}
		return next, err
	case "offset", "page":
		return w.nextCount(a, more)
	}
	return "", nil // Lacks knows no other kind
}

// saysMore returns whether the answer says that there is more, and the path at which it
// says so; by is "" where nothing is declared to say it, or says it.
func (w *Walk) saysMore(a *answer) (more bool, by string) {
	if w.HasMore != "" {
		switch a.text(w.HasMore) {
		case "false":
			return false, w.HasMore
		case "true":
			more, by = true, w.HasMore
		}
	}
	if w.Last != "" {
		switch a.text(w.Last) {
		case "true":
			return false, w.Last
		case "false":
			more, by = true, w.Last
		}
	}
	if w.HasNext != "" {
		return presentAt(a.beside(w.HasNext), w.HasNext), w.HasNext
	}
	return more, by
}

// nextCursor returns the cursor that the answer names, or that its last item is.
func (w *Walk) nextCursor(a *answer) (string, error) {
	c := w.Pagination.Cursor
	if c.Item == "" {
		return cursorAt(a.beside(c.Response), c.Response), nil
	}
	if len(a.items) == 0 {
		return "", nil
	}
	cursor := textAt(a.items[len(a.items)-1], c.Item)
	if cursor == "" {
		return "", a.refuse(w, "the last item of a page has nothing at "+c.Item+", where the list goes on")
	}
	return cursor, nil
}

// nextCount returns the next offset or page number, or "" at the end: after an empty
// page, or where the total says so. promised says that the answer promises more.
func (w *Walk) nextCount(a *answer, promised bool) (string, error) {
	asked := w.size()
	w.short = !a.saysStep && asked > 0 && len(a.items) < asked
	switch {
	case len(a.items) == 0 && !a.saysStep && !(promised && w.Kind == "page"):
		return "", nil
	case !promised && w.complete(a):
		return "", nil
	case w.byStep() && !a.saysStep:
		return "", a.refuse(w, "the answer does not say at "+w.Offset.Step+" how far the list goes on behind it")
	}
	return w.counted(a), nil
}

// counted returns the offset or page number after a.
func (w *Walk) counted(a *answer) string {
	if w.Kind == "page" {
		return strconv.Itoa(w.at() + 1)
	}
	return strconv.Itoa(w.at() + a.step)
}

// byStep reports whether an answer says how far the next page lies behind it.
func (w *Walk) byStep() bool { return w.Kind == "offset" && w.Offset.Step != "" }

// readStep reads how many places of the list a page takes up: as many as it has items,
// unless the answer says more. Lists that come whole say nothing.
func (w *Walk) readStep(a *answer) {
	a.step = len(a.items)
	if !w.byStep() {
		return
	}
	if n, err := strconv.Atoi(a.text(w.Offset.Step)); err == nil && n > 0 && n >= a.step {
		a.step, a.saysStep = n, true
	}
}

// complete reports whether the declared total says that a is the last page.
func (w *Walk) complete(a *answer) bool {
	total, ok := w.total(a)
	switch {
	case !ok:
		return false
	case w.Total.Counts == "pages" && w.Kind == "page":
		return w.at()-w.start()+1 >= total
	case w.Total.Counts == "pages":
		return false
	case w.Kind == "offset":
		return w.at()-w.start()+a.step >= total
	}
	return w.from && w.read >= total
}

// total returns how long the answer says that the list is.
func (w *Walk) total(a *answer) (int, bool) {
	t := w.Pagination.Total
	if t == nil {
		return 0, false
	}
	text := ""
	if t.Header != "" {
		text = strings.TrimSpace(a.resp.Header.Get(t.Header))
	} else {
		text = a.text(t.Response)
	}
	n, err := strconv.Atoi(text)
	return n, err == nil && n >= 0
}

// size returns how many items a page was asked to have, if the API allows as many;
// 0 if that is not known.
func (w *Walk) size() int {
	if w.Limit == nil || w.Limit.Max == 0 {
		return 0
	}
	asked := w.Limit.Max
	given := w.Path.Query().Get(w.Limit.Request)
	if w.inBody() {
		if holder, err := w.holder(); err == nil {
			given = string(holder[w.Limit.Request])
		}
	}
	if n, err := strconv.Atoi(given); err == nil {
		asked = n
	}
	if asked > w.Limit.Max {
		return 0
	}
	return asked
}

// link returns the absolute URL of the next page: from the body if it is declared
// there, else from the Link header (RFC 8288).
func (w *Walk) link(a *answer) (string, error) {
	declared := schema.PageLink{}
	if w.Link != nil {
		declared = *w.Link
	}
	next := ""
	if declared.Response != "" {
		next = stringAt(a.beside(declared.Response), declared.Response)
	} else {
		next = linkTo(a.resp.Header, cmp.Or(declared.Rel, "next"))
	}
	if next == "" {
		return "", nil
	}
	requested := a.resp.Request.URL
	u, err := requested.Parse(next)
	if err != nil {
		return "", a.refuse(w, "the link to the next page is not a URL")
	}
	if !weburl.SameOrigin(u, requested) {
		return "", a.refuse(w, "the link to the next page leads to another host")
	}
	if w.beforeGateway(next, u) {
		u.Path, u.RawPath = requested.Path, requested.RawPath
	}
	return u.String(), nil
}

// beforeGateway reports whether a link without a host, which leads to u, names the list by
// the path at which the API behind a gateway has it: that of the caller, without the path of
// base_url, which stands for a tenant at the gateway and which that API does not know.
func (w *Walk) beforeGateway(next string, u *url.URL) bool {
	return strings.HasPrefix(next, "/") && !strings.HasPrefix(next, "//") && u.EscapedPath() == w.Path.EscapedPath()
}

// textAt returns the scalar at path as text; "" if there is none, or null.
func textAt(doc json.RawMessage, path string) string {
	raw, ok := schema.RawAt(doc, path)
	if !ok || len(raw) == 0 || strings.ContainsAny(string(raw[:1]), "{[n") {
		return ""
	}
	var text string
	if json.Unmarshal(raw, &text) == nil {
		return text
	}
	return string(raw)
}

// stringAt returns the string at path; a number, a boolean or null is none.
func stringAt(doc json.RawMessage, path string) string {
	raw, _ := schema.RawAt(doc, path)
	var text string
	_ = json.Unmarshal(raw, &text)
	return text
}

// cursorAt returns the cursor at path. The number 0 and false say that there is
// none; the string "0" is a cursor.
func cursorAt(doc json.RawMessage, path string) string {
	raw, _ := schema.RawAt(doc, path)
	switch string(raw) {
	case "0", "false", "true":
		return ""
	}
	return textAt(doc, path)
}

// presentAt reports whether a value is there at path.
func presentAt(doc json.RawMessage, path string) bool {
	raw, _ := schema.RawAt(doc, path)
	var v any
	_ = json.Unmarshal(raw, &v)
	return schema.Present(v)
}

// statusEnds reports whether a status behind a page that was not full says that
// there is no further page.
func statusEnds(status int) bool {
	switch status {
	case http.StatusBadRequest, http.StatusNotFound, http.StatusRequestedRangeNotSatisfiable, http.StatusUnprocessableEntity:
		return true
	}
	return false
}
