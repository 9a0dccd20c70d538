package engine

import (
	"context"
	"errors"
	"time"

	"github.com/nango-lite/nango-lite/engine/internal/fault"
	"github.com/nango-lite/nango-lite/engine/internal/oauthwire"
	"github.com/nango-lite/nango-lite/engine/internal/render"
	"github.com/nango-lite/nango-lite/schema"
)

// Revoke removes the connection of k. If the integration declares how to revoke a
// token (RFC 7009, or a way of the provider's own), the provider is told first, as
// far as it will listen: the connection is removed in any case, and the error says
// why the provider was not told. It is of KindUnavailable or KindRateLimited if it did
// not answer, of KindClient if it refused, and of KindInvalidResponse if it answered
// with nonsense. See [Description.Revokes].
func (e *Engine) Revoke(ctx context.Context, k Key) error {
	const op = "revoke"
	c, err := e.Connection(ctx, k)
	if err != nil {
		return err
	}
	var told error
	reason := "the connection was removed"
	if in, err := e.integration(k.Integration); err == nil && len(in.RevocationEndpoint(c).Parts) > 0 {
		if told = e.revokeTokens(ctx, op, in, c); told == nil {
			reason += ", and the provider was told"
		} else {
			reason += "; the provider was not told"
		}
	}
	if err := e.conns.delete(ctx, k); err != nil && !errors.Is(err, ErrNoConnection) {
		return fault.OfStore(op, k, err)
	}
	e.emit(ctx, Event{Kind: EventRevoke, Key: k, Reason: reason, Err: told})
	e.changed(ctx, EventRevoke, k, nil)
	return told
}

// A revoked token is one that the provider is told of, and what kind it is of.
type revoked struct {
	token schema.Secret
	hint  string // RFC 7009 2.1
}

// revokeTokens tells the provider of all that is to be revoked, and returns the first
// error.
func (e *Engine) revokeTokens(ctx context.Context, op string, in *integration, c *Connection) error {
	var first error
	for _, t := range in.toRevoke(&c.Credentials.Token) {
		if err := e.revokeToken(ctx, op, in, c, t); first == nil {
			first = err
		}
	}
	return first
}

// toRevoke returns the tokens that the provider is told of: the refresh token where
// there is one, because that ends the whole grant, unless the integration says
// otherwise. Of both, the access token comes first, while it is good.
func (in *integration) toRevoke(t *Token) []revoked {
	with := ""
	if how := in.Auth.RevocationRequest; how != nil {
		with = how.With
	}
	access, refresh := revoked{t.AccessToken, "access_token"}, revoked{t.RefreshToken, "refresh_token"}
	var list []revoked
	if !t.AccessToken.Empty() && (with == "both" || with == "access_token" || with == "" && t.RefreshToken.Empty()) {
		list = append(list, access)
	}
	if !t.RefreshToken.Empty() && with != "access_token" {
		list = append(list, refresh)
	}
	return list
}

func (e *Engine) revokeToken(ctx context.Context, op string, in *integration, c *Connection, t revoked) error {
	_, err := e.asClient(ctx, in, c, func(in *integration) (*oauthwire.Answer, error) {
		r, err := in.revocationRequest(e.opts.Now(), c, t)
		if err != nil {
			return nil, &Error{Op: op, Key: c.Key, Kind: KindClient, Detail: "the revocation request cannot be built", Err: err}
		}
		return e.tellRevoked(ctx, op, in, c, r)
	})
	return err
}

const revocationEndpoint = "the revocation endpoint"

// tellRevoked sends a revocation request. Success is what the status says (RFC 7009
// 2.2: the body means nothing), and what the integration asks for besides.
func (e *Engine) tellRevoked(ctx context.Context, op string, in *integration, c *Connection, r *oauthwire.Request) (*oauthwire.Answer, error) {
	ctx, cancel := context.WithTimeout(ctx, e.pace.TokenCall)
	defer cancel()
	answer, err := oauthwire.Do(ctx, e.tokenClient(in, c, in.RevocationEndpoint(c)), r)
	how := in.Auth.RevocationRequest
	good := answer != nil && answer.Status >= 200 && answer.Status < 300
	if good && (how == nil || how.Success == nil) {
		return answer, nil
	}
	if err != nil {
		return nil, askedAt(revocationEndpoint, scrubTokenError(tokenFailure(op, c.Key, answer, err), r))
	}
	if good && in.tokenMatcher(answer)(*how.Success) {
		return answer, nil
	}
	code, _ := oauthwire.ErrorCode(answer, nil, nil)
	return nil, askedAt(revocationEndpoint, scrubTokenError(in.refused(op, c.Key, answer, code), r))
}

// revocationRequest builds the request of RFC 7009 2.1, or the one that is declared.
func (in *integration) revocationRequest(now time.Time, c *Connection, t revoked) (*oauthwire.Request, error) {
	standard := map[string]string{"token": t.token.Reveal(), "token_type_hint": t.hint}
	r, err := in.tokenRequest(now, c, in.RevocationEndpoint(c), standard, nil)
	if err != nil {
		return nil, err
	}
	r.InQuery = false // RFC 7009 2.1
	how := in.Auth.RevocationRequest
	if how == nil {
		return r, nil
	}
	r.Method, r.JSON, r.InQuery = "POST", how.BodyFormat == "json", how.BodyFormat == "query"
	if how.Method != "" {
		r.Method = how.Method
	}
	switch how.AuthorizationMethod {
	case "":
	case schema.ClientAuthNone, schema.RevokeBearer:
		r.ClientAuth = ""
	default:
		r.ClientAuth = how.AuthorizationMethod
	}
	values := withRevoked(in.ValuesAt(c, now), t.token)
	if how.Params != nil || how.AuthorizationMethod == schema.RevokeBearer {
		assertion, ofType := r.Params["client_assertion"], r.Params["client_assertion_type"]
		if r.Params, err = in.Parsed.Revocation.Params.Render(values); err != nil {
			return nil, err
		}
		r.Rename = nil
		if assertion != "" && how.AuthorizationMethod == "" {
			r.Params["client_assertion"], r.Params["client_assertion_type"] = assertion, ofType
		}
	}
	if r.Query, err = in.Parsed.Revocation.Query.Render(values); err != nil {
		return nil, err
	}
	r.Sign = nil // a header of token requests
	if r.Headers, err = in.Parsed.Revocation.Headers.Render(values); err != nil {
		return nil, err
	}
	if how.AuthorizationMethod == schema.RevokeBearer {
		r.Headers["Authorization"] = "Bearer " + t.token.Reveal()
	}
	return r, nil
}

// withRevoked returns values that have ${revoked_token} as well.
func withRevoked(values render.Values, token schema.Secret) render.Values {
	return func(name string) (string, bool) {
		if name == "revoked_token" {
			return token.Reveal(), token.IsSet()
		}
		return values(name)
	}
}
