package oauth

import (
	"net/url"

	"github.com/nango-lite/nango-lite/sandbox/internal/grant"
	"github.com/nango-lite/nango-lite/sandbox/internal/match"
	"github.com/nango-lite/nango-lite/sandbox/internal/message"
)

// checkTemporary checks what a user is sent with (RFC 5849 2.2).
func (p *consent) checkTemporary(q url.Values, at match.Location) (grant.Claims, *message.Refusal) {
	if len(q["oauth_token"]) != 1 {
		return grant.Claims{}, message.Refused(400, "parameter_absent", "there must be one oauth_token, and there are %d", len(q["oauth_token"]))
	}
	token := q.Get("oauth_token")
	c, ref := p.Verify(grant.KindTemporary, "oauth_token", token)
	if ref == nil {
		ref = p.checkScope(q.Get("scope"))
	}
	if ref == nil {
		ref = p.CheckDeclared(at.Query, q.Get, "the query of authorization_url")
	}
	if ref == nil {
		ref = p.CheckDeclared(p.Params.Authorization, q.Get, "the authorization request (authorization_params)", "oauth_token", "scope")
	}
	return grant.Claims{Kind: grant.KindConsent, Client: c.Client, Redirect: c.Redirect, Scope: q.Get("scope"), Temporary: token}, ref
}

// authorized returns what the callback says of temporary credentials.
func (p *consent) authorized(c grant.Claims) url.Values {
	back := p.callbackFields()
	back.Set("oauth_token", c.Temporary)
	back.Set("oauth_verifier", p.Issue(grant.Claims{Kind: grant.KindCode, Client: c.Client, Scope: c.Scope, Temporary: message.ShortHash(c.Temporary), Family: p.Random(8)}, codeLifetime))
	return back
}
