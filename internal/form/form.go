// Package form reads what is application/x-www-form-urlencoded as browsers read it
// (WHATWG URL 5.1), and not as net/url does, which drops pairs.
package form

import (
	"net/url"
	"strings"
)

// Parse decodes a form or a query. It is split at & alone: a semicolon belongs to the
// value it stands in, and so does a percent sign that begins no escape. There is no
// text that it does not take, and none of which it leaves anything out.
func Parse(text string) url.Values {
	values := url.Values{}
	for pair := range strings.SplitSeq(text, "&") {
		if pair == "" {
			continue
		}
		name, value, _ := strings.Cut(pair, "=")
		name = unescape(name)
		values[name] = append(values[name], unescape(value))
	}
	return values
}

func unescape(text string) string {
	if !strings.ContainsAny(text, "%+") {
		return text
	}
	b := make([]byte, 0, len(text))
	for i := 0; i < len(text); i++ {
		switch {
		case text[i] == '+':
			b = append(b, ' ')
		case text[i] == '%' && i+2 < len(text) && hex(text[i+1]) >= 0 && hex(text[i+2]) >= 0:
			b = append(b, byte(hex(text[i+1])<<4|hex(text[i+2])))
			i += 2
		default:
			b = append(b, text[i])
		}
	}
	return string(b)
}

// hex returns the value of a hexadecimal digit, or -1.
func hex(c byte) int {
	switch {
	case '0' <= c && c <= '9':
		return int(c - '0')
	case 'a' <= c && c <= 'f':
		return int(c-'a') + 10
	case 'A' <= c && c <= 'F':
		return int(c-'A') + 10
	}
	return -1
}
