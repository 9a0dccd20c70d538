package engine

import (
	"context"
	"slices"

	"github.com/nango-lite/nango-lite/engine/internal/oauthwire"
	"github.com/nango-lite/nango-lite/engine/internal/plan"
	"github.com/nango-lite/nango-lite/schema"
)

// renewable reports whether c's token can be replaced without its user.
func (in *integration) renewable(c *Connection) bool {
	t := &c.Credentials.Token
	switch {
	case in.Auth.Issues():
		return true
	case !in.Auth.AuthMode.Codes(), in.Auth.AuthMode == schema.MCPOAuth2 && c.Credentials.Registration.TokenEndpoint == "":
		return false
	case in.Auth.RefreshesAccessToken():
		return !t.AccessToken.Empty()
	}
	return !t.RefreshToken.Empty()
}

// renew asks for another token for c: it redeems the refresh token, or obtains one
// as it did the first. With an answer and an error, a step after the answer failed;
// with an [*uncoveredError], nothing was sent that may have redeemed anything.
func (e *Engine) renew(ctx context.Context, op string, h *hold, in *integration, c *Connection) (*oauthwire.Answer, error) {
	if in.Auth.Issues() {
		if err := h.cover(ctx); err != nil {
			return nil, err
		}
		return e.issue(ctx, op, in, c)
	}
	o := in.token.For(op, c)
	answer, err := o.Refresh(ctx, h.cover)
	if err != nil {
		return nil, e.blameRegistration(in, c, o.Blame(err))
	}
	e.secure(ctx, in, c, answer)
	return o.Follow(ctx, answer, true)
}

// secure stores a refresh token that is new before the steps after its answer are made:
// if the process ends meanwhile, it is the only one that is good. That it cannot be
// stored yet is for [Engine.keep] to see to. The generation stays, because the access
// token does: it is no news to whoever waits for another.
func (e *Engine) secure(ctx context.Context, in *integration, c *Connection, answer *oauthwire.Answer) {
	next := c.Clone()
	if slices.ContainsFunc(in.Parsed.Steps, func(s plan.Step) bool { return s.When(true) }) && in.token.For("refresh", next).Salvage(answer) {
		_ = e.replace(ctx, next, c.Generation)
	}
}

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

// learnEndStored is learnEnd for a token that is stored already, and must be before
// anything else is asked: after a refresh it may be the only good one.
func (e *Engine) learnEndStored(ctx context.Context, in *integration, c *Connection) (*Connection, error) {
	if in.Auth.IntrospectionURL == "" || !c.Credentials.Token.ExpiresAt.IsZero() {
		return c, nil
	}
	next := c.Clone()
	if err := in.token.For("introspect", next).LearnEnd(ctx); err != nil {
		return nil, err
	}
	if next.Credentials.Token.ExpiresAt.IsZero() || e.replace(ctx, next, c.Generation) != nil {
		return c, nil // someone was faster, or the store is out of order: the token is good all the same
	}
	e.changed(ctx, EventRefresh, c.Key, next)
	return next, nil
}
