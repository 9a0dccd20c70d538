package sign

import (
	"crypto"
	"crypto/hmac"
	"crypto/rsa"
	"crypto/sha1"
	"crypto/sha256"
	"encoding/base64"
	"hash"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/nango-lite/nango-lite/sandbox/internal/match"
	"github.com/nango-lite/nango-lite/sandbox/internal/message"
)

// A SignedRequest is a request whose signature is still to be checked.
type SignedRequest struct {
	method, uri string
	Oauth       map[string]string // protocol parameters of the header
	Params      [][2]string       // all that is signed
}

// parameter returns one of the header.
func (s *SignedRequest) parameter(name string) string { return s.Oauth[name] }

// Get returns a parameter of query or form.
func (s *SignedRequest) Get(name string) string {
	for _, pair := range s.Params {
		if pair[0] == name {
			return pair[1]
		}
	}
	return ""
}

// protocolParams may stand in the header beside realm.
var protocolParams = map[string]bool{
	"oauth_consumer_key": true, "oauth_token": true, "oauth_signature_method": true, "oauth_timestamp": true, "oauth_nonce": true,
	"oauth_signature": true, "oauth_version": true, "oauth_callback": true, "oauth_verifier": true,
}

// ReadSigned reads what RFC 5849 3.1 puts into the header, and collects what is
// signed (3.4.1.3).
func (j *Judge) ReadSigned(r *http.Request, body []byte, at match.Location) (*SignedRequest, *message.Refusal) {
	headers := r.Header.Values("Authorization")
	if len(headers) != 1 {
		return nil, message.Refused(401, "parameter_absent", "there must be one Authorization header, and there are %d", len(headers))
	}
	scheme, rest, _ := strings.Cut(headers[0], " ")
	if !strings.EqualFold(scheme, "OAuth") {
		return nil, message.Refused(401, "parameter_absent", "the Authorization header is not of scheme OAuth (RFC 5849 3.5.1)")
	}
	s := &SignedRequest{method: r.Method, uri: at.Scheme + "://" + message.HostOf(r) + message.PathOf(r), Oauth: map[string]string{}}
	for _, part := range splitHeader(rest) {
		m := headerParam().FindStringSubmatch(part)
		if m == nil {
			return nil, message.Refused(400, "parameter_rejected", "the Authorization header is not a list of name=\"value\"")
		}
		name, value := m[1], m[2]
		if name == "realm" {
			s.Oauth[name] = unquote().ReplaceAllString(value, "$1")
			continue
		}
		plain, err := url.PathUnescape(value)
		_, twice := s.Oauth[name]
		if err != nil || twice || !protocolParams[name] {
			return nil, message.Refused(400, "parameter_rejected", "%s in the Authorization header is unknown, there twice, or not percent-encoded", name)
		}
		s.Oauth[name] = plain
		if name != "oauth_signature" {
			s.Params = append(s.Params, [2]string{name, plain})
		}
	}
	sources := []string{r.URL.RawQuery}
	if message.MediaType(r.Header) == "application/x-www-form-urlencoded" {
		sources = append(sources, string(body))
	}
	for _, source := range sources {
		if ref := s.collect(source); ref != nil {
			return nil, ref
		}
	}
	return s, j.checkProtocol(s)
}

// checkProtocol checks the parameters that every signed request has.
func (j *Judge) checkProtocol(s *SignedRequest) *message.Refusal {
	a := &j.Integration.Auth
	for _, name := range []string{"oauth_consumer_key", "oauth_signature_method", "oauth_timestamp", "oauth_nonce", "oauth_signature"} {
		if s.Oauth[name] == "" {
			return message.Refused(400, "parameter_absent", "%s is missing (RFC 5849 3.1)", name)
		}
	}
	if v, ok := s.Oauth["oauth_version"]; ok && v != "1.0" {
		return message.Refused(400, "version_rejected", "oauth_version must be 1.0 (RFC 5849 3.1)")
	}
	if got := s.Oauth["oauth_signature_method"]; got != a.Signature() {
		return message.Refused(400, "signature_method_rejected", "oauth_signature_method is %q; the blueprint says %s", got, a.Signature())
	}
	if ref := j.CheckDeclared(j.Params.Realm, s.parameter, "the Authorization header (signature_realm)"); ref != nil {
		return ref
	}
	if !j.IsClient(s.Oauth["oauth_consumer_key"]) {
		return message.Refused(401, "consumer_key_unknown", "oauth_consumer_key is not the integration's oauth_client_id")
	}
	seconds, err := strconv.ParseInt(s.Oauth["oauth_timestamp"], 10, 64)
	if off := j.Now().Sub(time.Unix(seconds, 0)); err != nil || off > match.ClockSkew || off < -match.ClockSkew {
		return message.Refused(401, "timestamp_refused", "oauth_timestamp is not within %s of the time here", match.ClockSkew)
	}
	return nil
}

// CheckSignature recomputes the signature, and takes each nonce once.
func (j *Judge) CheckSignature(s *SignedRequest, tokenSecret string) *message.Refusal {
	if !j.goodSignature(s, tokenSecret) {
		return message.Refused(401, "signature_invalid", "oauth_signature is not the %s over the base string of %s %s (RFC 5849 3.4)", j.Integration.Auth.Signature(), s.method, s.uri)
	}
	if !j.Nonces.First(s.Oauth["oauth_timestamp"]+" "+s.Oauth["oauth_token"]+" "+s.Oauth["oauth_nonce"], j.Now()) {
		return message.Refused(401, "nonce_used", "oauth_nonce was used before (RFC 5849 3.3)")
	}
	return nil
}

func (j *Judge) goodSignature(s *SignedRequest, tokenSecret string) bool {
	if !j.Integration.OAuthClientSecret.IsSet() {
		return true // the host brings its own app; its secret is not known here
	}
	secret, got := j.Integration.OAuthClientSecret.Reveal(), s.Oauth["oauth_signature"]
	key := match.Percent(secret) + "&" + match.Percent(tokenSecret)
	mac := func(h func() hash.Hash) bool {
		m := hmac.New(h, []byte(key))
		m.Write(s.base())
		return message.Same(got, base64.StdEncoding.EncodeToString(m.Sum(nil)))
	}
	switch j.Integration.Auth.Signature() {
	case "HMAC-SHA1":
		return mac(sha1.New)
	case "HMAC-SHA256":
		return mac(sha256.New)
	case "PLAINTEXT":
		return message.Same(got, key)
	case "RSA-SHA1":
		public := publicKey(secret)
		raw, err := base64.StdEncoding.DecodeString(got)
		sum := sha1.Sum(s.base())
		return public != nil && err == nil && rsa.VerifyPKCS1v15(public, crypto.SHA1, sum[:], raw) == nil
	}
	return false
}
