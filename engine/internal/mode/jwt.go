package mode

import (
	"context"
	"encoding/json"
	"strconv"

	"github.com/nango-lite/nango-lite/engine/internal/fault"
	"github.com/nango-lite/nango-lite/engine/internal/oauthwire"
	"github.com/nango-lite/nango-lite/engine/internal/token"
)

// A signedJWT is JWT: the access token is one that we sign.
type signedJWT struct{ env *Env }

func (w *signedJWT) obtained() string { return "a token was signed," }

// issue makes the token, in the form of an answer that grants it.
func (w *signedJWT) issue(_ context.Context, o *token.Operation) (*oauthwire.Answer, error) {
	now := w.env.Now()
	signed, expires, err := o.In.Parsed.JWT.Sign(o.Values(), o.Typed(), nil, now)
	if err != nil {
		return nil, o.Fail(fault.KindClient, "the token cannot be signed", err)
	}
	left := strconv.FormatFloat(expires.Sub(now).Seconds(), 'f', 3, 64)
	return &oauthwire.Answer{Status: 200, Doc: map[string]any{"access_token": signed, "expires_in": json.Number(left)}}, nil
}

func (w *signedJWT) take(ctx context.Context, o *token.Operation, a *oauthwire.Answer, asked []string) error {
	return o.Take(ctx, a, w.env.In.Auth.TokenResponse, asked)
}
