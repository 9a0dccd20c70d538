// Package oauth1 signs requests as OAuth 1.0a says (RFC 5849). It has no clock and
// no randomness but those it is given. Start with [Client.Authorization].
package oauth1

import (
	"cmp"
	"crypto"
	"crypto/hmac"
	"crypto/rsa"
	"crypto/sha1"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"hash"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/nango-lite/nango-lite/schema/signingkey"
)

// Signature methods.
const (
	HMACSHA1   = "HMAC-SHA1"
	HMACSHA256 = "HMAC-SHA256" // of no RFC, but what NetSuite and others want
	RSASHA1    = "RSA-SHA1"
	Plaintext  = "PLAINTEXT"
)

// Errors of [Client.Authorization]. They hold no secret.
var (
	ErrKey    = errors.New("the client secret is not a private key in PEM, as RSA-SHA1 needs")
	ErrMethod = errors.New("unknown signature method")
	ErrForm   = errors.New("the query or the form is not well encoded, so it cannot be signed")
)

// A Client signs as one client, and perhaps for one user.
type Client struct {
	Key, Secret        string // with RSA-SHA1, Secret is the private key in PEM
	Token, TokenSecret string // empty before there is one
	Method             string
	Realm              string // left out if empty
	Time               time.Time
	Nonce              string
}

// A Param is a request parameter, decoded.
type Param struct{ Name, Value string }

// Authorization returns the Authorization header for a request to u. form is the
// body, if it is a form that the signature has to cover, else empty. extra are
// further protocol parameters, such as oauth_callback.
func (c *Client) Authorization(method string, u *url.URL, form string, extra ...Param) (string, error) {
	oauth := []Param{
		{"oauth_consumer_key", c.Key},
		{"oauth_nonce", c.Nonce},
		{"oauth_signature_method", c.Method},
		{"oauth_timestamp", strconv.FormatInt(c.Time.Unix(), 10)},
		{"oauth_version", "1.0"},
	}
	if c.Token != "" {
		oauth = append(oauth, Param{"oauth_token", c.Token})
	}
	oauth = append(oauth, extra...)
	all := slices.Clone(oauth)
	for _, encoded := range []string{u.RawQuery, form} {
		more, err := Params(encoded)
		if err != nil {
			return "", err
		}
		all = append(all, more...)
	}
	signature, err := c.sign(BaseString(method, u, all))
	if err != nil {
		return "", err
	}
	oauth = append(oauth, Param{"oauth_signature", signature})
	slices.SortFunc(oauth, func(a, b Param) int { return cmp.Compare(a.Name, b.Name) })
	var b strings.Builder
	b.WriteString("OAuth ")
	if c.Realm != "" { // not a protocol parameter, and not signed
		b.WriteString(`realm="` + strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(c.Realm) + `", `)
	}
	for i, p := range oauth {
		if i > 0 {
			b.WriteString(", ")
		}
		b.WriteString(Escape(p.Name) + `="` + Escape(p.Value) + `"`)
	}
	return b.String(), nil
}

// sign returns the signature of a base string (RFC 5849 3.4.2 to 3.4.4).
func (c *Client) sign(base string) (string, error) {
	key := Escape(c.Secret) + "&" + Escape(c.TokenSecret)
	switch c.Method {
	case HMACSHA1:
		return hmacText(sha1.New, key, base), nil
	case HMACSHA256:
		return hmacText(sha256.New, key, base), nil
	case Plaintext:
		return key, nil
	case RSASHA1:
		private, err := PrivateKey(c.Secret)
		if err != nil {
			return "", err
		}
		sum := sha1.Sum([]byte(base))
		signature, err := rsa.SignPKCS1v15(nil, private, crypto.SHA1, sum[:])
		if err != nil {
			return "", ErrKey
		}
		return base64.StdEncoding.EncodeToString(signature), nil
	}
	return "", ErrMethod
}

func hmacText(h func() hash.Hash, key, text string) string {
	mac := hmac.New(h, []byte(key))
	mac.Write([]byte(text))
	return base64.StdEncoding.EncodeToString(mac.Sum(nil))
}

// PrivateKey reads an RSA key in PEM, of PKCS #1 or #8. The error quotes nothing.
func PrivateKey(text string) (*rsa.PrivateKey, error) {
	key, err := signingkey.Parse(signingkey.RSASHA1, "", text)
	if private, ok := key.(*rsa.PrivateKey); ok && err == nil {
		return private, nil
	}
	return nil, ErrKey
}

// BaseString returns what is signed (RFC 5849 3.4.1) of a request with these
// parameters, those of the header, the query and the form together.
func BaseString(method string, u *url.URL, params []Param) string {
	encoded := make([]Param, len(params))
	for i, p := range params {
		encoded[i] = Param{Escape(p.Name), Escape(p.Value)}
	}
	// After encoding: '%' sorts before letters, and bytes count, not characters.
	slices.SortFunc(encoded, func(a, b Param) int { return cmp.Or(cmp.Compare(a.Name, b.Name), cmp.Compare(a.Value, b.Value)) })
	pairs := make([]string, len(encoded))
	for i, p := range encoded {
		pairs[i] = p.Name + "=" + p.Value
	}
	return strings.ToUpper(method) + "&" + Escape(baseURI(u)) + "&" + Escape(strings.Join(pairs, "&"))
}

// baseURI leaves out the query and a port that goes without saying (RFC 5849
// 3.4.1.2). The path stays as it is sent.
func baseURI(u *url.URL) string {
	scheme, host := strings.ToLower(u.Scheme), strings.ToLower(u.Host)
	if port := u.Port(); scheme == "http" && port == "80" || scheme == "https" && port == "443" {
		host = strings.TrimSuffix(host, ":"+port)
	}
	path := u.EscapedPath()
	if path == "" {
		path = "/"
	}
	return scheme + "://" + host + path
}

// Params decodes a query or a form. Unlike [url.ParseQuery] it keeps the order,
// and takes ';' for what it is.
func Params(encoded string) ([]Param, error) {
	var params []Param
	for pair := range strings.SplitSeq(encoded, "&") {
		if pair == "" {
			continue
		}
		name, value, _ := strings.Cut(pair, "=")
		n, err1 := url.QueryUnescape(name)
		v, err2 := url.QueryUnescape(value)
		if err1 != nil || err2 != nil {
			return nil, ErrForm
		}
		params = append(params, Param{n, v})
	}
	return params, nil
}

// Escape encodes all but the unreserved characters (RFC 5849 3.6). What net/url
// leaves alone differs from that in both directions.
func Escape(s string) string {
	var b strings.Builder
	for i := range len(s) {
		switch c := s[i]; {
		case 'a' <= c && c <= 'z', 'A' <= c && c <= 'Z', '0' <= c && c <= '9', c == '-', c == '.', c == '_', c == '~':
			b.WriteByte(c)
		default:
			fmt.Fprintf(&b, "%%%02X", c)
		}
	}
	return b.String()
}
