package plan

import (
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"github.com/nango-lite/nango-lite/engine/internal/render"
	"github.com/nango-lite/nango-lite/schema"
	"github.com/nango-lite/nango-lite/schema/signingkey"
)

// clockSkew is how far back iat lies: a server whose clock is late refuses tokens
// from its future.
const clockSkew = 30 * time.Second

// A JWT is auth.jwt with its templates parsed.
type JWT struct {
	*schema.JWT
	method          jwt.SigningMethod
	key             schema.Template
	header, payload TemplateTree
}

func newJWT(j *schema.JWT) (*JWT, error) {
	if j == nil {
		return nil, nil
	}
	p := &JWT{JWT: j, method: jwt.GetSigningMethod(j.Algorithm)}
	if p.method == nil || j.Algorithm == "none" {
		return nil, fmt.Errorf("auth.jwt.algorithm: %q signs nothing that we know", j.Algorithm)
	}
	if j.Lifetime() <= clockSkew {
		return nil, fmt.Errorf("auth.jwt.lifetime_seconds: such a token has ended before it arrives; iat lies %s back", clockSkew)
	}
	var err error
	if p.key, err = schema.ParseTemplate(j.SigningKey()); err != nil {
		return nil, fmt.Errorf("auth.jwt.key: %w", err)
	}
	if p.header, err = parseTree(j.Header); err != nil {
		return nil, fmt.Errorf("auth.jwt.header.%w", err)
	}
	if p.payload, err = parseTree(j.Payload); err != nil {
		return nil, fmt.Errorf("auth.jwt.payload.%w", err)
	}
	return p, nil
}

// Sign makes a token of claims, which the declared payload overrides. An empty text
// leaves a claim out. Claims keep their types, and those of time are numbers whatever
// they are made of.
func (p *JWT) Sign(values render.Values, typed render.Typed, claims map[string]string, now time.Time) (token string, expires time.Time, err error) {
	text, err := render.Text(p.key, values)
	if err != nil {
		return "", time.Time{}, fmt.Errorf("auth.jwt.key: %w", err)
	}
	key, err := signingkey.Parse(p.Algorithm, p.KeyEncoding, text)
	if err != nil {
		return "", time.Time{}, fmt.Errorf("auth.jwt.key: %w", err)
	}
	issued := now.Add(-clockSkew)
	expires = issued.Add(p.Lifetime())
	body := jwt.MapClaims{"iat": issued.Unix(), "exp": expires.Unix(), "jti": rand.Text()}
	for name, v := range claims {
		body[name] = v
	}
	declared, err := p.payload.Members(withFingerprint(values, key), typed)
	if err != nil {
		return "", time.Time{}, fmt.Errorf("auth.jwt.payload.%w", err)
	}
	for name, v := range declared {
		if body[name] = v; v == "" {
			delete(body, name)
		}
	}
	if err := numericDates(body); err != nil {
		return "", time.Time{}, err
	}
	if end, ok := body["exp"].(json.Number); ok {
		seconds, _ := end.Float64()
		expires = time.Unix(int64(seconds), 0)
	}
	t := jwt.NewWithClaims(p.method, body)
	header, err := p.header.Members(withFingerprint(values, key), typed)
	if err != nil {
		return "", time.Time{}, fmt.Errorf("auth.jwt.header.%w", err)
	}
	for name, v := range header {
		if name == "alg" {
			continue // auth.jwt.algorithm has the say
		}
		if t.Header[name] = v; v == "" {
			delete(t.Header, name)
		}
	}
	if token, err = t.SignedString(key); err != nil {
		return "", time.Time{}, errors.New("auth.jwt: the key does not sign")
	}
	return token, time.Unix(expires.Unix(), 0), nil
}

// latest is the last second that dates are read in: that of the year 9999.
const latest = 253402300799

// numericDates makes numbers of the claims that are a time (RFC 7519 4.1.4 to 4.1.6).
func numericDates(claims jwt.MapClaims) error {
	for _, name := range []string{"exp", "nbf", "iat"} {
		v, declared := claims[name]
		if _, ours := v.(int64); !declared || ours {
			continue
		}
		text, _ := schema.Scalar(v)
		seconds, err := strconv.ParseFloat(strings.TrimSpace(text), 64)
		if err != nil || seconds < 0 || seconds > latest || seconds != seconds {
			return fmt.Errorf("auth.jwt.payload.%s is no number of seconds since 1970 (RFC 7519 2)", name)
		}
		claims[name] = json.Number(strconv.FormatFloat(seconds, 'f', -1, 64))
	}
	return nil
}

func withFingerprint(values render.Values, key any) render.Values {
	return func(name string) (string, bool) {
		if name == "key_fingerprint" {
			return signingkey.Fingerprint(key)
		}
		return values(name)
	}
}
