package layer

import (
	"fmt"
	"io"
	"net/http"
	"slices"

	"github.com/nango-lite/nango-lite/engine/internal/render"
)

// maxSignedText is the largest body that templates are filled with.
const maxSignedText = 8 << 20

// A Signature is a [Signer] by templates: headers and query parameters over the
// request that is sent, as WSSE and HMAC-signed APIs want them.
type Signature struct{ Headers, Params []Field }

var _ Signer = (*Signature)(nil)

// Covers reports whether a template asks for the body.
func (s *Signature) Covers(*http.Request) bool {
	body := func(f Field) bool { return slices.Contains(f.Value.Refs(), "request.body") }
	return slices.ContainsFunc(s.Headers, body) || slices.ContainsFunc(s.Params, body)
}

// Sign implements [Signer]. All templates see the request as it is without the
// signature.
func (s *Signature) Sign(r *http.Request, body io.Reader, values render.Values) error {
	var text []byte
	if body != nil {
		var err error
		if text, err = io.ReadAll(io.LimitReader(body, maxSignedText+1)); err != nil {
			return err
		}
		if len(text) > maxSignedText {
			return &RefusedError{"the signature has to cover a body that is larger than 8 MiB"}
		}
	}
	for _, f := range s.Params {
		setQuery(r, withoutParameter(r.URL.RawQuery, f.Name))
	}
	values = render.Request(r.Method, r.URL, text, values)
	call, query := From(r.Context()), r.URL.RawQuery
	for _, f := range s.Headers {
		v, err := call.fill(f.Value, values)
		if err == nil {
			err = render.OneLine(v)
		}
		if err != nil {
			return fmt.Errorf("header %s: %w", f.Name, err)
		}
		setHeader(r.Header, http.CanonicalHeaderKey(f.Name), v)
	}
	for _, f := range s.Params {
		v, err := call.fill(f.Value, values)
		if err != nil {
			return fmt.Errorf("parameter %s: %w", f.Name, err)
		}
		query = withParameter(query, f.Name, v)
	}
	setQuery(r, query)
	return nil
}
