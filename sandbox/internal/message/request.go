package message

import (
	"encoding/json"
	"io"
	"mime"
	"net/http"
	"net/url"
	"strings"
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

func ReadJSON(h http.Header, body []byte) (url.Values, *Refusal) {
	if media := MediaType(h); media != "application/json" {
		return nil, Refused(400, "invalid_request", "Content-Type must be application/json (body_format: json), not %q", media)
	}
	v, err := Decode(body)
	object, ok := v.(map[string]any)
	if err != nil || !ok {
		return nil, Refused(400, "invalid_request", "the body is not a JSON object")
	}
	out := url.Values{}
	for name, value := range object {
		switch value.(type) {
		case string, json.Number, bool:
			out.Set(name, Text(value))
		case nil:
		default:
			return nil, Refused(400, "invalid_request", "%s is neither text nor number", name)
		}
	}
	return out, nil
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
