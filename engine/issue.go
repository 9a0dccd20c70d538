package engine

import (
	"context"

	"github.com/nango-lite/nango-lite/engine/internal/oauthwire"
	"github.com/nango-lite/nango-lite/schema"
)

// obtain returns c with its first token, for modes that need nobody's consent.
func (e *Engine) obtain(ctx context.Context, op string, in *integration, c *Connection) (*Connection, error) {
	answer, err := e.issue(ctx, op, in, c)
	if err != nil {
		return nil, err
	}
	c = c.Clone()
	if err := in.takeToken(op, c, answer, in.ScopesOr(nil)); err != nil {
		return nil, err
	}
	if err := in.TakeFields(op, c, schema.FromTokenResponse, c.Credentials.Token.RawValue); err != nil {
		return nil, err
	}
	return c, in.token.For(op, c).LearnEnd(ctx)
}

// issue obtains a token from what the connection or the integration carries.
func (e *Engine) issue(ctx context.Context, op string, in *integration, c *Connection) (*oauthwire.Answer, error) {
	if in.Auth.AuthMode == schema.SignedJWT {
		return in.signToken(op, c, e.opts.Now())
	}
	if in.Auth.AuthMode == schema.AWSSigV4 {
		return e.assumeRole(ctx, op, in, c)
	}
	params := map[string]string{}
	if in.Auth.AuthMode == schema.OAuth2CC {
		if err := in.NeedsClient(op, c); err != nil {
			return nil, err
		}
		params["grant_type"] = "client_credentials"
		if scope := in.JoinScopes(in.ScopesOr(nil)); scope != "" {
			params["scope"] = scope
		}
	}
	o := in.token.For(op, c)
	answer, err := o.Redeem(ctx, in.Parsed.TokenURL, params, in.Parsed.TokenParams)
	if err != nil {
		return nil, o.Blame(err)
	}
	if answer, err = o.Follow(ctx, answer, false); err != nil {
		return nil, o.Blame(err)
	}
	return answer, nil
}

// takeToken moves the token of a successful answer into c.
func (in *integration) takeToken(op string, c *Connection, a *oauthwire.Answer, asked []string) error {
	if in.Auth.AssumesRole() == nil {
		return in.token.For(op, c).Take(a, in.Auth.TokenResponse, asked)
	}
	next := *c
	if err := in.token.For(op, &next).Take(a, roleAnswer, asked); err != nil {
		return err
	}
	if !in.takeRole(&next.Credentials.Token) {
		return &Error{Op: op, Key: c.Key, Kind: KindInvalidResponse, Status: a.Status, Detail: "the answer has no complete temporary key"}
	}
	c.Credentials.Token = next.Credentials.Token
	return nil
}
