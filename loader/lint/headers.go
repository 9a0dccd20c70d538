package lint

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/nango-lite/nango-lite/internal/lazyregexp"
	"github.com/nango-lite/nango-lite/schema"
)

var (
	headerName = lazyregexp.New("^[A-Za-z0-9!#$%&'*+.^_`|~-]+$")

	// ofConnection are set by whoever sends the request; setting them breaks its
	// framing or its target.
	ofConnection = []string{"connection", "content-length", "expect", "host", "keep-alive", "te", "trailer", "transfer-encoding", "upgrade"}
)

func headers(v *version) {
	for _, section := range []struct {
		path []string
		m    map[string]string
	}{
		{[]string{"auth", "token_headers"}, v.Auth.TokenHeaders},
		{[]string{"requests", "headers"}, v.Requests.Headers},
	} {
		for _, name := range slices.Sorted(maps.Keys(section.m)) {
			path := append(slices.Clone(section.path), name)
			v.header(name, func(code, message, hint string) { v.reportKey(code, path, message, hint) })
			if slices.Contains(ofConnection, strings.ToLower(name)) {
				v.reportKey("header-reserved", path, fmt.Sprintf("%q is set by whoever sends the request", name), "")
			}
		}
	}
	for at, name := range v.namedHeaders() {
		v.header(name, func(code, message, hint string) { v.report(code, at, message, hint) })
	}
	for at, c := range v.conditions() {
		for _, name := range slices.Sorted(maps.Keys(c.Header)) {
			path := append(strings.Split(at, "."), "header", name)
			v.header(name, func(code, message, hint string) { v.reportKey(code, path, message, hint) })
		}
	}
}

// namedHeaders returns the headers that values name, by path.
func (v *version) namedHeaders() map[string]string {
	out := map[string]string{}
	add := func(at, name string) {
		if v.has(at) {
			out[at] = name
		}
	}
	r := &v.Requests
	if r.Retries != nil {
		add("requests.retries.idempotency_key", r.Retries.IdempotencyKey)
	}
	if r.Errors != nil && r.Errors.RequestID != nil {
		add("requests.errors.request_id.header", r.Errors.RequestID.Header)
	}
	if r.RateLimit != nil {
		for i, w := range r.RateLimit.Wait {
			add("requests.rate_limit.wait."+strconv.Itoa(i)+".header", w.Header)
		}
		if m := r.RateLimit.Remaining; m != nil {
			add("requests.rate_limit.remaining.header", m.Header)
			if m.Reset != nil {
				add("requests.rate_limit.remaining.reset.header", m.Reset.Header)
			}
		}
	}
	return out
}

func (v *version) header(name string, report func(code, message, hint string)) {
	if !headerName().MatchString(name) {
		report("header-name", fmt.Sprintf("%q is not a header name", name), "")
		return
	}
	if want := usual(name); want != name {
		report("header-case", fmt.Sprintf("the header %q is not written as usual", name), "write "+want)
	}
}

// usual gives each word of a header its capital, and leaves further ones alone:
// X-API-Key is as good as X-Api-Key.
func usual(name string) string {
	words := strings.Split(name, "-")
	for i, w := range words {
		if w != "" {
			words[i] = strings.ToUpper(w[:1]) + w[1:]
		}
	}
	return strings.Join(words, "-")
}

// conditions returns all conditions of the version, by path.
func (v *version) conditions() map[string]schema.Condition {
	out := map[string]schema.Condition{}
	for i, c := range v.Auth.RefreshOn {
		out["auth.refresh_on."+strconv.Itoa(i)] = c
	}
	if t := v.Auth.TokenResponse; t != nil {
		if t.Success != nil {
			out["auth.token_response.success"] = *t.Success
		}
		if t.Error != nil {
			out["auth.token_response.error"] = *t.Error
		}
	}
	if l := v.Requests.RateLimit; l != nil {
		for i, c := range l.Detect {
			out["requests.rate_limit.detect."+strconv.Itoa(i)] = c
		}
	}
	if e := v.Requests.Errors; e != nil {
		for i, r := range e.Rules {
			out["requests.errors.rules."+strconv.Itoa(i)+".when"] = r.When
		}
	}
	for i, n := range v.Notes {
		if n.When != nil {
			out["notes."+strconv.Itoa(i)+".when"] = *n.When
		}
	}
	return out
}
