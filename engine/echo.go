package engine

import (
	"encoding/base64"
	"io"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/nango-lite/nango-lite/engine/internal/fault"
	"github.com/nango-lite/nango-lite/engine/internal/layer"
	"github.com/nango-lite/nango-lite/engine/internal/oauthwire"
)

// saidIn returns what the request of a call says, other than where it goes: its
// headers, its query, its body as far as it can be read again, its credentials.
func saidIn(call *layer.Call) []string {
	said := credentialsOf(call)
	r := call.Request()
	if r == nil {
		return said
	}
	for name, values := range r.Header {
		if !isHandle(name) {
			said = append(said, values...)
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

// scrubTokenError takes out of an error what the token request said, and what
// net/http repeats of the answer.
func scrubTokenError(err error, r *oauthwire.Request) error {
	e, ok := err.(*Error)
	if !ok {
		return err // the context's own
	}
	said := func() []string {
		basic := base64.StdEncoding.EncodeToString([]byte(url.QueryEscape(r.ClientID) + ":" + url.QueryEscape(r.ClientSecret)))
		plain := base64.StdEncoding.EncodeToString([]byte(r.ClientID + ":" + r.ClientSecret))
		return slices.Concat(slices.Collect(maps.Values(r.Params)), slices.Collect(maps.Values(r.Query)), slices.Collect(maps.Values(r.Headers)),
			[]string{r.ClientSecret, basic, plain})
	}
	e.Code = fault.WithoutEchoes(e.Code, said)
	if e.Err != nil {
		secrets := slices.DeleteFunc(said(), inSmallLetters)
		e.Err = fault.WithText(fault.UnlessEchoed(e.Err.Error(), secrets, func(text string) string { return fault.WithoutEchoes(text, said) }), e.Err)
	}
	return e
}

// inSmallLetters reports whether a text may be a word of the protocol, such as
// refresh_token, or the address of a page.
func inSmallLetters(text string) bool {
	return !strings.ContainsFunc(text, func(r rune) bool { return (r < 'a' || r > 'z') && !strings.ContainsRune("_-:./", r) })
}
