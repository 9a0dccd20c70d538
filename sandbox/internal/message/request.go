package message

import (
	"encoding/json"
	"io"
	"mime"
	"net/http"
	"net/url"
	"strings"

	"github.com/nango-lite/nango-lite/schema"
)

// PathOf returns the path as it was sent.
func PathOf(r *http.Request) string {
	if path := r.URL.EscapedPath(); path != "" {
		return path
	}
	return "/"
}

// HostOf returns the host that was asked for, in lower case, without a port that
// goes without saying.
func HostOf(r *http.Request) string {
	host := r.Host
	if r.URL.Host != "" {
		host = r.URL.Host
	}
	return PlainHost(host)
}

func PlainHost(host string) string {
	host = strings.ToLower(host)
	return strings.TrimSuffix(strings.TrimSuffix(host, ":443"), ":80")
}

func Unescape(path string) string {
	if plain, err := url.PathUnescape(path); err == nil {
		return plain
	}
	return path
}

// MaxBody is how much of a request's body the sandbox looks at.
const MaxBody = 1 << 20

// ReadNoBody reads a request whose parameters stand in its query.
func ReadNoBody(query url.Values, body []byte) (url.Values, *Refusal) {
	if len(body) > 0 {
		return nil, Refused(400, "invalid_request", "the request has a body; its parameters belong in the query (body_format: query)")
	}
	return query, nil
}

func ReadForm(h http.Header, body []byte) (url.Values, *Refusal) {
	if media := MediaType(h); media != "application/x-www-form-urlencoded" {
		return nil, Refused(400, "invalid_request", "Content-Type must be application/x-www-form-urlencoded, not %q", media)
	}
	v, err := url.ParseQuery(string(body))
	if err != nil {
		return nil, Refused(400, "invalid_request", "the body is not form-urlencoded")
	}
	return v, nil
}

// ReadJSON reads a JSON object, its members by their dotted paths, and the types that
// they have there.
func ReadJSON(h http.Header, body []byte) (values url.Values, types map[string]string, ref *Refusal) {
	if media := MediaType(h); media != "application/json" {
		return nil, nil, Refused(400, "invalid_request", "Content-Type must be application/json (body_format: json), not %q", media)
	}
	v, err := Decode(body)
	object, ok := v.(map[string]any)
	if err != nil || !ok {
		return nil, nil, Refused(400, "invalid_request", "the body is not a JSON object")
	}
	values = url.Values{}
	for path, leaf := range schema.LeavesOf(object) {
		switch leaf.(type) {
		case string, json.Number, bool:
			values.Set(path, Text(leaf))
		case nil:
		default: // an empty object or list
			values.Set(path, "")
		}
	}
	return values, TypesOf(object), nil
}

// The types of JSON, as refusals call them.
const (
	JSONText   = "text"
	JSONNumber = "a number"
	JSONBool   = "true or false"
	JSONObject = "an object"
	JSONList   = "a list"
)

// TypesOf returns the types of what stands in a document, by dotted path.
func TypesOf(doc any) map[string]string {
	types := map[string]string{}
	for path, v := range schema.LeavesOf(doc) {
		switch v.(type) {
		case string:
			types[path] = JSONText
		case bool:
			types[path] = JSONBool
		case map[string]any:
			types[path] = JSONObject
		case []any:
			types[path] = JSONList
		case nil:
		default:
			types[path] = JSONNumber
		}
	}
	return types
}

func MediaType(h http.Header) string {
	media, _, err := mime.ParseMediaType(h.Get("Content-Type"))
	if err != nil {
		return ""
	}
	return media
}

// ReadBody reads a body up to MaxBody and drops the rest.
func ReadBody(r *http.Request) []byte {
	if r.Body == nil {
		return nil
	}
	b, err := io.ReadAll(io.LimitReader(r.Body, MaxBody))
	if err == nil {
		_, _ = io.Copy(io.Discard, r.Body)
	}
	return b
}
