package engine

import (
	"encoding/json"
	"strconv"
	"time"

	"github.com/nango-lite/nango-lite/engine/internal/oauthwire"
	"github.com/nango-lite/nango-lite/engine/internal/render"
	"github.com/nango-lite/nango-lite/schema"
)

const assertionType = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer" // RFC 7523 2.2

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
	if in.Parsed.JWT == nil {
		return "", nil
	}
	claims := map[string]string{}
	if in.Auth.ClientAuth() == schema.ClientAuthJWT {
		id, _ := in.Client(c)
		endpoint, err := render.URL(in.Parsed.TokenURL, values, in.FormatOf)
		if err != nil {
			return "", err
		}
		claims["iss"], claims["sub"], claims["aud"] = id.Reveal(), id.Reveal(), endpoint.String()
	}
	token, _, err := in.Parsed.JWT.Sign(values, claims, now)
	return token, err
}

// signToken makes the access token of JWT, in the form of an answer that grants it.
func (in *integration) signToken(op string, c *Connection, now time.Time) (*oauthwire.Answer, error) {
	token, expires, err := in.Parsed.JWT.Sign(in.ValuesAt(c, now), nil, now)
	if err != nil {
		return nil, &Error{Op: op, Key: c.Key, Kind: KindClient, Detail: "the token cannot be signed", Err: err}
	}
	left := strconv.FormatFloat(expires.Sub(now).Seconds(), 'f', 3, 64)
	return &oauthwire.Answer{Status: 200, Doc: map[string]any{"access_token": token, "expires_in": json.Number(left)}}, nil
}
