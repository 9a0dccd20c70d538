package engine

import (
	"cmp"
	"context"
	"errors"
	"net/http"
	"slices"
	"time"

	"github.com/nango-lite/nango-lite/engine/internal/fault"
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
	params := map[string]string{"grant_type": "refresh_token", "refresh_token": c.Credentials.Token.RefreshToken.Reveal()}
	if in.Auth.RefreshesAccessToken() {
		params = nil // refresh_params say it all
	}
	answer, err := e.asClient(ctx, in, c, func(in *integration) (*oauthwire.Answer, error) {
		r, err := in.refreshRequest(e.opts.Now(), c, params)
		if err != nil {
			return nil, &Error{Op: op, Key: c.Key, Kind: KindClient, Detail: "the refresh request cannot be built", Err: err}
		}
		// Nothing may come between this look and the request.
		if err := h.cover(ctx); err != nil {
			return nil, err
		}
		return e.ask(ctx, op, in, c, in.RefreshEndpoint(c), r)
	})
	if err != nil {
		return nil, e.blameRegistration(in, c, in.blame(err))
	}
	e.secure(ctx, in, c, answer)
	return e.follow(ctx, op, in, c, answer, true)
}

// secure stores a refresh token that is new before the steps after its answer are made:
// if the process ends meanwhile, it is the only one that is good. That it cannot be
// stored yet is for [Engine.keep] to see to. The generation stays, because the access
// token does: it is no news to whoever waits for another.
func (e *Engine) secure(ctx context.Context, in *integration, c *Connection, answer *oauthwire.Answer) {
	next := c.Clone()
	if slices.ContainsFunc(in.Parsed.Steps, func(s plan.Step) bool { return s.When(true) }) && salvage(in, next, answer, e.opts.Now()) {
		_ = e.replace(ctx, next, c.Generation)
	}
}

func (in *integration) refreshRequest(now time.Time, c *Connection, params map[string]string) (*oauthwire.Request, error) {
	r, err := in.tokenRequest(now, c, in.RefreshEndpoint(c), in.ForResource(c, params), in.Parsed.RefreshParams)
	if err != nil {
		return nil, err
	}
	if how := in.Auth.RefreshRequest; how != nil {
		r.Method = cmp.Or(how.Method, r.Method)
		r.ClientAuth = cmp.Or(how.AuthorizationMethod, r.ClientAuth)
		if in.Auth.RefreshesAccessToken() && how.AuthorizationMethod == "" {
			r.ClientAuth = ""
		}
	}
	return r, nil
}

// obtain returns c with its first token, for modes that need nobody's consent.
func (e *Engine) obtain(ctx context.Context, op string, in *integration, c *Connection) (*Connection, error) {
	answer, err := e.issue(ctx, op, in, c)
	if err != nil {
		return nil, err
	}
	c = c.Clone()
	if err := in.takeToken(op, c, answer, in.scopes(nil), e.opts.Now()); err != nil {
		return nil, err
	}
	if err := in.TakeFields(op, c, schema.FromTokenResponse, c.Credentials.Token.RawValue); err != nil {
		return nil, err
	}
	return c, e.learnEnd(ctx, in, c)
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
		if err := in.needsClient(op, c); err != nil {
			return nil, err
		}
		params["grant_type"] = "client_credentials"
		if scope := in.joinScopes(in.scopes(nil)); scope != "" {
			params["scope"] = scope
		}
	}
	answer, err := e.redeem(ctx, op, in, c, in.Parsed.TokenURL, params, in.Parsed.TokenParams)
	if err != nil {
		return nil, in.blame(err)
	}
	if answer, err = e.follow(ctx, op, in, c, answer, false); err != nil {
		return nil, in.blame(err)
	}
	return answer, nil
}

// blame says whose the refused credentials are: where each connection brings its
// own, a refusal is its user's to mend and not the operator's.
func (in *integration) blame(err error) error {
	refused, ok := errors.AsType[*Error](err)
	if !ok || refused.Kind != KindClient || len(in.UserCredentials()) == 0 || in.Auth.AuthMode == schema.OAuth2 && !in.ClientByConnection() {
		return err
	}
	if refused.Code != "invalid_client" && refused.Status != http.StatusUnauthorized {
		return err
	}
	return fault.Mean(err, KindReauthorize, "the token endpoint refused the connection's credentials")
}

// needsClient checks that a token request for c can authenticate its client.
func (in *integration) needsClient(op string, c *Connection) error {
	id, secret := in.Client(c)
	missing := ""
	switch {
	case in.Auth.ClientAuth() == schema.ClientAuthNone:
	case id.Empty():
		missing = "oauth_client_id"
	case in.Auth.ClientAuth() == schema.ClientAuthTLS:
		if in.shown == nil {
			missing = "client_certificate"
		}
	case in.Auth.ClientAuth() == schema.ClientAuthJWT: // the key is missed when it is to sign
	case secret.Empty():
		missing = "oauth_client_secret"
	}
	if missing == "" {
		return nil
	}
	return &Error{Op: op, Key: c.Key, Kind: KindClient, Detail: missing + " is not configured"}
}

// authenticate puts the client into a token request; assertion is what private_key_jwt
// signs.
func (in *integration) authenticate(r *oauthwire.Request, c *Connection, assertion string) {
	if in.Auth.AuthMode == schema.TwoStep || in.Auth.AuthMode == schema.App {
		return // the call says itself who is calling
	}
	id, secret := in.Client(c)
	r.ClientAuth, r.ClientID, r.ClientSecret = in.ClientAuth(c), id.Reveal(), secret.Reveal()
	switch {
	case r.ClientAuth == schema.ClientAuthJWT:
		r.ClientAuth = schema.ClientAuthNone
		r.Params["client_assertion_type"], r.Params["client_assertion"] = assertionType, assertion
	case r.ClientAuth == schema.ClientAuthTLS:
		r.ClientAuth = schema.ClientAuthNone // the id alone (RFC 8705 2)
	case r.ClientAuth == schema.ClientAuthNone && r.ClientID == "":
		r.ClientAuth = "" // an assertion may say it
	}
}
