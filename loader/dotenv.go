package loader

import (
	"fmt"
	"strings"

	"github.com/nango-lite/nango-lite/internal/lazyregexp"
)

var assignment = lazyregexp.New(`^(?:export[ \t]+)?([A-Za-z_][A-Za-z0-9_]*)[ \t]*=[ \t]*(.*)$`)

// parseEnv reads NAME=value lines. Values may be quoted: '…' as it stands, "…"
// with \n, \r, \t, \\, \" and \$. Nothing is expanded. Messages never hold a
// value.
func parseEnv(file string, data []byte) (map[string]string, Diagnostics) {
	vars := map[string]string{}
	var ds Diagnostics
	text := strings.TrimPrefix(string(data), "\ufeff")
	for i, line := range strings.Split(text, "\n") {
		line = strings.TrimSpace(line)
		if line == "" || line[0] == '#' {
			continue
		}
		bad := func(message string) {
			ds = append(ds, Diagnostic{Place: Place{file, i + 1, 1}, Severity: Error, Code: "bad-env-file", Message: message})
		}
		m := assignment().FindStringSubmatch(line)
		if m == nil {
			bad("this line is not NAME=value")
			continue
		}
		value, err := envValue(m[2])
		if err != nil {
			bad(err.Error())
			continue
		}
		vars[m[1]] = value
	}
	return vars, ds
}

func envValue(s string) (string, error) {
	if s == "" || s[0] != '\'' && s[0] != '"' {
		if i := strings.Index(s, " #"); i >= 0 { // a comment needs a space, so that passwords may hold #
			s = s[:i]
		}
		return strings.TrimSpace(s), nil
	}
	quote := s[0]
	var b strings.Builder
	for i := 1; i < len(s); i++ {
		switch {
		case s[i] == quote:
			rest := strings.TrimSpace(s[i+1:])
			if rest != "" && rest[0] != '#' {
				return "", fmt.Errorf("text follows the closing quote")
			}
			return b.String(), nil
		case s[i] == '\\' && quote == '"' && i+1 < len(s):
			i++
			if r, ok := map[byte]string{'n': "\n", 'r': "\r", 't': "\t", '\\': "\\", '"': "\"", '$': "$"}[s[i]]; ok {
				b.WriteString(r)
			} else {
				b.WriteString(s[i-1 : i+1])
			}
		default:
			b.WriteByte(s[i])
		}
	}
	return "", fmt.Errorf("the closing quote is missing")
}
