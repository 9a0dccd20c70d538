package sandbox

import (
	"bytes"
	"crypto"
	"crypto/hmac"
	"crypto/rsa"
	"crypto/sha1"
	"crypto/sha256"
	"encoding/base64"
	"hash"
	"net/http"
	"net/url"
	"regexp"
	"sort"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/nango-lite/nango-lite/schema/signingkey"
)

// clockSkew is how far a timestamp may be off.
const clockSkew = 5 * time.Minute

// A signedRequest is a request whose signature is still to be checked.
type signedRequest struct {
	method, uri string
	oauth       map[string]string // protocol parameters of the header
	params      [][2]string       // all that is signed
}

// parameter returns one of the header.
func (s *signedRequest) parameter(name string) string { return s.oauth[name] }

// get returns a parameter of query or form.
func (s *signedRequest) get(name string) string {
	for _, pair := range s.params {
		if pair[0] == name {
			return pair[1]
		}
	}
	return ""
}

var headerParam = lazy(`^\s*([A-Za-z0-9_]+)="((?:[^"\\]|\\.)*)"\s*$`)

// protocolParams may stand in the header beside realm.
var protocolParams = map[string]bool{
	"oauth_consumer_key": true, "oauth_token": true, "oauth_signature_method": true, "oauth_timestamp": true, "oauth_nonce": true,
	"oauth_signature": true, "oauth_version": true, "oauth_callback": true, "oauth_verifier": true,
}

// readSigned reads what RFC 5849 3.1 puts into the header, and collects what is
// signed (3.4.1.3).
func (p *Provider) readSigned(r *http.Request, body []byte, at location) (*signedRequest, *refusal) {
	headers := r.Header.Values("Authorization")
	if len(headers) != 1 {
		return nil, refused(401, "parameter_absent", "there must be one Authorization header, and there are %d", len(headers))
	}
	scheme, rest, _ := strings.Cut(headers[0], " ")
	if !strings.EqualFold(scheme, "OAuth") {
		return nil, refused(401, "parameter_absent", "the Authorization header is not of scheme OAuth (RFC 5849 3.5.1)")
	}
	s := &signedRequest{method: r.Method, uri: at.scheme + "://" + hostOf(r) + pathOf(r), oauth: map[string]string{}}
	for _, part := range splitHeader(rest) {
		m := headerParam().FindStringSubmatch(part)
		if m == nil {
			return nil, refused(400, "parameter_rejected", "the Authorization header is not a list of name=\"value\"")
		}
		name, value := m[1], m[2]
		if name == "realm" {
			s.oauth[name] = unquote().ReplaceAllString(value, "$1")
			continue
		}
		plain, err := url.PathUnescape(value)
		_, twice := s.oauth[name]
		if err != nil || twice || !protocolParams[name] {
			return nil, refused(400, "parameter_rejected", "%s in the Authorization header is unknown, there twice, or not percent-encoded", name)
		}
		s.oauth[name] = plain
		if name != "oauth_signature" {
			s.params = append(s.params, [2]string{name, plain})
		}
	}
	sources := []string{r.URL.RawQuery}
	if mediaType(r.Header) == "application/x-www-form-urlencoded" {
		sources = append(sources, string(body))
	}
	for _, source := range sources {
		if ref := s.collect(source); ref != nil {
			return nil, ref
		}
	}
	return s, p.checkProtocol(s)
}

var unquote = lazy(`\\(.)`)

// pathOf returns the path as it was sent.
func pathOf(r *http.Request) string {
	if path := r.URL.EscapedPath(); path != "" {
		return path
	}
	return "/"
}

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
func (s *signedRequest) collect(source string) *refusal {
	for _, pair := range strings.FieldsFunc(source, func(c rune) bool { return c == '&' }) {
		parts := strings.SplitN(pair, "=", 2)
		for i := range parts {
			plain, err := url.QueryUnescape(parts[i])
			if err != nil {
				return refused(400, "parameter_rejected", "query or form are not well encoded")
			}
			parts[i] = plain
		}
		if protocolParams[parts[0]] {
			return refused(400, "parameter_rejected", "%s stands outside of the Authorization header, too (RFC 5849 3.5)", parts[0])
		}
		s.params = append(s.params, [2]string{parts[0], strings.Join(parts[1:], "")})
	}
	return nil
}

// checkProtocol checks the parameters that every signed request has.
func (p *Provider) checkProtocol(s *signedRequest) *refusal {
	a := &p.integration.Auth
	for _, name := range []string{"oauth_consumer_key", "oauth_signature_method", "oauth_timestamp", "oauth_nonce", "oauth_signature"} {
		if s.oauth[name] == "" {
			return refused(400, "parameter_absent", "%s is missing (RFC 5849 3.1)", name)
		}
	}
	if v, ok := s.oauth["oauth_version"]; ok && v != "1.0" {
		return refused(400, "version_rejected", "oauth_version must be 1.0 (RFC 5849 3.1)")
	}
	if got := s.oauth["oauth_signature_method"]; got != a.Signature() {
		return refused(400, "signature_method_rejected", "oauth_signature_method is %q; the blueprint says %s", got, a.Signature())
	}
	if ref := p.checkDeclared(p.params.realm, s.parameter, "the Authorization header (signature_realm)"); ref != nil {
		return ref
	}
	if !p.isClient(s.oauth["oauth_consumer_key"]) {
		return refused(401, "consumer_key_unknown", "oauth_consumer_key is not the integration's oauth_client_id")
	}
	seconds, err := strconv.ParseInt(s.oauth["oauth_timestamp"], 10, 64)
	if off := p.now().Sub(time.Unix(seconds, 0)); err != nil || off > clockSkew || off < -clockSkew {
		return refused(401, "timestamp_refused", "oauth_timestamp is not within %s of the time here", clockSkew)
	}
	return nil
}

// checkSignature recomputes the signature, and takes each nonce once.
func (p *Provider) checkSignature(s *signedRequest, tokenSecret string) *refusal {
	if !p.goodSignature(s, tokenSecret) {
		return refused(401, "signature_invalid", "oauth_signature is not the %s over the base string of %s %s (RFC 5849 3.4)", p.integration.Auth.Signature(), s.method, s.uri)
	}
	if !p.nonces.first(s.oauth["oauth_timestamp"]+" "+s.oauth["oauth_token"]+" "+s.oauth["oauth_nonce"], p.now()) {
		return refused(401, "nonce_used", "oauth_nonce was used before (RFC 5849 3.3)")
	}
	return nil
}

func (p *Provider) goodSignature(s *signedRequest, tokenSecret string) bool {
	if !p.integration.OAuthClientSecret.IsSet() {
		return true // the host brings its own app; its secret is not known here
	}
	secret, got := p.integration.OAuthClientSecret.Reveal(), s.oauth["oauth_signature"]
	key := percent(secret) + "&" + percent(tokenSecret)
	mac := func(h func() hash.Hash) bool {
		m := hmac.New(h, []byte(key))
		m.Write(s.base())
		return same(got, base64.StdEncoding.EncodeToString(m.Sum(nil)))
	}
	switch p.integration.Auth.Signature() {
	case "HMAC-SHA1":
		return mac(sha1.New)
	case "HMAC-SHA256":
		return mac(sha256.New)
	case "PLAINTEXT":
		return same(got, key)
	case "RSA-SHA1":
		public := publicKey(secret)
		raw, err := base64.StdEncoding.DecodeString(got)
		sum := sha1.Sum(s.base())
		return public != nil && err == nil && rsa.VerifyPKCS1v15(public, crypto.SHA1, sum[:], raw) == nil
	}
	return false
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
func (s *signedRequest) base() []byte {
	lines := make([][2]string, len(s.params))
	for i, pair := range s.params {
		lines[i] = [2]string{percent(pair[0]), percent(pair[1])}
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
	return []byte(percent(strings.ToUpper(s.method)) + "&" + percent(s.uri) + "&" + percent(b.String()))
}

var reserved = regexp.MustCompile(`[^A-Za-z0-9._~-]`)

// percent encodes the bytes of s as RFC 5849 3.6 says.
func percent(s string) string {
	return string(reserved.ReplaceAllFunc([]byte(s), func(c []byte) []byte {
		var out []byte
		for _, b := range c {
			out = append(out, '%', "0123456789ABCDEF"[b>>4], "0123456789ABCDEF"[b&15])
		}
		return out
	}))
}

// nonces remember what was signed lately.
type nonces struct {
	mu   sync.Mutex
	seen map[string]time.Time
}

func (n *nonces) first(nonce string, now time.Time) bool {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.seen == nil {
		n.seen = map[string]time.Time{}
	}
	if len(n.seen) > 10_000 {
		for old, at := range n.seen {
			if now.Sub(at) > 2*clockSkew {
				delete(n.seen, old)
			}
		}
	}
	_, again := n.seen[nonce]
	n.seen[nonce] = now
	return !again
}
