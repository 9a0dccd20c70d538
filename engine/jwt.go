package engine

import (
	"encoding/json"
	"strconv"
	"time"

	"github.com/nango-lite/nango-lite/engine/internal/oauthwire"
)

// signToken makes the access token of JWT, in the form of an answer that grants it.
func (in *integration) signToken(op string, c *Connection, now time.Time) (*oauthwire.Answer, error) {
	token, expires, err := in.Parsed.JWT.Sign(in.ValuesAt(c, now), nil, now)
	if err != nil {
		return nil, &Error{Op: op, Key: c.Key, Kind: KindClient, Detail: "the token cannot be signed", Err: err}
	}
	left := strconv.FormatFloat(expires.Sub(now).Seconds(), 'f', 3, 64)
	return &oauthwire.Answer{Status: 200, Doc: map[string]any{"access_token": token, "expires_in": json.Number(left)}}, nil
}
