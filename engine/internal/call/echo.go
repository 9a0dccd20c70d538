package call

import (
	"io"
	"net/http"
	"net/url"

	"github.com/nango-lite/nango-lite/engine/internal/layer"
	"github.com/nango-lite/nango-lite/engine/internal/render"
)

// saidIn returns what the request of a call says, other than where it goes: its
// headers, its query, its body as far as it can be read again, its secrets.
func saidIn(call *layer.Call, secrets []string) []string {
	said := append([]string{""}, secrets...)
	r := call.Request()
	if r == nil {
		return said
	}
	for name, values := range r.Header {
		if !isHandle(name) {
			said = append(said, values...)
		}
	}
	if api := apiOfCall(call); api != nil {
		for _, f := range api.in.Calls.Headers.Each {
			if text, err := render.Text(f.Value, nil); err == nil && !isHandle(f.Name) {
				said = append(said, text)
			}
		}
	}
	said = append(said, unescaped(r.URL.RawQuery)...)
	if r.GetBody == nil {
		return said
	}
	if body, err := r.GetBody(); err == nil {
		const most = 64 << 10
		b, _ := io.ReadAll(io.LimitReader(body, most))
		_ = body.Close()
		said = append(said, unescaped(string(b))...)
	}
	return said
}

// isHandle reports whether a header holds a name that both sides are meant to
// know the request by.
func isHandle(header string) bool {
	switch http.CanonicalHeaderKey(header) {
	case "X-Request-Id", "Request-Id", "X-Correlation-Id", "Traceparent", "Tracestate", "Idempotency-Key":
		return true
	}
	return false
}

func unescaped(text string) []string {
	if plain, err := url.QueryUnescape(text); err == nil && plain != text {
		return []string{text, plain}
	}
	return []string{text}
}
