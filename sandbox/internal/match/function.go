package match

import (
	"crypto/hmac"
	"crypto/md5"
	"crypto/sha1"
	"crypto/sha256"
	"crypto/sha512"
	"encoding/base64"
	"encoding/hex"
	"hash"
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/nango-lite/nango-lite/internal/lazyregexp"
	"github.com/nango-lite/nango-lite/sandbox/internal/message"
	"github.com/nango-lite/nango-lite/schema"
)

// A refCheck checks a value against the alternatives that may have given it.
type refCheck func(refs []schema.Ref, value string) *message.Refusal

// CheckFunction checks what a function has made. What can be read back is read, and
// check looks at what it was made of. A digest is made again from what is known.
func (j *Judge) CheckFunction(ref schema.Ref, value string, s *Seen, check refCheck) *message.Refusal {
	no := func(format string, args ...any) *message.Refusal {
		return message.Refused(401, message.CodeUnauthorized, "holds for "+ref.Func+"() what "+format, args...)
	}
	switch ref.Func {
	case "now":
		at, ok := readTime(ref.NowFormat(), value)
		if !ok {
			return no("is not a time in the format '%s'", ref.NowFormat())
		}
		if off := j.Now().Sub(at); off > ClockSkew || off < -ClockSkew {
			return no("is not within %s of the time here", ClockSkew)
		}
		return nil
	case "nonce", "uuid":
		if !generatedText[ref.Func]().MatchString(value) {
			return no("is none")
		}
		if !s.once(value) && !j.Nonces.First(ref.Func+" "+value, j.Now()) {
			return no("was used before")
		}
		return nil
	}
	if size := digestSize(ref.Func); size > 0 {
		switch want, known := j.expected(ref, s); {
		case len(value) != size:
			return no("has %d bytes and not %d", len(value), size)
		case known && !anySame(want, value):
			return no("is not the digest of what the blueprint declares")
		}
		return nil
	}
	inner, ok := readBack(ref.Func, value)
	if !ok {
		return no("does not read like it")
	}
	if ref.Func == "lower" || ref.Func == "upper" {
		if want, known := j.expected(ref, s); known && !anySame(want, value) {
			return no("has another value than the blueprint declares")
		}
		return nil
	}
	return j.checkJoined(ref, inner, value, s, check)
}

// checkJoined checks the values that a function has joined. Where nothing parts
// them, the whole is compared with what is known.
func (j *Judge) checkJoined(ref schema.Ref, inner, value string, s *Seen, check refCheck) (bad *message.Refusal) {
	form := formOf(ref.Args)
	values, ok := form.Read(inner)
	if !ok {
		return message.Refused(401, message.CodeUnauthorized, "holds in %s() something else than the blueprint declares", ref.Func)
	}
	for n, v := range values {
		if bad = check(form.Refs[n], v); bad != nil {
			break
		}
	}
	if bad != nil && len(values) > 1 {
		if want, known := j.expected(ref, s); known && anySame(want, value) {
			return nil
		}
	}
	return bad
}

// formOf is the form of values that are joined.
func formOf(args [][]schema.Ref) ValueForm {
	var f ValueForm
	var re strings.Builder
	for _, arg := range args {
		if len(arg) == 1 && arg[0].IsLiteral() {
			re.WriteString(regexp.QuoteMeta(arg[0].Literal))
			continue
		}
		re.WriteString("(.*?)")
		f.Refs = append(f.Refs, arg)
	}
	f.re = regexp.MustCompile("(?s)^" + re.String() + "$")
	return f
}

var generatedText = map[string]func() *regexp.Regexp{
	"nonce": lazyregexp.New(`^[0-9a-f]{32}$`),
	"uuid":  lazyregexp.New(`^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$`),
}

func readTime(format, value string) (time.Time, bool) {
	if format == "iso" {
		t, err := time.Parse("2006-01-02T15:04:05Z", value)
		return t, err == nil
	}
	n, err := strconv.ParseInt(value, 10, 64)
	if format == "ms" {
		return time.UnixMilli(n), err == nil
	}
	return time.Unix(n, 0), err == nil
}

// readBack returns what an encoding was made of. Case cannot be read back, but seen.
func readBack(function, value string) (string, bool) {
	var b []byte
	var err error
	switch function {
	case "base64":
		b, err = base64.StdEncoding.Strict().DecodeString(value)
	case "base64url":
		b, err = base64.RawURLEncoding.Strict().DecodeString(value)
	case "hex":
		b, err = hex.DecodeString(value)
		return string(b), err == nil && value == strings.ToLower(value)
	case "urlencode":
		plain, err := url.PathUnescape(value)
		return plain, err == nil && Percent(plain) == value
	case "lower":
		return value, value == asciiCase(value, 'A', 'Z')
	case "upper":
		return value, value == asciiCase(value, 'a', 'z')
	default:
		return "", false
	}
	return string(b), err == nil
}

// asciiCase gives the letters between two the other case.
func asciiCase(s string, first, last byte) string {
	b := []byte(s)
	for i, c := range b {
		if c >= first && c <= last {
			b[i] = c ^ 0x20
		}
	}
	return string(b)
}

func digestOf(function string) (newHash func() hash.Hash, mac bool) {
	name, mac := strings.CutPrefix(function, "hmac_")
	switch name {
	case "md5":
		newHash = md5.New
	case "sha1":
		newHash = sha1.New
	case "sha256":
		newHash = sha256.New
	case "sha512":
		newHash = sha512.New
	}
	return newHash, mac
}

func digestSize(function string) int {
	if newHash, _ := digestOf(function); newHash != nil {
		return newHash().Size()
	}
	return 0
}

// apply does what a function does.
func apply(function string, args []string) string {
	if newHash, mac := digestOf(function); newHash != nil {
		h := newHash()
		if mac {
			h, args = hmac.New(newHash, []byte(args[0])), args[1:]
		}
		h.Write([]byte(strings.Join(args, "")))
		return string(h.Sum(nil))
	}
	text := strings.Join(args, "")
	switch function {
	case "base64":
		return base64.StdEncoding.EncodeToString([]byte(text))
	case "base64url":
		return base64.RawURLEncoding.EncodeToString([]byte(text))
	case "hex":
		return hex.EncodeToString([]byte(text))
	case "urlencode":
		return Percent(text)
	case "lower":
		return asciiCase(text, 'A', 'Z')
	}
	return asciiCase(text, 'a', 'z')
}

func anySame(want []string, got string) bool {
	found := false
	for _, w := range want {
		found = message.Same(w, got) || found
	}
	return found
}

var reserved = lazyregexp.New(`[^A-Za-z0-9._~-]`)

// Percent encodes the bytes of s as RFC 5849 3.6 says.
func Percent(s string) string {
	return string(reserved().ReplaceAllFunc([]byte(s), func(c []byte) []byte {
		var out []byte
		for _, b := range c {
			out = append(out, '%', "0123456789ABCDEF"[b>>4], "0123456789ABCDEF"[b&15])
		}
		return out
	}))
}
