package render

import (
	"crypto/hmac"
	"crypto/md5"
	"crypto/sha1"
	"crypto/sha256"
	"crypto/sha512"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"strings"

	"github.com/nango-lite/nango-lite/schema"
)

// call returns what a function makes. A value that one of its arguments lacks is
// missing from the whole, which is a [*MissingError].
func call(r *schema.Ref, values Values) (string, error) {
	if schema.Functions[r.Func].Generates {
		return generated(r, values)
	}
	args := make([]string, len(r.Args))
	for i, refs := range r.Args {
		v, _, err := value(schema.Part{Refs: refs}, values)
		if err != nil {
			return "", err
		}
		args[i] = v
	}
	joined := func(from int) string { return strings.Join(args[from:], "") }
	switch r.Func {
	case "base64":
		return base64.StdEncoding.EncodeToString([]byte(joined(0))), nil
	case "base64url":
		return base64.RawURLEncoding.EncodeToString([]byte(joined(0))), nil
	case "hex":
		return hex.EncodeToString([]byte(joined(0))), nil
	case "lower":
		return ascii(joined(0), 'A', 'Z', 'a'-'A'), nil
	case "upper":
		return ascii(joined(0), 'a', 'z', -('a' - 'A')), nil
	case "urlencode":
		return percent(joined(0)), nil
	}
	name, isMAC := strings.CutPrefix(r.Func, "hmac_")
	newHash := digests[name]
	switch {
	case newHash == nil:
		return "", fmt.Errorf("there is no function %s()", r.Func)
	case isMAC && len(args) < 2:
		return "", errors.New(r.Func + "() takes a key and what it signs")
	case isMAC:
		mac := hmac.New(newHash, []byte(args[0]))
		mac.Write([]byte(joined(1)))
		return string(mac.Sum(nil)), nil
	}
	h := newHash()
	h.Write([]byte(joined(0)))
	return string(h.Sum(nil)), nil
}

var digests = map[string]func() hash.Hash{"md5": md5.New, "sha1": sha1.New, "sha256": sha256.New, "sha512": sha512.New}

// ascii moves the bytes from one letter to another by as much as the other case is
// away. Letters beyond ASCII stay what they are.
func ascii(s string, first, last byte, by int) string {
	b := []byte(s)
	for i, c := range b {
		if first <= c && c <= last {
			b[i] = byte(int(c) + by)
		}
	}
	return string(b)
}

// percent encodes all but the unreserved characters (RFC 3986 2.3).
func percent(s string) string {
	var b strings.Builder
	for i := range len(s) {
		c := s[i]
		if 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9' || strings.IndexByte("-._~", c) >= 0 {
			b.WriteByte(c)
		} else {
			fmt.Fprintf(&b, "%%%02X", c)
		}
	}
	return b.String()
}

// Computed fills t like [Text], and says what its functions made, other than within
// functions: each result is a text that stands in what t gives.
func Computed(t schema.Template, values Values) (text string, results []string, err error) {
	var b strings.Builder
	for _, p := range t.Parts {
		b.WriteString(p.Literal)
		if p.Refs == nil {
			continue
		}
		v, name, err := value(p, values)
		if err != nil {
			return "", nil, err
		}
		b.WriteString(v)
		if name == "" && v != "" {
			results = append(results, v)
		}
	}
	return b.String(), results, nil
}

// OneLine refuses what a header cannot hold.
func OneLine(text string) error {
	if strings.ContainsAny(text, "\r\n\x00") {
		return errors.New("value holds a line break or NUL, which a header cannot")
	}
	return nil
}

func isMissing(err error) bool {
	var m *MissingError
	return errors.As(err, &m)
}

// missing names what the first alternative lacks.
func missing(refs []schema.Ref, values Values) error {
	if r := &refs[0]; r.Func != "" {
		_, err := call(r, values)
		return err
	}
	return &MissingError{refs[0].Name}
}
