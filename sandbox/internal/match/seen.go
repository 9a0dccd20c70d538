package match

import (
	"net/http"
	"slices"
	"strings"

	"github.com/nango-lite/nango-lite/sandbox/internal/message"
	"github.com/nango-lite/nango-lite/schema"
)

// Seen is what a request shows of the values that its digests were made of. Nil has
// seen nothing.
type Seen struct {
	Values   map[string][]string // by the names of placeholders and generated values
	Checked  map[string]bool     // generated values that this request has been asked about
	stranger bool                // the account is not that of the examples
}

// See begins with the request itself.
func See(r *http.Request, body []byte) *Seen {
	return &Seen{Values: map[string][]string{
		"request.method": {r.Method}, "request.host": {message.HostOf(r)}, "request.path": {message.PathOf(r)},
		"request.query": {r.URL.RawQuery}, "request.body": {string(body)},
	}, Checked: map[string]bool{}}
}

// once reports whether the request was asked about a generated value already: it may
// stand in several places.
func (s *Seen) once(value string) bool {
	if s == nil {
		return false
	}
	again := s.Checked[value]
	s.Checked[value] = true
	return again
}

// Take keeps what the values of a request were made of, as far as they can be read.
func (j *Judge) Take(s *Seen, list []Declared, get func(string) string) {
	for _, d := range list {
		if value := get(d.Name); value != "" {
			j.takeForm(s, d.Form, value)
		}
	}
}

func (j *Judge) takeForm(s *Seen, f ValueForm, value string) {
	values, _ := f.Read(value)
	for n, v := range values {
		for _, ref := range f.Refs[n] {
			j.takeRef(s, ref, v)
		}
	}
}

func (j *Judge) takeRef(s *Seen, ref schema.Ref, value string) {
	name := ref.Name
	if schema.Functions[ref.Func].Generates {
		name = ref.String()
		if ref.Func == "now" {
			name = "now " + ref.NowFormat()
		}
	}
	switch {
	case name != "":
		if value != "" && !slices.Contains(s.Values[name], value) {
			s.Values[name] = append(s.Values[name], value)
		}
		if f, ok := j.typedField(name); ok && !f.Secret && f.Example != "" && value != f.Example {
			s.stranger = true
		}
	case ref.Func != "":
		if inner, ok := readBack(ref.Func, value); ok && ref.Func != "lower" && ref.Func != "upper" {
			j.takeForm(s, formOf(ref.Args), inner)
		}
	}
}

// typedField returns the declaration of a credential that a user types.
func (j *Judge) typedField(name string) (schema.Field, bool) {
	f, ok := j.Integration.Credentials[strings.TrimPrefix(name, "credentials.")]
	return f, ok && (strings.HasPrefix(name, "credentials.") || !strings.Contains(name, "."))
}

const mostExpected = 64

// expected returns what a ref may have given in the request, and whether that is
// all: the sandbox knows the integration's own values, what the request shows, and
// of accounts that of the examples.
func (j *Judge) expected(ref schema.Ref, s *Seen) (values []string, known bool) {
	switch {
	case ref.IsLiteral():
		return []string{ref.Literal}, true
	case ref.Name != "":
		return j.valuesOf(ref.Name, s)
	case ref.Func == "now":
		return s.of("now " + ref.NowFormat())
	case schema.Functions[ref.Func].Generates:
		return s.of(ref.String())
	}
	combinations := [][]string{nil}
	for _, arg := range ref.Args {
		var choices []string
		for _, alternative := range arg {
			v, ok := j.expected(alternative, s)
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

func (s *Seen) of(name string) ([]string, bool) {
	if s == nil || len(s.Values[name]) == 0 {
		return nil, false
	}
	return s.Values[name], true
}

func (j *Judge) valuesOf(name string, s *Seen) ([]string, bool) {
	if v, ok := s.of(name); ok {
		return v, true
	}
	switch name {
	case "oauth_client_id", "oauth_client_secret", "app_api_key":
		return []string{j.known(schema.Ref{Name: name})}, j.Configured(name)
	}
	if f, ok := j.typedField(name); ok && f.Example != "" && s != nil && !s.stranger {
		return []string{f.Example}, true
	}
	return nil, false
}
