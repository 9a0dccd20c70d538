package engine

import (
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"github.com/nango-lite/nango-lite/engine/internal/oauthwire"
	"github.com/nango-lite/nango-lite/engine/internal/render"
	"github.com/nango-lite/nango-lite/schema"
	"github.com/nango-lite/nango-lite/schema/signingkey"
)

// clockSkew is how far back iat lies: a server whose clock is late refuses tokens
// from its future.
const clockSkew = 30 * time.Second

const assertionType = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer" // RFC 7523 2.2

// A jwtPlan is auth.jwt with its templates parsed.
type jwtPlan struct {
	*schema.JWT
	method          jwt.SigningMethod
	key             schema.Template
	header, payload templateMap
}

func newJWTPlan(j *schema.JWT) (*jwtPlan, error) {
	if j == nil {
		return nil, nil
	}
	p := &jwtPlan{JWT: j, method: jwt.GetSigningMethod(j.Algorithm)}
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
	if p.header, err = parseMap(j.Header); err != nil {
		return nil, fmt.Errorf("auth.jwt.header: %w", err)
	}
	if p.payload, err = parseMap(j.Payload); err != nil {
		return nil, fmt.Errorf("auth.jwt.payload: %w", err)
	}
	return p, nil
}

// sign makes a token of claims, which the declared payload overrides. An empty text
// leaves a claim out. Claims of numbers are those that RFC 7519 4.1 has.
func (p *jwtPlan) sign(values render.Values, claims map[string]string, now time.Time) (token string, expires time.Time, err error) {
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
	body := jwt.MapClaims{"iat": issued.Unix(), "exp": expires.Unix(), "jti": randomText(16)}
	for name, v := range claims {
		body[name] = v
	}
	declared, err := p.payload.render(withFingerprint(values, key))
	if err != nil {
		return "", time.Time{}, fmt.Errorf("auth.jwt.payload.%w", err)
	}
	for name, v := range declared {
		if body[name] = v; v == "" {
			delete(body, name)
		}
	}
	t := jwt.NewWithClaims(p.method, body)
	header, err := p.header.render(withFingerprint(values, key))
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

func withFingerprint(values render.Values, key any) render.Values {
	return func(name string) (string, bool) {
		if name == "key_fingerprint" {
			return signingkey.Fingerprint(key)
		}
		return values(name)
	}
}

// withJWT returns values that have ${jwt} as well.
func withJWT(values render.Values, token string) render.Values {
	return func(name string) (string, bool) {
		if name == "jwt" {
			return token, true
		}
		return values(name)
	}
}

// assert signs the token that goes into token requests for c, or returns "" where
// there is none. The assertion of a client speaks of the client, to the token
// endpoint (RFC 7523 3).
func (in *integration) assert(c *Connection, values render.Values, now time.Time) (string, error) {
	if in.auth.jwt == nil {
		return "", nil
	}
	claims := map[string]string{}
	if in.Auth.ClientAuth() == schema.ClientAuthJWT {
		id, _ := in.client(c)
		endpoint, err := render.URL(in.auth.tokenURL, values, in.formatOf)
		if err != nil {
			return "", err
		}
		claims["iss"], claims["sub"], claims["aud"] = id.Reveal(), id.Reveal(), endpoint.String()
	}
	token, _, err := in.auth.jwt.sign(values, claims, now)
	return token, err
}

// signToken makes the access token of JWT, in the form of an answer that grants it.
func (in *integration) signToken(op string, c *Connection, now time.Time) (*oauthwire.Answer, error) {
	token, expires, err := in.auth.jwt.sign(in.valuesAt(c, now), nil, now)
	if err != nil {
		return nil, &Error{Op: op, Key: c.Key, Kind: KindClient, Detail: "the token cannot be signed", Err: err}
	}
	left := strconv.FormatFloat(expires.Sub(now).Seconds(), 'f', 3, 64)
	return &oauthwire.Answer{Status: 200, Doc: map[string]any{"access_token": token, "expires_in": json.Number(left)}}, nil
}
