package pages

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"github.com/nango-lite/nango-lite/engine/internal/fault"
	"github.com/nango-lite/nango-lite/schema"
)

// request returns the request for the page at w.cursor.
func (w *Walk) request(ctx context.Context) (*http.Request, error) {
	u := *w.Path
	params := w.params(&u)
	if w.Kind == "link" && w.cursor != "" {
		link, err := url.Parse(w.cursor)
		if err != nil {
			return nil, w.unsupported("the cursor to go on at is not a URL")
		}
		u, params = *link, nil
	}
	body, err := w.body(params)
	if err != nil {
		return nil, err
	}
	if !w.inBody() {
		setParams(&u, params)
	}
	r, err := http.NewRequestWithContext(ctx, w.Method, u.String(), body)
	if err != nil {
		return nil, w.unsupported("the path or method is not one")
	}
	maps.Copy(r.Header, w.Header)
	if host := r.Header.Get("Host"); host != "" {
		r.Host = host
		r.Header.Del("Host")
	}
	if body != nil && r.Header.Get("Content-Type") == "" {
		r.Header.Set("Content-Type", "application/json")
	}
	return r, nil
}

// params returns what the page at w.cursor is asked for with. A size that the
// caller gives in the path stays theirs, and so does a count to begin at.
func (w *Walk) params(u *url.URL) map[string]any {
	given, _ := url.ParseQuery(u.RawQuery)
	params := map[string]any{}
	if w.Limit != nil && w.Limit.Max > 0 && !given.Has(w.Limit.Request) {
		params[w.Limit.Request] = w.Limit.Max
	}
	switch {
	case w.Kind == "cursor" && w.cursor != "":
		params[w.Pagination.Cursor.Request] = w.cursor
	case w.Kind == "offset" || w.Kind == "page":
		if c := w.counter(); w.cursor != "" || !given.Has(c.Request) {
			params[c.Request] = w.at()
		}
	}
	return params
}

// counter is the parameter that counts items or pages.
func (w *Walk) counter() *schema.PageCounter {
	if w.Kind == "page" {
		return w.Pagination.Page
	}
	return w.Offset.Counter()
}

// start is the count of the first item or page of the whole list.
func (w *Walk) start() int {
	switch c := w.counter(); {
	case c.Start != nil:
		return *c.Start
	case w.Kind == "page":
		return 1
	}
	return 0
}

// at returns the offset or page number of the page to come: the cursor, what the
// caller began with, or the start.
func (w *Walk) at() int {
	if n, err := strconv.Atoi(w.cursor); err == nil {
		return n
	}
	name := w.counter().Request
	if w.inBody() {
		if holder, err := w.holder(); err == nil {
			var n int
			if json.Unmarshal(holder[name], &n) == nil {
				return n
			}
		}
	}
	if n, err := strconv.Atoi(w.Path.Query().Get(name)); err == nil {
		return n
	}
	return w.start()
}

// inBody reports whether the parameters go into the body: where that is declared,
// and the request has one or its method says that it should.
func (w *Walk) inBody() bool {
	return w.In == "body" && (w.Method == http.MethodPost || w.Body != nil)
}

// setParams replaces what is already in the query and leaves the rest as it is. A
// space is %20, which every server reads (RFC 3986 2.1).
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
	u.RawQuery = strings.Join(append(kept, strings.ReplaceAll(q.Encode(), "+", "%20")), "&")
}

// body returns the JSON body, with params in it where they belong there.
func (w *Walk) body(params map[string]any) (io.Reader, error) {
	if w.Body == nil && !w.inBody() {
		return nil, nil
	}
	text, err := w.bodyText()
	if err != nil {
		return nil, err
	}
	if !w.inBody() || params == nil {
		return bytes.NewReader(text), nil
	}
	if text, err = w.merge(text, w.BodyPath, params); err != nil {
		return nil, w.misplaced(err)
	}
	return bytes.NewReader(text), nil
}

func (w *Walk) bodyText() (json.RawMessage, error) {
	if w.Body == nil {
		return json.RawMessage("{}"), nil
	}
	text, err := json.Marshal(w.Body)
	if err != nil {
		return nil, w.unsupported("the body cannot be written as JSON")
	}
	return text, nil
}

// errNoObject and errNoElement say where the parameters of a page cannot go.
var (
	errNoObject  = errors.New("the body must be a JSON object: the place in the list goes into it")
	errNoElement = errors.New("the body has no such element: the place in the list goes into it")
)

func (w *Walk) misplaced(err error) error {
	detail := err.Error()
	if w.BodyPath != "" {
		detail += ", at " + w.BodyPath
	}
	return w.unsupported(detail)
}

// merge returns doc with params in the object at path. Objects on the way are made
// if they are missing; elements of lists have to be there. What the caller has given
// stays, but for the cursor.
func (w *Walk) merge(doc json.RawMessage, path string, params map[string]any) (json.RawMessage, error) {
	if path == "" {
		return w.fill(doc, params)
	}
	name, rest, _ := strings.Cut(path, ".")
	var list []json.RawMessage
	if json.Unmarshal(doc, &list) == nil && list != nil {
		i, err := strconv.Atoi(name)
		if err != nil || i < 0 || i >= len(list) {
			return nil, errNoElement
		}
		inner, err := w.merge(list[i], rest, params)
		if err != nil {
			return nil, err
		}
		list[i] = inner
		return json.Marshal(list)
	}
	object := map[string]json.RawMessage{}
	if json.Unmarshal(doc, &object) != nil || object == nil {
		return nil, errNoObject
	}
	below := object[name]
	if len(below) == 0 {
		if next, _, _ := strings.Cut(rest, "."); next != "" && isIndex(next) {
			return nil, errNoElement
		}
		below = json.RawMessage("{}")
	}
	inner, err := w.merge(below, rest, params)
	if err != nil {
		return nil, err
	}
	object[name] = inner
	return json.Marshal(object)
}

func isIndex(segment string) bool {
	_, err := strconv.Atoi(segment)
	return err == nil
}

// fill puts params into an object.
func (w *Walk) fill(doc json.RawMessage, params map[string]any) (json.RawMessage, error) {
	object := map[string]json.RawMessage{}
	if json.Unmarshal(doc, &object) != nil || object == nil {
		return nil, errNoObject
	}
	for name, v := range params {
		if _, given := object[name]; given && (w.Limit != nil && name == w.Limit.Request || w.cursor == "") {
			continue
		}
		object[name], _ = json.Marshal(v)
	}
	return json.Marshal(object)
}

// holder returns the object of the body that holds the parameters.
func (w *Walk) holder() (map[string]json.RawMessage, error) {
	text, err := w.bodyText()
	if err != nil {
		return nil, err
	}
	raw, _ := schema.RawAt(text, w.BodyPath)
	object := map[string]json.RawMessage{}
	return object, json.Unmarshal(raw, &object)
}

func (w *Walk) unsupported(detail string) error {
	return &fault.Error{Op: op, Key: w.Key, Kind: fault.KindUnsupported, Detail: detail}
}
