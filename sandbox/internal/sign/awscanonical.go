package sign

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"net/url"
	"slices"
	"strings"

	"github.com/nango-lite/nango-lite/internal/lazyregexp"
	"github.com/nango-lite/nango-lite/sandbox/internal/message"
)

// SignedWith reports whether the signature is the one that secret makes.
func (a *AWSRequest) SignedWith(secret string, unescapedPath bool) bool {
	scope := strings.Join([]string{a.date, a.region, a.service, "aws4_request"}, "/")
	request := sha256.Sum256([]byte(a.canonical(unescapedPath)))
	text := strings.Join([]string{AwsAlgorithm, a.time, scope, hex.EncodeToString(request[:])}, "\n")
	key := []byte("AWS4" + secret)
	for _, part := range []string{a.date, a.region, a.service, "aws4_request", text} {
		key = hmac256(key, part)
	}
	return message.Same(a.signature, hex.EncodeToString(key))
}

func hmac256(key []byte, text string) []byte {
	mac := hmac.New(sha256.New, key)
	mac.Write([]byte(text))
	return mac.Sum(nil)
}

// canonical is the canonical request.
func (a *AWSRequest) canonical(unescapedPath bool) string {
	var b strings.Builder
	path := awsEscape(withoutDots(message.PathOf(a.Request)), "/")
	if unescapedPath {
		segments := strings.Split(message.PathOf(a.Request), "/")
		for i := range segments {
			segments[i] = awsEscape(queryText(segments[i]), "")
		}
		path = strings.Join(segments, "/")
	}
	b.WriteString(a.Method + "\n" + path + "\n" + awsQuery(a.URL.RawQuery) + "\n")
	for _, name := range a.headers {
		values := slices.Clone(a.Header.Values(name))
		if name == "host" {
			values = []string{message.HostOf(a.Request)}
		}
		for i := range values {
			values[i] = strings.TrimSpace(spaces().ReplaceAllString(values[i], " "))
		}
		b.WriteString(name + ":" + strings.Join(values, ",") + "\n")
	}
	b.WriteString("\n" + strings.Join(a.headers, ";") + "\n" + a.payload)
	return b.String()
}

var spaces = lazyregexp.New(` +`)

// awsQuery sorts the pairs of a query by their escaped text.
func awsQuery(raw string) string {
	var pairs [][2]string
	for pair := range strings.SplitSeq(raw, "&") {
		if pair == "" {
			continue
		}
		name, value, _ := strings.Cut(pair, "=")
		pairs = append(pairs, [2]string{awsEscape(queryText(name), ""), awsEscape(queryText(value), "")})
	}
	slices.SortFunc(pairs, func(a, b [2]string) int {
		if c := strings.Compare(a[0], b[0]); c != 0 {
			return c
		}
		return strings.Compare(a[1], b[1])
	})
	var parts []string
	for _, pair := range pairs {
		parts = append(parts, pair[0]+"="+pair[1])
	}
	return strings.Join(parts, "&")
}

// queryText decodes a piece of a query. A plus sign stands for itself: a client that
// means a space has to write %20.
func queryText(s string) string {
	if plain, err := url.PathUnescape(s); err == nil {
		return plain
	}
	return s
}

// awsEscape leaves the unreserved characters of RFC 3986 and those of more as they
// are.
func awsEscape(s, more string) string {
	var b bytes.Buffer
	for i := range len(s) {
		c := s[i]
		switch {
		case 'A' <= c && c <= 'Z', 'a' <= c && c <= 'z', '0' <= c && c <= '9', strings.IndexByte("-._~"+more, c) >= 0:
			b.WriteByte(c)
		default:
			const digits = "0123456789ABCDEF"
			b.Write([]byte{'%', digits[c>>4], digits[c&15]})
		}
	}
	return b.String()
}

// withoutDots leaves out empty segments, and follows those of dots.
func withoutDots(path string) string {
	var kept []string
	parts := strings.Split(path, "/")
	for _, part := range parts {
		switch part {
		case "", ".":
		case "..":
			kept = kept[:max(0, len(kept)-1)]
		default:
			kept = append(kept, part)
		}
	}
	out := "/" + strings.Join(kept, "/")
	if last := parts[len(parts)-1]; len(kept) > 0 && (last == "" || last == "." || last == "..") {
		out += "/"
	}
	return out
}
