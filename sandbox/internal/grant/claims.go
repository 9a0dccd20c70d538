// Package grant knows what a provider has given: codes and tokens that say themselves
// what they are good for ([Claims], made by an [Issuer]), and what has become of them in
// this process ([Grants], [Devices]).
package grant

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base32"
	"encoding/base64"
	"encoding/json"
	"strings"

	"github.com/nango-lite/nango-lite/internal/lazyregexp"
	"github.com/nango-lite/nango-lite/sandbox/internal/message"
)

func RoleKeyID(token string) string {
	return "ASIA" + strings.TrimRight(base32.StdEncoding.EncodeToString([]byte(message.ShortHash(token)))[:16], "=")
}

// TokenSecret is the shared secret of a token: any sandbox process knows it from the
// token.
func TokenSecret(token string) string { return seal("the secret of " + token) }

// KindClient are the ids of clients that registered. They say themselves what was
// registered, so that any sandbox process knows them.
const KindClient = "client"

// SecretOf returns the secret of a client that registered.
func SecretOf(id string) string { return seal("secret of " + id) }

// Everyone may know this key. It makes codes and tokens of one sandbox process
// good at another; it protects nothing.
const developmentKey = "nango-lite sandbox: a development key, not a secret"

// Kinds of signed text.
const (
	KindConsent = "consent"
	KindCode    = "code"
	KindAccess  = "access"
	KindRefresh = "refresh"
	KindDevice  = "device" // device code (RFC 8628)
	KindPushed  = "pushed" // request_uri (RFC 9126)

	KindTemporary = "temporary" // temporary credentials of OAuth 1.0a
)

// Claims are what a code or a token says about itself.
type Claims struct {
	Kind        string `json:"k"`
	ID          string `json:"j"`
	Integration string `json:"i"`
	Client      string `json:"c,omitempty"`
	Scope       string `json:"s,omitempty"`
	Issued      int64  `json:"t"`            // Unix milliseconds
	Expires     int64  `json:"e,omitempty"`  // Unix milliseconds; 0 means never
	Family      string `json:"f,omitempty"`  // the grant
	Serial      int    `json:"n,omitempty"`  // of a refresh token in its family
	Secondary   string `json:"y,omitempty"`  // name of a secondary token
	AsForm      bool   `json:"fp,omitempty"` // the callback comes as a form (response_mode=form_post)
	Step        int    `json:"q,omitempty"`  // which of auth.steps gave it, from 1
	Part        string `json:"p,omitempty"`  // what later steps know it by, as 0.session
	Refreshed   bool   `json:"z,omitempty"`  // it comes from a refresh

	Resource string `json:"a,omitempty"` // the resource that the grant is for (RFC 8707)

	Redirect  string `json:"r,omitempty"` // of a client: those it registered
	State     string `json:"x,omitempty"`
	Challenge string `json:"h,omitempty"`
	Method    string `json:"m,omitempty"`

	Temporary string `json:"o,omitempty"` // the temporary credentials that are authorized, or their hash
}

var TokenText = lazyregexp.New(`sbx_(?:client|consent|code|access|refresh|device|temporary)_[A-Za-z0-9_-]+\.[A-Za-z0-9_-]{43}`)

// sign writes c as text of letters, digits, '_', '-' and one dot.
func sign(c Claims) string {
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

// Open reads what sign wrote. ok is false for anything else.
func Open(s string) (c Claims, ok bool) {
	head, mac, ok := strings.Cut(s, ".")
	if !ok {
		return c, false
	}
	parts := strings.SplitN(head, "_", 3)
	if len(parts) != 3 || parts[0] != "sbx" || !message.Same(mac, seal(parts[2])) {
		return c, false
	}
	b, err := base64.RawURLEncoding.DecodeString(parts[2])
	if err != nil || json.Unmarshal(b, &c) != nil {
		return c, false
	}
	return c, c.Kind == parts[1]
}
