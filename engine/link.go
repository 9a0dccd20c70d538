package engine

import (
	"net/http"
	"strings"
)

// linkTo returns the target of the first link with relation rel in h's Link
// fields (RFC 8288 3), or "".
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
			var params string
			params, field = cutParams(rest)
			if hasRel(params, rel) {
				return strings.TrimSpace(target)
			}
		}
	}
	return ""
}

// cutParams returns the parameters of a link and what follows the comma after
// them. Commas and semicolons in quotes do not count.
func cutParams(s string) (params, rest string) {
	quoted := false
	for i := 0; i < len(s); i++ {
		switch {
		case s[i] == '\\' && quoted:
			i++
		case s[i] == '"':
			quoted = !quoted
		case s[i] == ',' && !quoted:
			return s[:i], s[i+1:]
		}
	}
	return s, ""
}

// hasRel reports whether the parameters of a link name rel among their relations,
// which compare without case. Only the first rel parameter counts.
func hasRel(params, rel string) bool {
	for part := range strings.SplitSeq(params, ";") {
		name, value, _ := strings.Cut(strings.TrimSpace(part), "=")
		if !strings.EqualFold(strings.TrimSpace(name), "rel") {
			continue
		}
		for _, r := range strings.Fields(strings.Trim(strings.TrimSpace(value), `"`)) {
			if strings.EqualFold(r, rel) {
				return true
			}
		}
		return false
	}
	return false
}
