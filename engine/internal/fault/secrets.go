package fault

import (
	"encoding/hex"
	"net/url"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/nango-lite/nango-lite/schema"
)

// shortestSecret is how long a secret must be to be looked for: a shorter one would be
// found in any text.
const shortestSecret = 4

// WithoutSecrets takes secrets out of a text, however they are encoded: as they stand,
// percent-encoded, escaped as in JSON, in hexadecimal, in Base64 at any place of it.
// Where some overlap, all that any of them covers goes. The time it takes grows with
// the length of the text.
func WithoutSecrets(text string, secrets []string) string {
	if isShort := func(s string) bool { return len(s) < shortestSecret }; slices.ContainsFunc(secrets, isShort) {
		secrets = slices.DeleteFunc(slices.Clone(secrets), isShort)
	}
	if len(secrets) == 0 || len(text) < shortestSecret {
		return text
	}
	shortest := len(secrets[0])
	for _, s := range secrets {
		shortest = min(shortest, len(s))
	}
	hidden := cover{of: text}
	look := func(r reading) {
		for _, s := range secrets {
			r.each(s, hidden.add)
		}
	}
	for _, plain := range readings(text, slices.ContainsFunc(secrets, func(s string) bool { return strings.Contains(s, " ") })) {
		look(plain)
		for _, within := range plain.decoded(shortest) {
			look(within)
		}
	}
	return hidden.without()
}

// A reading is what a text says if it is decoded: said[i] stands in the text from
// at(i) to at(i+1).
type reading struct {
	said string
	at   func(int) (from, to int) // of the byte i
}

// each calls found with where s stands in the text, be it within another s.
func (r reading) each(s string, found func(from, to int)) {
	for start := 0; ; {
		i := strings.Index(r.said[start:], s)
		if i < 0 {
			return
		}
		start += i
		from, _ := r.at(start)
		_, to := r.at(start + len(s) - 1)
		found(from, to)
		start++
	}
}

// readings returns text as it stands, and unescaped if it holds escapes; spaces says
// whether a + may be one, as in forms.
func readings(text string, spaces bool) []reading {
	all := []reading{{text, func(i int) (int, int) { return i, i + 1 }}}
	if strings.Contains(text, "%") {
		all = append(all, unescaped(text, '%'))
	}
	if spaces && strings.Contains(text, "+") {
		all = append(all, unescaped(strings.ReplaceAll(text, "+", " "), '%'))
	}
	if strings.Contains(text, `\`) {
		all = append(all, unescaped(text, '\\'))
	}
	return all
}

// unescaped reads text with its escapes of one kind undone.
func unescaped(text string, mark byte) reading {
	var said strings.Builder
	var ends []int // by byte of said
	for i := 0; i < len(text); {
		decoded, n := text[i:i+1], 1
		if text[i] == mark {
			if mark == '%' {
				decoded, n = percentEscape(text[i:])
			} else {
				decoded, n = backslashEscape(text[i:])
			}
		}
		said.WriteString(decoded)
		i += n
		for range len(decoded) {
			ends = append(ends, i)
		}
	}
	return reading{said.String(), func(i int) (int, int) {
		if i == 0 {
			return 0, ends[0]
		}
		from := ends[i-1]
		if from == ends[i] { // within a rune that one escape gave
			from--
		}
		return from, ends[i]
	}}
}

func percentEscape(text string) (decoded string, n int) {
	if len(text) >= 3 {
		if plain, err := url.PathUnescape(text[:3]); err == nil {
			return plain, 3
		}
	}
	return text[:1], 1
}

// backslashEscape reads what JSON and Go have in common (RFC 8259 7).
func backslashEscape(text string) (decoded string, n int) {
	if len(text) < 2 {
		return text, len(text)
	}
	if short := strings.IndexByte("nrtbf", text[1]); short >= 0 {
		return "\n\r\t\b\f"[short : short+1], 2
	}
	if text[1] == 'u' && len(text) >= 6 {
		if b, err := hex.DecodeString(text[2:6]); err == nil {
			return string(utf8.AppendRune(nil, rune(b[0])<<8|rune(b[1]))), 6
		}
	}
	return text[1:2], 2
}

// decoded returns what r says where it is hexadecimal or Base64 and long enough for so
// many bytes. Where an encoding begins is not known, so each place that it may have is
// read.
func (r reading) decoded(least int) []reading {
	var all []reading
	for _, run := range runs(r.said, isHex, 2*least) {
		for offset := range 2 {
			first, text := run.from+offset, r.said[run.from+offset:run.to]
			if b, err := hex.DecodeString(text[:len(text)&^1]); err == nil {
				all = append(all, r.within(string(b), func(i int) (int, int) { return first + 2*i, first + 2*i + 2 }))
			}
		}
	}
	for _, run := range runs(r.said, isBase64, (8*least+5)/6) {
		for offset := range 4 {
			first := run.from + offset
			said := fromBase64(r.said[first:run.to])
			all = append(all, r.within(said, func(i int) (int, int) { return first + i*8/6, first + (i*8+7)/6 + 1 }))
		}
	}
	return all
}

// fromBase64 decodes text of both alphabets (RFC 4648 4 and 5), padding apart.
func fromBase64(text string) string {
	said := make([]byte, 0, len(text)*6/8)
	bits, n := uint32(0), 0
	for i := range len(text) {
		bits, n = bits<<6|uint32(sextet(text[i])), n+6
		if n >= 8 {
			n -= 8
			said = append(said, byte(bits>>n))
		}
	}
	return string(said)
}

func sextet(c byte) byte {
	switch {
	case c >= 'A' && c <= 'Z':
		return c - 'A'
	case c >= 'a' && c <= 'z':
		return c - 'a' + 26
	case c >= '0' && c <= '9':
		return c - '0' + 52
	case c == '+' || c == '-':
		return 62
	}
	return 63
}

// within returns the reading of what stands in r.
func (r reading) within(said string, at func(int) (from, to int)) reading {
	return reading{said, func(i int) (int, int) {
		first, last := at(i)
		from, _ := r.at(first)
		_, to := r.at(last - 1)
		return from, to
	}}
}

type span struct{ from, to int }

// runs returns where so many of a kind of bytes, or more, stand together.
func runs(text string, kind func(byte) bool, least int) (all []span) {
	for i := 0; i < len(text); i++ {
		from := i
		for i < len(text) && kind(text[i]) {
			i++
		}
		if i-from >= least {
			all = append(all, span{from, i})
		}
	}
	return all
}

func isHex(c byte) bool { return c >= '0' && c <= '9' || c|0x20 >= 'a' && c|0x20 <= 'f' }

func isBase64(c byte) bool {
	return c >= '0' && c <= '9' || c|0x20 >= 'a' && c|0x20 <= 'z' || strings.IndexByte("+/-_", c) >= 0
}

// A cover is the parts of a text that are not to be seen.
type cover struct {
	of    string
	parts []span
}

func (c *cover) add(from, to int) { c.parts = append(c.parts, span{from, to}) }

// without returns the text with a mark in the place of each part. Parts that overlap
// are one.
func (c *cover) without() string {
	if len(c.parts) == 0 {
		return c.of
	}
	slices.SortFunc(c.parts, func(a, b span) int {
		if a.from != b.from {
			return a.from - b.from
		}
		return b.to - a.to
	})
	var b strings.Builder
	done := 0
	for i := 0; i < len(c.parts); {
		from, to := c.parts[i].from, c.parts[i].to
		for i++; i < len(c.parts) && c.parts[i].from < to; i++ {
			to = max(to, c.parts[i].to)
		}
		b.WriteString(c.of[done:from])
		b.WriteString(schema.Redacted)
		done = to
	}
	b.WriteString(c.of[done:])
	return b.String()
}

// ShownURL is how the engine shows a URL, wherever it does: without user info, query and
// fragment, which may hold anything, and without the secrets in its host and path.
func ShownURL(u *url.URL, secrets []string) string {
	shown := u.EscapedPath()
	if u.Host != "" {
		shown = u.Scheme + "://" + u.Host + shown
	}
	return WithoutSecrets(shown, secrets)
}

// ShownOrigin is [ShownURL] for what leads elsewhere, such as a download, whose path is
// the key to it.
func ShownOrigin(u *url.URL, secrets []string) string {
	return WithoutSecrets(u.Scheme+"://"+u.Host, secrets) + "/…"
}
