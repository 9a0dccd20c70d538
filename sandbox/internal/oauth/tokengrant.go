package oauth

import (
	"strings"
	"time"

	"github.com/nango-lite/nango-lite/sandbox/internal/grant"
	"github.com/nango-lite/nango-lite/sandbox/internal/message"
	"github.com/nango-lite/nango-lite/sandbox/internal/play"
)

// exchange redeems a code.
func (p *token) exchange(t *tokenRequest) (message.Answer, *message.Refusal) {
	c, ref := p.Verify(grant.KindCode, "code", t.std["code"])
	if ref != nil {
		return message.Answer{}, ref
	}
	if ref := p.checkCode(c, t); ref != nil {
		return message.Answer{}, ref
	}
	if ref := p.checkSameTarget(c, t); ref != nil {
		return message.Answer{}, ref
	}
	if ref := p.Grants.UseCode(c); ref != nil {
		return message.Answer{}, ref
	}
	p.Stats.Add(func(s *play.Counts) { s.Exchanges++ })
	base := grant.Claims{Client: c.Client, Scope: c.Scope, Family: c.Family, Resource: c.Resource}
	return p.answers.tokenAnswer(t, base, !p.Integration.Auth.RefreshesAccessToken()), nil
}

func (p *token) checkCode(c grant.Claims, t *tokenRequest) *message.Refusal {
	if id := t.std["client_id"]; id != "" && id != c.Client {
		return message.Refused(400, "invalid_grant", "the code was given to another client")
	}
	if name, _ := p.clients.wireName("redirect_uri"); name != "" {
		switch got := t.std["redirect_uri"]; {
		case got == "":
			return message.Refused(400, "invalid_grant", "%s is missing; it must be that of the authorization request (RFC 6749 4.1.3)", name)
		case got != c.Redirect:
			return message.Refused(400, "invalid_grant", "%s is not that of the authorization request", name)
		}
	}
	return p.checkVerifier(c, t.std["code_verifier"])
}

// refresh redeems a refresh token.
func (p *token) refresh(t *tokenRequest) (message.Answer, *message.Refusal) {
	if p.Integration.Auth.RefreshesAccessToken() {
		return p.refreshAccess(t)
	}
	c, ref := p.Verify(grant.KindRefresh, "refresh token", t.std["refresh_token"])
	if ref != nil {
		return message.Answer{}, ref
	}
	if want := p.Integration.OAuthClientID; want != "" && c.Client != want || p.Discovers() && c.Client != t.std["client_id"] {
		return message.Answer{}, message.Refused(400, "invalid_grant", "the refresh token was given to another client")
	}
	if ref := p.checkSameTarget(c, t); ref != nil {
		return message.Answer{}, ref
	}
	scope, ref := p.narrower(c.Scope, t.std["scope"])
	if ref != nil {
		return message.Answer{}, ref
	}
	grace := time.Duration(p.Integration.Auth.RefreshGraceSeconds * float64(time.Second))
	reused, ref := p.Grants.Redeem(c, p.Now(), !p.Opts.NoRotation, grace)
	if ref != nil {
		if reused {
			p.Stats.Add(func(s *play.Counts) { s.ReuseDetected++ })
		}
		return message.Answer{}, ref
	}
	p.Stats.Add(func(s *play.Counts) { s.Refreshes++ })
	base := grant.Claims{Client: c.Client, Scope: scope, Family: c.Family, Secondary: c.Secondary, Refreshed: true, Resource: c.Resource}
	return p.answers.tokenAnswer(t, base, !p.Opts.NoRotation), nil
}

// refreshAccess gives a new access token for one that is still good.
func (p *token) refreshAccess(t *tokenRequest) (message.Answer, *message.Refusal) {
	c, ref := p.Verify(grant.KindAccess, "access token", p.shownAccess(t))
	if ref != nil {
		return message.Answer{}, ref
	}
	if ref := p.Grants.Check(c); ref != nil {
		return message.Answer{}, message.Refused(400, "invalid_grant", "%s", ref.Reason)
	}
	if c.Part != "" || c.Step != p.LastStep(c.Refreshed) {
		return message.Answer{}, message.Refused(400, "invalid_grant", "the access token is of an earlier answer; auth.steps exchange it first")
	}
	p.Stats.Add(func(s *play.Counts) { s.Refreshes++ })
	return p.answers.tokenAnswer(t, grant.Claims{Client: c.Client, Scope: c.Scope, Family: c.Family, Refreshed: true}, false), nil
}

// shownAccess returns the access token in a refresh request, or "".
func (p *token) shownAccess(t *tokenRequest) string {
	for _, d := range p.Params.Refresh {
		values, _ := d.Form.Read(t.wire.Get(d.Name))
		for n, v := range values {
			if d.Form.Refs[n][0].Name == "access_token" {
				return v
			}
		}
	}
	return ""
}

// narrower returns the scope that a refresh asks for; it may not be more than was
// granted (RFC 6749 6).
func (p *token) narrower(granted, asked string) (string, *message.Refusal) {
	if asked == "" || asked == granted {
		return granted, nil
	}
	separator := p.Integration.Auth.Separator()
	has := map[string]bool{}
	for s := range strings.SplitSeq(granted, separator) {
		has[s] = true
	}
	for s := range strings.SplitSeq(asked, separator) {
		if !has[s] {
			return "", message.Refused(400, "invalid_scope", "the refresh asks for scope %q, which was not granted", s)
		}
	}
	return asked, nil
}
