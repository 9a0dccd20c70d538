package verify

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/nango-lite/nango-lite/internal/lazyregexp"
	"github.com/nango-lite/nango-lite/schema"
)

// headers holds what the entry sends with every call, and with token requests. It
// reports whether the entry asks for another version of the API than the documents
// describe.
func (k *checker) headers() (otherVersion bool) {
	for _, list := range []struct {
		at     []string
		values map[string]string
	}{{[]string{"requests", "headers"}, k.Requests.Headers}, {[]string{"auth", "token_headers"}, k.Auth.TokenHeaders}} {
		for _, name := range slices.Sorted(maps.Keys(list.values)) {
			value := list.values[name]
			if strings.Contains(value, "${") {
				continue
			}
			if p, ok := k.header(name); ok && k.headerValue(below(list.at, name), name, value, p) {
				otherVersion = true
			}
		}
	}
	return otherVersion
}

// header finds what the calls that the entry makes take as a header.
func (k *checker) header(name string) (param, bool) {
	for _, u := range k.uses {
		if u.call == nil {
			continue
		}
		if p, ok := u.call.takes("header", name); ok {
			return p, true
		}
	}
	return param{}, false
}

// headerValue reports whether a header asks for another version.
func (k *checker) headerValue(at []string, name, value string, p param) (otherVersion bool) {
	s, ok := p.schema.resolved()
	if !ok {
		return false
	}
	if text := s.scalar(value); text != "" {
		k.report(codeHeader, at, fmt.Sprintf("the value of %s %s", name, text), s.where())
		return false
	}
	if s.get("enum").exists() {
		return false
	}
	for _, place := range []node{s.get("default"), s.get("example"), p.n.get("example")} {
		theirs, _ := schema.Scalar(place.value)
		if !isVersion().MatchString(theirs) || theirs == value {
			continue
		}
		if !isVersion().MatchString(value) || len(value) != len(theirs) {
			k.report(codeHeader, at, fmt.Sprintf("the value of %s is not of the form of the document's %s", name, theirs), place.where())
			return false
		}
		word := "older"
		if value > theirs {
			word = "newer"
		}
		k.report(codeOlder, at, fmt.Sprintf("version %s is %s than the document's %s; paths and bodies were not compared", value, word, theirs), place.where())
		return true
	}
	return false
}

var isVersion = lazyregexp.New(`^[0-9]{4}-[0-9]{2}-[0-9]{2}$`)

// requiredHeaders reports headers that a call needs and that the entry does not send.
func (k *checker) requiredHeaders(u *use) {
	for _, p := range u.call.params {
		if p.in != "header" || !p.required || has(k.Requests.Headers, p.name) || u.op != nil && has(u.op.Request.Headers, p.name) {
			continue
		}
		switch strings.ToLower(p.name) {
		case "authorization", "accept", "content-type", "user-agent": // sent by itself, or not parameters (OpenAPI 3.1, Parameter Object)
			continue
		}
		if names(k.Version, p.name) {
			continue // the entry tells callers to send it
		}
		k.report(codeHeader, []string{"requests", "headers"}, fmt.Sprintf("calls such as %s %s need the header %s", u.method, u.path, p.name), p.n.where())
	}
}

func has(headers map[string]string, name string) bool {
	for n := range headers {
		if strings.EqualFold(n, name) {
			return true
		}
	}
	return false
}
