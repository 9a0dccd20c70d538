// Package oauthwire puts token requests on the wire and reads the answers. It
// knows the forms of RFC 6749 and the ways in which blueprints say a server
// departs from them; it has no policy: no retries, no stores, no clocks but the
// one it is given.
package oauthwire

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

	"github.com/nango-lite/nango-lite/internal/form"
	"github.com/nango-lite/nango-lite/internal/media"
	"github.com/nango-lite/nango-lite/internal/xmldoc"
	"github.com/nango-lite/nango-lite/schema"
)

// maxAnswer is the largest token answer that is read.
const maxAnswer = 1 << 20

// A Request is one call of a token endpoint.
type Request struct {
	URL    *url.URL
	Method string // POST or GET; GET puts Params into the query

	Params  map[string]any // standard names; Rename has the last word. Text, or, in JSON, what JSON has
	Query   map[string]string
	Headers map[string]string
	Rename  map[string]string // an empty name leaves the parameter out
	JSON    bool              // body as JSON, not as a form
	InQuery bool              // no body: Params go into the query, as with GET
	XML     bool              // the answer is XML
	Text    bool              // an answer that is one word, bare or as JSON text, is the access token itself
	Header  string            // of the answer, that holds the access token; empty: none does
	Cookie  string            // that the answer sets, and that is the access token; empty: none is

	ClientAuth     string // header, body, none (id alone); empty: no client at all
	ClientID       string
	ClientSecret   string
	BasicUnescaped bool

	// Sign, if set, signs the request when it is complete.
	Sign func(r *http.Request, body []byte) error
}

// An Answer is what the endpoint said. Doc is the decoded body: an object, a list by its
// numbers, or what stands below the root of XML.
type Answer struct {
	Status int
	Header http.Header
	Doc    map[string]any
	Body   []byte // as received, at most 1 MiB
}

// Errors of [Do].
var (
	// ErrNotJSON means that the body is neither JSON nor a form.
	ErrNotJSON = errors.New("the answer is neither JSON nor a form")
	// ErrNotXML means that the body is no XML document.
	ErrNotXML = errors.New("the answer is not XML")
	// ErrTooLarge means that the body is larger than 1 MiB.
	ErrTooLarge = errors.New("the answer is larger than 1 MiB")
	// ErrInsecure means that the URL is neither https nor on loopback.
	ErrInsecure = errors.New("a token endpoint must be https, or http on loopback (RFC 6749 3.2)")
)

// Do sends r. It returns the answer whatever its status; with an error that is
// about the body, Status and Header are set as well. Do sends once: a code or a
// refresh token must not be spent twice.
func Do(ctx context.Context, client *http.Client, r *Request) (*Answer, error) {
	req, err := r.build(ctx)
	if err != nil {
		return nil, err
	}
	resp, err := client.Do(req)
	if err != nil {
		return nil, err
	}
	defer func() { _ = resp.Body.Close() }()
	a := &Answer{Status: resp.StatusCode, Header: resp.Header}
	a.Body, err = io.ReadAll(io.LimitReader(resp.Body, maxAnswer+1))
	if err != nil {
		return a, err
	}
	if len(a.Body) > maxAnswer {
		return a, ErrTooLarge
	}
	if r.XML {
		a.Doc, err = xmldoc.Decode(a.Body)
		if err != nil {
			err = ErrNotXML
		}
		return a, err
	}
	a.Doc, err = decode(a.Body, resp.Header.Get("Content-Type"))
	if err != nil && r.Text && a.Status < 300 {
		if token, ok := word(a.Body); ok {
			a.Doc, err = map[string]any{tokenMember: token}, nil
		}
	}
	if r.Header != "" || r.Cookie != "" {
		a.Doc, err = beside(a, resp, r, err)
	}
	return a, err
}

// tokenMember is what a token is called that no member of the answer holds.
const tokenMember = "access_token"

// beside returns what the answer says with the token that stands in its header. A body
// that cannot be read is none of its business then, unless it may say why there is none.
func beside(a *Answer, resp *http.Response, r *Request, unread error) (map[string]any, error) {
	if a.Status >= 300 {
		return a.Doc, unread
	}
	doc := a.Doc
	if doc == nil {
		doc = map[string]any{}
	}
	token := resp.Header.Get(r.Header)
	for _, c := range resp.Cookies() {
		if r.Cookie == "" || c.Name != r.Cookie {
			continue
		}
		token = c.Value
		if _, stated := doc["expires_in"]; !stated && c.MaxAge > 0 {
			doc["expires_in"] = json.Number(strconv.Itoa(c.MaxAge))
		}
	}
	if token != "" {
		doc[tokenMember] = token
	} else {
		delete(doc, tokenMember)
	}
	return doc, nil
}

// word returns the text that a body is: bare, or in JSON. Prose is none, and neither is
// a page.
func word(body []byte) (string, bool) {
	text := strings.TrimSpace(string(bytes.TrimPrefix(bytes.TrimSpace(body), []byte("\ufeff"))))
	if strings.HasPrefix(text, `"`) && json.Unmarshal([]byte(text), &text) != nil {
		return "", false
	}
	return text, text != "" && !strings.ContainsFunc(text, func(r rune) bool { return r <= ' ' || r >= 0x7f || strings.ContainsRune(`<>{}[]"`, r) })
}

func (r *Request) build(ctx context.Context) (*http.Request, error) {
	if r.URL.Scheme != "https" && !schema.IsLoopback(r.URL.Hostname()) {
		return nil, ErrInsecure
	}
	params := maps.Clone(r.Params)
	if params == nil {
		params = map[string]any{}
	}
	switch r.ClientAuth {
	case "body":
		params["client_id"] = r.ClientID
		params["client_secret"] = r.ClientSecret
	case "none":
		params["client_id"] = r.ClientID
	}
	params = renamed(params, r.Rename)
	u := *r.URL
	q := u.Query()
	for name, v := range r.Query {
		q.Set(name, v)
	}
	var body []byte
	var err error
	contentType := ""
	switch {
	case r.Method == http.MethodGet || r.InQuery:
		if err := setAll(q, params); err != nil {
			return nil, err
		}
	case r.JSON:
		contentType = "application/json"
		body, err = json.Marshal(params)
		if err != nil {
			return nil, errors.New("the parameters cannot be written as JSON")
		}
	default:
		contentType = "application/x-www-form-urlencoded"
		form := url.Values{}
		if err := setAll(form, params); err != nil {
			return nil, err
		}
		body = []byte(form.Encode())
	}
	u.RawQuery = q.Encode()
	req, err := http.NewRequestWithContext(ctx, r.Method, u.String(), bytes.NewReader(body))
	if err != nil {
		return nil, fmt.Errorf("build token request") // the cause would quote the URL
	}
	r.setHeaders(req, contentType)
	if r.Sign != nil {
		if err := r.Sign(req, body); err != nil {
			return nil, err
		}
	}
	sendOnce(req)
	return req, nil
}

func (r *Request) setHeaders(req *http.Request, contentType string) {
	req.Header.Set("Accept", "application/json")
	req.Header.Set("User-Agent", "nango-lite")
	if contentType != "" {
		req.Header.Set("Content-Type", contentType)
	}
	for name, v := range r.Headers {
		req.Header.Set(name, v)
	}
	if r.ClientAuth == "header" {
		id, secret := r.ClientID, r.ClientSecret
		if !r.BasicUnescaped { // RFC 6749 2.3.1
			id, secret = url.QueryEscape(id), url.QueryEscape(secret)
		}
		req.SetBasicAuth(id, secret)
	}
}

// setAll puts parameters into a form or a query.
func setAll(form url.Values, params map[string]any) error {
	for name, v := range params {
		text, ok := schema.Scalar(v)
		if !ok {
			return fmt.Errorf("%s is no text, number or boolean, and a form or a query holds nothing else", name)
		}
		form.Set(name, text)
	}
	return nil
}

// Texts returns the scalars among the parameters, however deep, as text.
func (r *Request) Texts() []string {
	var texts []string
	for _, v := range schema.LeavesOf(r.Params) {
		if text, ok := schema.Scalar(v); ok {
			texts = append(texts, text)
		}
	}
	return texts
}

func renamed(params map[string]any, rename map[string]string) map[string]any {
	for from, to := range rename {
		v, ok := params[from]
		if !ok {
			continue
		}
		delete(params, from)
		if to != "" {
			params[to] = v
		}
	}
	return params
}

// decode reads a token answer by its content: servers label JSON as text/html
// and forms as nothing at all.
func decode(body []byte, contentType string) (map[string]any, error) {
	trimmed := bytes.TrimSpace(body)
	trimmed = bytes.TrimSpace(bytes.TrimPrefix(trimmed, []byte("\ufeff"))) // RFC 8259 8.1
	switch {
	case len(trimmed) == 0:
		return nil, ErrNotJSON
	case trimmed[0] == '<':
		if kind := media.Of(contentType); !media.IsXML(kind) || isPage(trimmed) {
			return nil, ErrNotJSON
		}
		doc, err := xmldoc.Decode(trimmed)
		if err != nil {
			return nil, ErrNotXML
		}
		return doc, nil
	case trimmed[0] == '[':
		return decodeList(trimmed)
	case trimmed[0] == '"':
		return nil, ErrNotJSON
	case trimmed[0] == '{':
		d := json.NewDecoder(bytes.NewReader(trimmed))
		d.UseNumber()
		var doc map[string]any
		if d.Decode(&doc) != nil {
			return nil, ErrNotJSON
		}
		return doc, nil
	}
	if media.Of(contentType) != "application/x-www-form-urlencoded" && !bytes.Contains(trimmed, []byte("=")) {
		return nil, ErrNotJSON
	}
	pairs := form.Parse(string(trimmed))
	doc := make(map[string]any, len(pairs))
	for name := range pairs {
		doc[name] = pairs.Get(name)
	}
	return doc, nil
}

// isPage reports whether a document that calls itself XML is one for people.
func isPage(text []byte) bool {
	begin := bytes.ToLower(text[:min(len(text), 512)])
	return bytes.Contains(begin, []byte("<html")) || bytes.Contains(begin, []byte("<!doctype html"))
}

// decodeList reads a list as an object whose members are its numbers, so that paths such
// as 0.token lead into it.
func decodeList(text []byte) (map[string]any, error) {
	d := json.NewDecoder(bytes.NewReader(text))
	d.UseNumber()
	var list []any
	if d.Decode(&list) != nil || d.More() {
		return nil, ErrNotJSON
	}
	doc := make(map[string]any, len(list))
	for i, item := range list {
		doc[strconv.Itoa(i)] = item
	}
	return doc, nil
}
