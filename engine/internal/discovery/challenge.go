package discovery

import "strings"

// A Challenge is what a resource says with a Bearer challenge (RFC 6750 3, RFC 9728
// 5.1).
type Challenge struct {
	ResourceMetadata string // where its metadata is
	Scope            string // what a token must be good for
	Error            string
}

// Bearer returns what the WWW-Authenticate fields of an answer say of bearer tokens;
// false if they say nothing. Of several such challenges, the one that names metadata
// counts.
func Bearer(fields []string) (Challenge, bool) {
	var best Challenge
	found := false
	for _, params := range challenges(fields, "bearer") {
		c := Challenge{params["resource_metadata"], params["scope"], params["error"]}
		if !found || best.ResourceMetadata == "" && c.ResourceMetadata != "" {
			best, found = c, true
		}
	}
	return best, found
}

// Scopes returns the scopes in a text as RFC 6749 3.3 writes them. What cannot be a
// scope is left out: they are shown.
func Scopes(text string) []string {
	var list []string
	for _, s := range strings.Fields(text) {
		if len(s) <= 256 && len(list) < 64 && strings.IndexFunc(s, notScope) < 0 {
			list = append(list, s)
		}
	}
	return list
}

func notScope(r rune) bool { return r < 0x21 || r > 0x7e || r == '"' || r == '\\' }

// challenges returns the parameters of each challenge of a scheme (RFC 9110 11.6.1).
func challenges(fields []string, scheme string) []map[string]string {
	var list []map[string]string
	for _, field := range fields {
		var params map[string]string // nil: those of another scheme
		for _, element := range elements(field) {
			name, rest := token(element)
			if name == "" {
				continue
			}
			if after := strings.TrimLeft(rest, " \t"); !strings.HasPrefix(after, "=") {
				if params = nil; strings.EqualFold(name, scheme) {
					params = map[string]string{}
					list = append(list, params)
				}
				if name, rest = token(after); name == "" {
					continue
				}
			}
			value, ok := strings.CutPrefix(strings.TrimLeft(rest, " \t"), "=")
			name = strings.ToLower(name)
			if _, twice := params[name]; ok && params != nil && !twice {
				params[name] = unquoted(strings.Trim(value, " \t"))
			}
		}
	}
	return list
}

// elements splits at commas outside of quotes.
func elements(field string) []string {
	var list []string
	start, quoted := 0, false
	for i := 0; i < len(field); i++ {
		switch {
		case quoted && field[i] == '\\':
			i++
		case field[i] == '"':
			quoted = !quoted
		case field[i] == ',' && !quoted:
			list = append(list, strings.Trim(field[start:i], " \t"))
			start = i + 1
		}
	}
	return append(list, strings.Trim(field[start:], " \t"))
}

// token returns the token that text begins with, and the rest.
func token(text string) (name, rest string) {
	i := strings.IndexFunc(text, func(r rune) bool {
		return !(r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || strings.ContainsRune("!#$%&'*+-.^_`|~", r))
	})
	if i < 0 {
		return text, ""
	}
	return text[:i], text[i:]
}

func unquoted(value string) string {
	inner, ok := strings.CutPrefix(value, `"`)
	if !ok {
		return value
	}
	var b strings.Builder
	for i := 0; i < len(inner); i++ {
		switch {
		case inner[i] == '"':
			return b.String()
		case inner[i] == '\\' && i+1 < len(inner):
			i++
		}
		b.WriteByte(inner[i])
	}
	return b.String()
}
