package layer

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"

	"github.com/nango-lite/nango-lite/engine/internal/render"
)

// A Field is what a layer adds to a request.
type Field = render.Field

// A field is a Field with what can be known before the first call.
type field struct {
	Field
	canonical string   // Name, as net/http spells headers
	fixed     []string // the value, where it is the same for all
	computed  bool     // a function makes something of it
}

// prepared prepares fields. A header whose value is the same for all shares it among
// requests, which do not change it.
func prepared(given []Field) []field {
	fields := make([]field, len(given))
	for i := range fields {
		f := &fields[i]
		f.Field = given[i]
		f.canonical = http.CanonicalHeaderKey(f.Name)
		if f.computed = f.Value.Computed(); !f.Value.Constant() {
			continue
		}
		if v, err := render.Header(f.Value, nil); err == nil {
			f.fixed = []string{v}
		}
	}
	return fields
}

// Defaults returns the layer that adds headers and query parameters which the
// caller has not given, whatever the case of a header's name. A value whose
// placeholders come out empty is left out. It is nil if there is nothing to add.
func Defaults(headers, params []Field) Layer {
	if len(headers)+len(params) == 0 {
		return nil
	}
	prepared := prepared(headers)
	return func(next http.RoundTripper) http.RoundTripper {
		return roundTripper(func(r *http.Request) (*http.Response, error) {
			call := From(r.Context())
			out := call.ownHeader(r)
			if err := addDefaults(out, prepared, params, call.value); err != nil {
				closeBody(r)
				return nil, err
			}
			return next.RoundTrip(out)
		})
	}
}

func addDefaults(r *http.Request, headers []field, params []Field, values render.Values) error {
	for _, f := range headers {
		if hasCanonical(r.Header, f.canonical) {
			continue
		}
		if f.fixed != nil {
			r.Header[f.canonical] = f.fixed
			continue
		}
		v, err := render.Header(f.Value, values)
		if err != nil {
			return fmt.Errorf("header %s: %w", f.Name, err)
		}
		if v != "" {
			r.Header[f.canonical] = []string{v}
		}
	}
	query := r.URL.RawQuery
	for _, f := range params {
		if inQuery(query, f.Name) {
			continue
		}
		v, err := render.Text(f.Value, values)
		if err != nil {
			return fmt.Errorf("parameter %s: %w", f.Name, err)
		}
		if v != "" || f.Value.Refs() == nil {
			query = joinQuery(query, escapedValue(f.Name)+"="+escapedValue(v))
		}
	}
	setQuery(r, query)
	return nil
}

// setQuery gives r another query, and leaves the URL it had alone.
func setQuery(r *http.Request, query string) {
	if query == r.URL.RawQuery {
		return
	}
	u := *r.URL
	u.RawQuery = query
	r.URL = &u
}

// has reports whether h has a value for name. One that is there without values
// counts: by it a caller asks net/http to send none.
func has(h http.Header, name string) bool { return hasCanonical(h, http.CanonicalHeaderKey(name)) }

// hasCanonical is has for a name as net/http spells it.
func hasCanonical(h http.Header, name string) bool {
	if _, ok := h[name]; ok {
		return true
	}
	if len(h) == 0 {
		return false
	}
	for other := range h {
		if len(other) == len(name) && strings.EqualFold(other, name) {
			return true
		}
	}
	return false
}

// setHeader makes value the only one of a name, however others were spelled.
func setHeader(h http.Header, canonical, value string) {
	for other := range h {
		if len(other) == len(canonical) && other != canonical && strings.EqualFold(other, canonical) {
			delete(h, other)
		}
	}
	h[canonical] = []string{value}
}

// inQuery reports whether a raw query has a parameter called name.
func inQuery(query, name string) bool {
	for pair := range strings.SplitSeq(query, "&") {
		if parameterName(pair) == name && pair != "" {
			return true
		}
	}
	return false
}

// withParameter returns query with value as the only one of name. The rest keeps
// its spelling and order.
func withParameter(query, name, value string) string {
	return joinQuery(withoutParameter(query, name), escapedValue(name)+"="+escapedValue(value))
}

func withoutParameter(query, name string) string {
	if !inQuery(query, name) && !strings.Contains(query, "&&") {
		return query
	}
	var kept []string
	for pair := range strings.SplitSeq(query, "&") {
		if pair != "" && parameterName(pair) != name {
			kept = append(kept, pair)
		}
	}
	return strings.Join(kept, "&")
}

func parameterName(pair string) string {
	name, _, _ := strings.Cut(pair, "=")
	if decoded, err := url.QueryUnescape(name); err == nil {
		return decoded
	}
	return name
}
