package render

import (
	"net/url"
	"strings"

	"github.com/nango-lite/nango-lite/schema"
)

// Request returns values that have what a request says as well, which is about to be
// sent: request.method, request.host, request.path, request.query and request.body.
func Request(method string, u *url.URL, body []byte, values Values) Values {
	return func(name string) (string, bool) {
		switch name {
		case "request.method":
			return method, true
		case "request.host":
			return u.Host, true
		case "request.path":
			if path := u.EscapedPath(); path != "" {
				return path, true
			}
			return "/", true
		case "request.query":
			return u.RawQuery, true
		case "request.body":
			return string(body), true
		}
		return values(name)
	}
}

// NamesRequest reports whether t needs the request that it is sent in.
func NamesRequest(t schema.Template) bool {
	for _, name := range t.Refs() {
		if strings.HasPrefix(name, "request.") {
			return true
		}
	}
	return false
}
