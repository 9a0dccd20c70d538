package oauthwire

import (
	"io"
	"net/http"
	"strings"
)

// sendOnce keeps net/http from sending req a second time by itself. It does so when a
// connection that was kept breaks before there is an answer, and req is safe or has an
// idempotency key, and its body is absent or can be read again; whether the server has
// acted on the first it does not know.
func sendOnce(req *http.Request) {
	req.GetBody = nil
	if req.ContentLength != 0 {
		return
	}
	switch req.Method {
	case http.MethodGet, http.MethodHead, http.MethodOptions, http.MethodTrace:
		// Of these net/http looks whether there is anything in the body before it
		// announces one, so that what is sent is the same as without.
		req.Body = io.NopCloser(strings.NewReader(""))
	default:
		// Other methods announce a body of unknown length, which servers refuse where
		// they expect none. They are sent again for an idempotency key alone, which
		// net/http knows by the canonical name, and servers by any spelling.
		for _, name := range []string{"Idempotency-Key", "X-Idempotency-Key"} {
			if values, ok := req.Header[name]; ok {
				delete(req.Header, name)
				req.Header[strings.ToLower(name)] = values
			}
		}
	}
}
