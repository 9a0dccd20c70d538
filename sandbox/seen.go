package sandbox

import (
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/nango-lite/nango-lite/schema"
)

// seen is what a request shows of the values that its digests were made of. Nil has
// seen nothing.
type seen struct {
	values   map[string][]string // by the names of placeholders and generated values
	checked  map[string]bool     // generated values that this request has been asked about
	stranger bool                // the account is not that of the examples
}

// see begins with the request itself.
func see(r *http.Request, body []byte) *seen {
	return &seen{values: map[string][]string{
		"request.method": {r.Method}, "request.host": {hostOf(r)}, "request.path": {pathOf(r)},
		"request.query": {r.URL.RawQuery}, "request.body": {string(body)},
	}, checked: map[string]bool{}}
}

// shownBy returns what a call shows, once: it may be checked more than once.
func (p *Provider) shownBy(c *call) *seen {
	if c.shown == nil {
		c.shown = see(c.Request, c.body)
		c.shown.values["request.query"] = []string{p.unsignedQuery(c.URL.RawQuery)}
	}
	return c.shown
}

// once reports whether the request was asked about a generated value already: it may
// stand in several places.
func (s *seen) once(value string) bool {
	if s == nil {
		return false
	}
	again := s.checked[value]
	s.checked[value] = true
	return again
}

// take keeps what the values of a request were made of, as far as they can be read.
func (p *Provider) take(s *seen, list []declared, get func(string) string) {
	for _, d := range list {
		if value := get(d.name); value != "" {
			p.takeForm(s, d.form, value)
		}
	}
}

func (p *Provider) takeForm(s *seen, f valueForm, value string) {
	values, _ := f.read(value)
	for n, v := range values {
		for _, ref := range f.refs[n] {
			p.takeRef(s, ref, v)
		}
	}
}

func (p *Provider) takeRef(s *seen, ref schema.Ref, value string) {
	name := ref.Name
	if schema.Functions[ref.Func].Generates {
		name = ref.String()
		if ref.Func == "now" {
			name = "now " + ref.NowFormat()
		}
	}
	switch {
	case name != "":
		if value != "" && !slices.Contains(s.values[name], value) {
			s.values[name] = append(s.values[name], value)
		}
		if f, ok := p.typedField(name); ok && !f.Secret && f.Example != "" && value != f.Example {
			s.stranger = true
		}
	case ref.Func != "":
		if inner, ok := readBack(ref.Func, value); ok && ref.Func != "lower" && ref.Func != "upper" {
			p.takeForm(s, formOf(ref.Args), inner)
		}
	}
}

// typedField returns the declaration of a credential that a user types.
func (p *Provider) typedField(name string) (schema.Field, bool) {
	f, ok := p.integration.Credentials[strings.TrimPrefix(name, "credentials.")]
	return f, ok && (strings.HasPrefix(name, "credentials.") || !strings.Contains(name, "."))
}

const mostExpected = 64

// expected returns what a ref may have given in the request, and whether that is
// all: the sandbox knows the integration's own values, what the request shows, and
// of accounts that of the examples.
func (p *Provider) expected(ref schema.Ref, s *seen) (values []string, known bool) {
	switch {
	case ref.IsLiteral():
		return []string{ref.Literal}, true
	case ref.Name != "":
		return p.valuesOf(ref.Name, s)
	case ref.Func == "now":
		return s.of("now " + ref.NowFormat())
	case schema.Functions[ref.Func].Generates:
		return s.of(ref.String())
	}
	combinations := [][]string{nil}
	for _, arg := range ref.Args {
		var choices []string
		for _, alternative := range arg {
			v, ok := p.expected(alternative, s)
			if !ok {
				return nil, false
			}
			choices = append(choices, v...)
		}
		var next [][]string
		for _, c := range combinations {
			for _, v := range choices {
				next = append(next, append(c[:len(c):len(c)], v))
			}
		}
		if combinations = next; len(combinations) > mostExpected {
			return nil, false
		}
	}
	for _, args := range combinations {
		values = append(values, apply(ref.Func, args))
	}
	return values, true
}

func (s *seen) of(name string) ([]string, bool) {
	if s == nil || len(s.values[name]) == 0 {
		return nil, false
	}
	return s.values[name], true
}

func (p *Provider) valuesOf(name string, s *seen) ([]string, bool) {
	if v, ok := s.of(name); ok {
		return v, true
	}
	switch name {
	case "oauth_client_id", "oauth_client_secret", "app_api_key":
		return []string{p.known(schema.Ref{Name: name})}, p.configured(name)
	}
	if f, ok := p.typedField(name); ok && f.Example != "" && s != nil && !s.stranger {
		return []string{f.Example}, true
	}
	return nil, false
}

// unsignedQuery returns a query without the parameters of auth.signature.
func (p *Provider) unsignedQuery(query string) string {
	s := p.integration.Auth.RequestSignature
	if s == nil || len(s.Params) == 0 {
		return query
	}
	pairs := slices.DeleteFunc(strings.Split(query, "&"), func(pair string) bool {
		name, _, _ := strings.Cut(pair, "=")
		plain, err := url.QueryUnescape(name)
		return err == nil && s.Params[plain] != ""
	})
	return strings.Join(pairs, "&")
}
