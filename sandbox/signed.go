package sandbox

import (
	"crypto/hmac"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"encoding/json"
	"strings"
	"time"
)

// Everyone may know this key. It makes codes and tokens of one sandbox process
// good at another; it protects nothing.
const developmentKey = "nango-lite sandbox: a development key, not a secret"

// Kinds of signed text.
const (
	kindConsent = "consent"
	kindCode    = "code"
	kindAccess  = "access"
	kindRefresh = "refresh"
	kindDevice  = "device" // device code (RFC 8628)

	kindTemporary = "temporary" // temporary credentials of OAuth 1.0a
)

// claims are what a code or a token says about itself.
type claims struct {
	Kind        string `json:"k"`
	ID          string `json:"j"`
	Integration string `json:"i"`
	Client      string `json:"c,omitempty"`
	Scope       string `json:"s,omitempty"`
	Issued      int64  `json:"t"`           // Unix milliseconds
	Expires     int64  `json:"e,omitempty"` // likewise; 0 means never
	Family      string `json:"f,omitempty"` // the grant
	Serial      int    `json:"n,omitempty"` // of a refresh token in its family
	Secondary   string `json:"y,omitempty"` // name of a secondary token
	Step        int    `json:"q,omitempty"` // of auth.steps that gave it, from 1
	Part        string `json:"p,omitempty"` // what later steps know it by, as 0.session
	Refreshed   bool   `json:"z,omitempty"` // it comes from a refresh

	Resource string `json:"a,omitempty"` // that the grant is for (RFC 8707)

	Redirect  string `json:"r,omitempty"` // of a client: those it registered
	State     string `json:"x,omitempty"`
	Challenge string `json:"h,omitempty"`
	Method    string `json:"m,omitempty"`

	Temporary string `json:"o,omitempty"` // the temporary credentials that are authorized, or their hash
}

var tokenText = lazy(`sbx_(?:client|consent|code|access|refresh|device|temporary)_[A-Za-z0-9_-]+\.[A-Za-z0-9_-]{43}`)

// sign writes c as text of letters, digits, '_', '-' and one dot.
func sign(c claims) string {
	b, err := json.Marshal(c)
	if err != nil {
		panic("sandbox: " + err.Error())
	}
	payload := base64.RawURLEncoding.EncodeToString(b)
	return "sbx_" + c.Kind + "_" + payload + "." + seal(payload)
}

func seal(payload string) string {
	mac := hmac.New(sha256.New, []byte(developmentKey))
	mac.Write([]byte(payload))
	return base64.RawURLEncoding.EncodeToString(mac.Sum(nil))
}

// open reads what sign wrote. ok is false for anything else.
func open(s string) (c claims, ok bool) {
	head, mac, ok := strings.Cut(s, ".")
	if !ok {
		return c, false
	}
	parts := strings.SplitN(head, "_", 3)
	if len(parts) != 3 || parts[0] != "sbx" || !same(mac, seal(parts[2])) {
		return c, false
	}
	b, err := base64.RawURLEncoding.DecodeString(parts[2])
	if err != nil || json.Unmarshal(b, &c) != nil {
		return c, false
	}
	return c, c.Kind == parts[1]
}

// verify opens a text of this provider that is of a kind and still good.
func (p *Provider) verify(kind, what, s string) (claims, *refusal) {
	c, ok := open(s)
	switch {
	case !ok:
		return c, refused(400, "invalid_grant", "the %s was not issued by a sandbox", what)
	case c.Kind != kind:
		return c, refused(400, "invalid_grant", "the %s is of another kind (%s)", what, c.Kind)
	case c.Integration != p.Name():
		return c, refused(400, "invalid_grant", "the %s was issued for integration %q", what, c.Integration)
	case c.Expires != 0 && !p.now().Before(time.UnixMilli(c.Expires)):
		return c, refused(400, "invalid_grant", "the %s expired at %s", what, time.UnixMilli(c.Expires).UTC().Format(time.RFC3339))
	}
	return c, nil
}

// issue completes c and signs it. A lifetime of 0 means for ever.
func (p *Provider) issue(c claims, lifetime time.Duration) string {
	now := p.now()
	c.ID, c.Integration, c.Issued, c.Expires = p.random(6), p.Name(), now.UnixMilli(), 0
	if lifetime > 0 {
		c.Expires = now.Add(lifetime).UnixMilli()
	}
	return sign(c)
}

// same compares in constant time.
func same(a, b string) bool { return subtle.ConstantTimeCompare([]byte(a), []byte(b)) == 1 }
