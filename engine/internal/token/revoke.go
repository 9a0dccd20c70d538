package token

import (
	"context"

	"github.com/nango-lite/nango-lite/connection"
	"github.com/nango-lite/nango-lite/engine/internal/fault"
	"github.com/nango-lite/nango-lite/engine/internal/oauthwire"
	"github.com/nango-lite/nango-lite/schema"
)

// A revoked token is one that the provider is told of, and what kind it is of.
type revoked struct {
	token schema.Secret
	hint  string // RFC 7009 2.1
}

// Revoke tells the provider of all that is to be revoked (RFC 7009, or as is declared),
// and returns the first error.
func (o *Operation) Revoke(ctx context.Context) error {
	o = o.At("the revocation endpoint")
	var first error
	for _, t := range o.toRevoke(&o.Conn.Credentials.Token) {
		if err := o.revokeToken(ctx, t); first == nil {
			first = err
		}
	}
	return first
}

// toRevoke returns the tokens that the provider is told of: the refresh token where
// there is one, because that ends the whole grant, unless the integration says
// otherwise. Of both, the access token comes first, while it is good.
func (o *Operation) toRevoke(t *connection.Token) []revoked {
	with := ""
	if how := o.In.Auth.RevocationRequest; how != nil {
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

func (o *Operation) revokeToken(ctx context.Context, t revoked) error {
	_, err := o.asClient(ctx, func(o *Operation) (*oauthwire.Answer, error) {
		r, err := o.buildRevocation(t)
		if err != nil {
			return nil, o.Fail(fault.KindClient, "the revocation request cannot be built", err)
		}
		return o.tellRevoked(ctx, r)
	})
	return err
}

// tellRevoked sends a revocation request. Success is what the status says (RFC 7009
// 2.2: the body means nothing), and what the integration asks for besides.
func (o *Operation) tellRevoked(ctx context.Context, r *oauthwire.Request) (*oauthwire.Answer, error) {
	answer, err := o.Do(ctx, o.In.RevocationEndpoint(o.Conn), r)
	how := o.In.Auth.RevocationRequest
	good := answer != nil && answer.Status >= 200 && answer.Status < 300
	if good && (how == nil || how.Success == nil) {
		return answer, nil
	}
	if err != nil {
		return nil, o.Scrub(o.Unanswered(answer, err), r)
	}
	if good && o.matcher(answer)(*how.Success) {
		return answer, nil
	}
	code, _ := oauthwire.ErrorCode(answer, nil, nil)
	return nil, o.Scrub(o.Refused(answer, code), r)
}

// buildRevocation builds the request of RFC 7009 2.1, or the one that is declared.
func (o *Operation) buildRevocation(t revoked) (*oauthwire.Request, error) {
	standard := map[string]string{"token": t.token.Reveal(), "token_type_hint": t.hint}
	r, err := o.Build(o.In.RevocationEndpoint(o.Conn), standard, nil)
	if err != nil {
		return nil, err
	}
	r.InQuery = false // RFC 7009 2.1
	how := o.In.Auth.RevocationRequest
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
	values := with(o.Values(), "revoked_token", t.token.Reveal())
	if how.Params != nil || how.AuthorizationMethod == schema.RevokeBearer {
		assertion, ofType := r.Params["client_assertion"], r.Params["client_assertion_type"]
		if r.Params, err = o.In.Parsed.Revocation.Params.Members(values, o.Typed()); err != nil {
			return nil, err
		}
		r.Rename = nil
		if assertion != nil && how.AuthorizationMethod == "" {
			r.Params["client_assertion"], r.Params["client_assertion_type"] = assertion, ofType
		}
	}
	r.Sign = nil // a header of token requests
	if r.Headers, err = o.In.Parsed.Revocation.Headers.Render(values); err != nil {
		return nil, err
	}
	if how.AuthorizationMethod == schema.RevokeBearer {
		r.Headers["Authorization"] = "Bearer " + t.token.Reveal()
	}
	return r, nil
}
