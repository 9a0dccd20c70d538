package engine

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"github.com/nango-lite/nango-lite/schema"
)

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
	if p.opts.Body == nil {
		text = []byte("{}")
	}
	if text, err = p.merge(text, p.BodyPath, params); err != nil {
		return nil, &Error{Op: "paginate", Key: p.key, Kind: KindUnsupported, Detail: "the body must be a JSON object: the place in the list goes into it"}
	}
	return bytes.NewReader(text), nil
}

// merge returns a JSON object with params in the object at path, which is made if
// it is missing. What the caller has given stays, but for the cursor.
func (p *pager) merge(object json.RawMessage, path string, params map[string]any) (json.RawMessage, error) {
	doc := map[string]json.RawMessage{}
	if err := json.Unmarshal(object, &doc); err != nil {
		return nil, err
	}
	if path != "" {
		name, rest, _ := strings.Cut(path, ".")
		inner, err := p.merge(json.RawMessage(cmp.Or(string(doc[name]), "{}")), rest, params)
		if err != nil {
			return nil, err
		}
		doc[name] = inner
		return json.Marshal(doc)
	}
	for name, v := range params {
		if _, given := doc[name]; given && (p.Limit != nil && name == p.Limit.Request || p.cursor == "") {
			continue
		}
		doc[name], _ = json.Marshal(v)
	}
	return json.Marshal(doc)
}
