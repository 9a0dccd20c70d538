package pages

import (
	"net/http"
	"strings"
)

// linkTo returns the target of the first link with relation rel in h's Link
// fields (RFC 8288 3), or "". Commas and semicolons in quotes separate nothing.
func linkTo(h http.Header, rel string) string {
	for _, field := range h.Values("Link") {
		for {
			start := strings.IndexByte(field, '<')
			if start < 0 {
				break
			}
			target, rest, ok := strings.Cut(field[start+1:], ">")
			if !ok {
				break
			}
			var found bool
			if found, field = relation(rest, rel); found {
				return strings.TrimSpace(target)
			}
		}
	}
	return ""
}

// relation reads the parameters of one link, and reports whether they name rel among
// its relations, which compare without case; only the first rel counts (RFC 8288
// 3.3). It returns what follows the comma after them.
func relation(s, rel string) (found bool, rest string) {
	named := false
	for {
		var param string
		var ended bool
		param, s, ended = cutQuoted(s)
		name, value, _ := strings.Cut(strings.TrimSpace(param), "=")
		if !named && strings.EqualFold(strings.TrimSpace(name), "rel") {
			named = true
			for _, r := range strings.Fields(strings.Trim(strings.TrimSpace(value), `"`)) {
				found = found || strings.EqualFold(r, rel)
			}
		}
		if ended {
			return found, s
		}
	}
}

// cutQuoted returns s up to the first semicolon or comma that is not quoted, and
// what follows; ended says that it was a comma, or the end.
func cutQuoted(s string) (part, rest string, ended bool) {
	quoted := false
	for i := 0; i < len(s); i++ {
		switch {
		case s[i] == '\\' && quoted:
			i++
		case s[i] == '"':
			quoted = !quoted
		case quoted:
		case s[i] == ';':
			return s[:i], s[i+1:], false
		case s[i] == ',':
			return s[:i], s[i+1:], true
		}
	}
	return s, "", true
}
