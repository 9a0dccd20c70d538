package engine

import (
	"fmt"
	"net/http"
	"strings"

	"github.com/nango-lite/nango-lite/engine/internal/oauthwire"
	"github.com/nango-lite/nango-lite/engine/internal/render"
	"github.com/nango-lite/nango-lite/schema"
)

// requestValues are values with what a request says, as it is about to be sent:
// request.method, request.host, request.path, request.query and request.body.
func requestValues(r *http.Request, body []byte, values render.Values) render.Values {
	return func(name string) (string, bool) {
		switch name {
		case "request.method":
			return r.Method, true
		case "request.host":
			return r.URL.Host, true
		case "request.path":
			if path := r.URL.EscapedPath(); path != "" {
				return path, true
			}
			return "/", true
		case "request.query":
			return r.URL.RawQuery, true
		case "request.body":
			return string(body), true
		}
		return values(name)
	}
}

// namesRequest reports whether t needs the request that it is sent in.
func namesRequest(t schema.Template) bool {
	for _, name := range t.Refs() {
		if strings.HasPrefix(name, "request.") {
			return true
		}
	}
	return false
}

// setHeaders gives r the headers of m. Those that name the request are filled when it
// is complete.
func (m templateMap) setHeaders(r *oauthwire.Request, values render.Values) (err error) {
	plain, signed := templateMap{}, templateMap{}
	for name, t := range m {
		if namesRequest(t) {
			signed[name] = t
		} else {
			plain[name] = t
		}
	}
	if r.Headers, err = plain.render(values); err != nil || len(signed) == 0 {
		return err
	}
	r.Sign = func(req *http.Request, body []byte) error {
		for name, t := range signed {
			v, err := render.Header(t, requestValues(req, body, values))
			if err != nil {
				return fmt.Errorf("header %s: %w", name, err)
			}
			req.Header.Set(name, v)
			r.Headers[name] = v // for whoever takes out of errors what was sent
		}
		return nil
	}
	return nil
}
