package loader

import (
	"errors"
	"strings"

	"github.com/nango-lite/nango-lite/internal/lazyregexp"
)

// comment is where one begins behind a value.
var comment = lazyregexp.New(`\s#`)

// mostLines is how many lines a value may have: a chain of certificates has fewer.
const mostLines = 500

var errOpen = errors.New("the closing quote is missing")

var assignment = lazyregexp.New(`^(?:export[ \t]+)?([A-Za-z_][A-Za-z0-9_]*)[ \t]*=[ \t]*(.*)$`)

// parseEnv reads NAME=value lines. Values may be quoted: '…' as it stands, "…"
// with \n, \r, \t, \\, \" and \$, either over several lines. Nothing is expanded. Messages never hold a
// value.
func parseEnv(file string, data []byte) (map[string]string, Diagnostics) {
	vars := map[string]string{}
	var ds Diagnostics
	text := strings.TrimPrefix(string(data), "\ufeff")
	lines := strings.Split(text, "\n")
	for i := 0; i < len(lines); i++ {
		at, line := i+1, strings.TrimSpace(lines[i])
		if line == "" || line[0] == '#' {
			continue
		}
		bad := func(message string) {
			ds = append(ds, Diagnostic{Place: Place{file, at, 1}, Severity: Error, Code: "bad-env-file", Message: message})
		}
		m := assignment().FindStringSubmatch(line)
		if m == nil {
			bad("this line is not NAME=value")
			continue
		}
		value, err := envValue(m[2])
		for below := i + 1; errors.Is(err, errOpen) && below < min(len(lines), i+mostLines); below++ {
			whole := m[2] + "\n" + strings.Join(lines[i+1:below+1], "\n") // a quoted value may be of several lines
			if v, errWhole := envValue(strings.TrimRight(strings.ReplaceAll(whole, "\r\n", "\n"), "\r")); errWhole == nil {
				value, err, i = v, nil, below
			}
		}
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
		if at := comment().FindStringIndex(s); at != nil { // a comment needs a space, so that passwords may hold #
			s = s[:at[0]]
		}
		return strings.TrimSpace(s), nil
	}
	quote := s[0]
	var b strings.Builder
	for i := 1; i < len(s); i++ {
		switch {
		case s[i] == quote:
			if rest := s[i+1:]; strings.TrimSpace(rest) != "" && !comment().MatchString(rest) {
				return "", errors.New("text follows the closing quote")
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
	return "", errOpen
}
