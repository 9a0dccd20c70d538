package page

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/nango-lite/nango-lite/schema"
)

// A facts list grows by what is stated.
type facts []Fact

func (f *facts) code(label, value, key string) {
	if value != "" {
		*f = append(*f, Fact{label, value, key, true})
	}
}

func (f *facts) words(label, value, key string) {
	if value != "" {
		*f = append(*f, Fact{label, value, key, false})
	}
}

// modeName is the mode for people.
func modeName(mode schema.AuthMode) string { return mode.Mode().Title }

func scopesInWords(a *schema.Auth) string {
	switch a.Scopes {
	case schema.ScopesNone:
		return "none: this API has no scopes"
	case schema.ScopesApp:
		return "chosen in the app's settings; nothing is asked for here"
	}
	separator := map[string]string{" ": "a space", ",": "a comma", "+": "a plus"}[a.Separator()]
	text := "joined by " + cmp.Or(separator, "“"+a.Separator()+"”")
	if len(a.DefaultScopes) > 0 {
		text += "; by default " + strings.Join(a.DefaultScopes, ", ")
	}
	return text
}

// carriers are the headers and parameters that carry a credential.
func carriers(v *schema.Version) []string {
	headers, params, body := maps.Clone(v.Requests.Headers), maps.Clone(v.Requests.Params), maps.Clone(v.Requests.Body)
	plain := func(_, text string) bool { return !isCredential(v, text) }
	maps.DeleteFunc(headers, plain)
	maps.DeleteFunc(params, plain)
	maps.DeleteFunc(body, plain)
	var out []string
	if text := pairs(headers, ": ", "\n"); text != "" {
		out = append(out, text)
	}
	if text := pairs(params, "=", " "); text != "" {
		out = append(out, "?"+text)
	}
	if text := pairs(body, ": ", ", "); text != "" {
		out = append(out, "{"+text+"}")
	}
	return out
}

func isCredential(v *schema.Version, text string) bool {
	t, err := schema.ParseTemplate(text)
	return err == nil && slices.ContainsFunc(t.Refs(), func(name string) bool {
		return schema.IsCredential(name, func(namespace, field string) bool {
			if namespace == "connection" {
				return v.Connection[field].Secret
			}
			return true
		})
	})
}

// requestFacts says how the API is called.
func requestFacts(v *schema.Version) []Fact {
	r := &v.Requests
	f := facts{}
	f.code("Base URL", r.BaseURL, "requests.base_url")
	headers, params := maps.Clone(r.Headers), maps.Clone(r.Params)
	credential := func(_, text string) bool { return isCredential(v, text) }
	maps.DeleteFunc(headers, credential)
	maps.DeleteFunc(params, credential)
	f.code("Headers", pairs(headers, ": ", "\n"), "requests.headers")
	f.code("Parameters", pairs(params, "=", " "), "requests.params")
	f.words("Retries", retriesInWords(r.Retries), "requests.retries")
	f.words("Lists", pagesInWords(r.Pagination), "requests.pagination")
	f.words("Errors", errorsInWords(r.Errors), "requests.errors")
	f.code("Proof of a connection", verifyInWords(r.Verify), "requests.verify")
	return f
}

func pairs(m map[string]string, between, after string) string {
	var out []string
	for _, name := range slices.Sorted(maps.Keys(m)) {
		out = append(out, name+between+m[name])
	}
	return strings.Join(out, after)
}

func retriesInWords(r *schema.Retries) string {
	if r == nil {
		r = &schema.Retries{}
	}
	times := 3
	if r.MaxRetries != nil {
		times = *r.MaxRetries
	}
	if times == 0 {
		return "none"
	}
	statuses := r.Statuses
	if len(statuses) == 0 {
		statuses = []int{502, 503, 504}
	}
	text := "up to " + plural(times, "time") + " after a timeout, a lost connection, " + orInts(statuses)
	if len(r.Safe) > 0 {
		text += "; also " + and(r.Safe)
	}
	if r.IdempotencyKey != "" {
		text += "; unsafe requests carry " + r.IdempotencyKey
	}
	return text
}

func pagesInWords(p *schema.Pagination) string {
	if p == nil {
		return ""
	}
	text := p.InWords()
	if p.Items != "" {
		text += "; items stand in " + p.Items
	}
	if p.Limit != nil {
		text += "; " + p.Limit.Request + " sets how many"
		if p.Limit.Max > 0 {
			text += fmt.Sprintf(", %d at most", p.Limit.Max)
		}
	}
	return text
}

func errorsInWords(e *schema.Errors) string {
	if e == nil {
		return ""
	}
	var parts []string
	if len(e.Code) > 0 {
		parts = append(parts, "code in "+or(e.Code))
	}
	if len(e.Message) > 0 {
		parts = append(parts, "message in "+or(e.Message))
	}
	if id := e.RequestID; id != nil {
		parts = append(parts, "request ID in "+cmp.Or(id.Header, id.Body))
	}
	return strings.Join(parts, "; ")
}

func verifyInWords(v *schema.Verify) string {
	if v == nil {
		return ""
	}
	return cmp.Or(v.Method, "GET") + " " + v.Target()
}
