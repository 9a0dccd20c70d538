// Package sigv4 signs requests with AWS Signature Version 4. The arithmetic is that
// of AWS's own signer; what is signed, and how it is written, is decided here. It
// has no clock but the one it is given. Start with [Signature.Sign].
//
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html
package sigv4

import (
	"crypto/sha256"
	"errors"
	"io"
	"net/http"
	"net/url"
	"path"
	"strings"
	"time"

	"github.com/aws/smithy-go/aws-http-auth/credentials"
	"github.com/aws/smithy-go/aws-http-auth/sigv4"
	v4 "github.com/aws/smithy-go/aws-http-auth/v4"
)

// ErrQuery means that a query cannot be signed: what the server reads in it is not
// sure.
var ErrQuery = errors.New("the query is not well encoded, so it cannot be signed")

// Unsigned is what stands in place of the hash of a body that is not signed.
var Unsigned = v4.UnsignedPayload()

// A Signature is all that signing takes, beside the request.
type Signature struct {
	AccessKeyID, SecretAccessKey string
	SessionToken                 string // empty: the key is not a temporary one
	Service, Region              string
	Time                         time.Time
	Payload                      []byte // SHA-256 of the body, or Unsigned

	// UnescapedPath signs the path as it is sent, which is with all but the unreserved
	// characters escaped.
	UnescapedPath bool
}

// Hash returns the SHA-256 of what body yields.
func Hash(body io.Reader) ([]byte, error) {
	h := sha256.New()
	if body != nil {
		if _, err := io.Copy(h, body); err != nil {
			return nil, err
		}
	}
	return h.Sum(nil), nil
}

// added are the headers that signing adds.
var added = []string{"Authorization", "X-Amz-Date", "X-Amz-Security-Token", "X-Amz-Content-Sha256"}

// Sign adds the signature to r, whose header map must be its own, and writes the
// query of r's URL, which it replaces, as it is signed; with UnescapedPath, the path too.
func (s *Signature) Sign(r *http.Request) error { return s.sign(r, signed{}, true) }

func (s *Signature) sign(r *http.Request, rules v4.SignedHeaderRules, tellPayload bool) error {
	values, err := url.ParseQuery(r.URL.RawQuery)
	if err != nil {
		return ErrQuery
	}
	for _, name := range added {
		r.Header.Del(name)
	}
	shadow := s.shadow(r, values)
	signer := sigv4.New(func(o *v4.SignerOptions) {
		o.HeaderRules, o.DisableDoublePathEscape, o.AddPayloadHashHeader = rules, s.UnescapedPath, tellPayload
	})
	if err := signer.SignRequest(&sigv4.SignRequestInput{
		Request: shadow, PayloadHash: s.Payload, Service: s.Service, Region: s.Region, Time: s.Time,
		Credentials: credentials.Credentials{AccessKeyID: s.AccessKeyID, SecretAccessKey: s.SecretAccessKey, SessionToken: s.SessionToken},
	}); err != nil {
		return err
	}
	for _, name := range added {
		if v := shadow.Header.Get(name); v != "" {
			r.Header.Set(name, v)
		}
	}
	u := *r.URL
	u.RawQuery = shadow.URL.RawQuery
	if s.UnescapedPath {
		u.Path, u.RawPath = shadow.URL.Path, shadow.URL.RawPath
	}
	r.URL = &u
	return nil
}

// shadow is r in the canonical form: the signer of AWS leaves to us the path, and
// spaces inside of headers.
func (s *Signature) shadow(r *http.Request, query url.Values) *http.Request {
	u := *r.URL
	u.RawQuery = strings.ReplaceAll(query.Encode(), "+", "%20")
	path := cleanPath(u.EscapedPath())
	if s.UnescapedPath {
		path = strictPath(u.EscapedPath())
	}
	if path != u.EscapedPath() {
		u.Path, u.RawPath = unescape(path), path
	}
	header := make(http.Header, len(r.Header)+len(added))
	for name, values := range r.Header {
		for _, v := range values {
			header.Add(name, strings.Join(strings.Fields(v), " "))
		}
	}
	return &http.Request{Method: r.Method, URL: &u, Host: r.Host, Header: header}
}

// cleanPath leaves out empty and dot segments (RFC 3986 5.2.4); a slash at the end
// stays.
func cleanPath(p string) string {
	if p == "" {
		return "/"
	}
	clean := path.Clean(p)
	if clean != "/" && (strings.HasSuffix(p, "/") || strings.HasSuffix(p, "/.") || strings.HasSuffix(p, "/..")) {
		clean += "/"
	}
	return clean
}

// strictPath escapes all but the unreserved characters (RFC 3986 2.3), in capitals:
// S3 writes the path anew like that before it looks at the signature.
func strictPath(p string) string {
	var b strings.Builder
	for segment := range strings.SplitAfterSeq(p, "/") {
		name, slash := strings.CutSuffix(segment, "/")
		b.WriteString(strings.ReplaceAll(url.QueryEscape(unescape(name)), "+", "%20"))
		if slash {
			b.WriteByte('/')
		}
	}
	return b.String()
}

func unescape(p string) string {
	if plain, err := url.PathUnescape(p); err == nil {
		return plain
	}
	return p
}

// signed are the headers that the signature covers. Others may change on the way.
type signed struct{}

// IsSigned implements [v4.SignedHeaderRules].
func (signed) IsSigned(name string) bool {
	return name == "host" || name == "content-type" || name == "content-md5" || strings.HasPrefix(name, "x-amz-")
}
