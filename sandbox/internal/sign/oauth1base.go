package sign

import (
	"bytes"
	"crypto/rsa"
	"net/url"
	"sort"
	"strings"

	"github.com/nango-lite/nango-lite/internal/lazyregexp"
	"github.com/nango-lite/nango-lite/sandbox/internal/match"
	"github.com/nango-lite/nango-lite/sandbox/internal/message"
	"github.com/nango-lite/nango-lite/schema/signingkey"
)

var headerParam = lazyregexp.New(`^\s*([A-Za-z0-9_]+)="((?:[^"\\]|\\.)*)"\s*$`)

var unquote = lazyregexp.New(`\\(.)`)

// splitHeader splits at commas outside of quotes.
func splitHeader(s string) []string {
	var parts []string
	quoted, escaped, start := false, false, 0
	for i, c := range []byte(s) {
		switch {
		case escaped:
			escaped = false
		case c == '\\' && quoted:
			escaped = true
		case c == '"':
			quoted = !quoted
		case c == ',' && !quoted:
			parts = append(parts, s[start:i])
			start = i + 1
		}
	}
	return append(parts, s[start:])
}

// collect adds the parameters of a query or a form.
func (s *SignedRequest) collect(source string) *message.Refusal {
	for _, pair := range strings.FieldsFunc(source, func(c rune) bool { return c == '&' }) {
		parts := strings.SplitN(pair, "=", 2)
		for i := range parts {
			plain, err := url.QueryUnescape(parts[i])
			if err != nil {
				return message.Refused(400, "parameter_rejected", "query or form are not well encoded")
			}
			parts[i] = plain
		}
		if protocolParams[parts[0]] {
			return message.Refused(400, "parameter_rejected", "%s stands outside of the Authorization header, too (RFC 5849 3.5)", parts[0])
		}
		s.Params = append(s.Params, [2]string{parts[0], strings.Join(parts[1:], "")})
	}
	return nil
}

// publicKey returns the public half of a key in PEM, or nil.
func publicKey(text string) *rsa.PublicKey {
	key, err := signingkey.Parse(signingkey.RSASHA1, "", text)
	if private, ok := key.(*rsa.PrivateKey); ok && err == nil {
		return &private.PublicKey
	}
	return nil
}

// base is the signature base string (RFC 5849 3.4.1.1).
func (s *SignedRequest) base() []byte {
	lines := make([][2]string, len(s.Params))
	for i, pair := range s.Params {
		lines[i] = [2]string{match.Percent(pair[0]), match.Percent(pair[1])}
	}
	sort.Slice(lines, func(i, j int) bool {
		if lines[i][0] != lines[j][0] {
			return lines[i][0] < lines[j][0]
		}
		return lines[i][1] < lines[j][1]
	})
	var b bytes.Buffer
	for i, pair := range lines {
		if i > 0 {
			b.WriteByte('&')
		}
		b.WriteString(pair[0] + "=" + pair[1])
	}
	return []byte(match.Percent(strings.ToUpper(s.method)) + "&" + match.Percent(s.uri) + "&" + match.Percent(b.String()))
}
