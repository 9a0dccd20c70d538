package sandbox

import (
	"strings"
	"time"
)

// exchange redeems a code.
func (p *Provider) exchange(t *tokenRequest) (answer, *refusal) {
	c, ref := p.verify(kindCode, "code", t.std["code"])
	if ref != nil {
		return answer{}, ref
	}
	if ref := p.checkCode(c, t); ref != nil {
		return answer{}, ref
	}
	if ref := p.checkSameTarget(c, t); ref != nil {
		return answer{}, ref
	}
	if ref := p.grants.useCode(c); ref != nil {
		return answer{}, ref
	}
	p.stats.add(func(s *counts) { s.exchanges++ })
	base := claims{Client: c.Client, Scope: c.Scope, Family: c.Family, Resource: c.Resource}
	return p.tokenAnswer(t, base, !p.integration.Auth.RefreshesAccessToken()), nil
}

func (p *Provider) checkCode(c claims, t *tokenRequest) *refusal {
	if id := t.std["client_id"]; id != "" && id != c.Client {
		return refused(400, "invalid_grant", "the code was given to another client")
	}
	if name, _ := p.wireName("redirect_uri"); name != "" {
		switch got := t.std["redirect_uri"]; {
		case got == "":
			return refused(400, "invalid_grant", "%s is missing; it must be that of the authorization request (RFC 6749 4.1.3)", name)
		case got != c.Redirect:
			return refused(400, "invalid_grant", "%s is not that of the authorization request", name)
		}
	}
	return p.checkVerifier(c, t.std["code_verifier"])
}

// refresh redeems a refresh token.
func (p *Provider) refresh(t *tokenRequest) (answer, *refusal) {
	if p.integration.Auth.RefreshesAccessToken() {
		return p.refreshAccess(t)
	}
	c, ref := p.verify(kindRefresh, "refresh token", t.std["refresh_token"])
	if ref != nil {
		return answer{}, ref
	}
	if want := p.integration.OAuthClientID; want != "" && c.Client != want || p.discovers() && c.Client != t.std["client_id"] {
		return answer{}, refused(400, "invalid_grant", "the refresh token was given to another client")
	}
	if ref := p.checkSameTarget(c, t); ref != nil {
		return answer{}, ref
	}
	scope, ref := p.narrower(c.Scope, t.std["scope"])
	if ref != nil {
		return answer{}, ref
	}
	grace := time.Duration(p.integration.Auth.RefreshGraceSeconds * float64(time.Second))
	reused, ref := p.grants.redeem(c, p.now(), !p.opts.NoRotation, grace)
	if ref != nil {
		if reused {
			p.stats.add(func(s *counts) { s.reuseDetected++ })
		}
		return answer{}, ref
	}
	p.stats.add(func(s *counts) { s.refreshes++ })
	base := claims{Client: c.Client, Scope: scope, Family: c.Family, Secondary: c.Secondary, Refreshed: true, Resource: c.Resource}
	return p.tokenAnswer(t, base, !p.opts.NoRotation), nil
}

// refreshAccess gives a new access token for one that is still good.
func (p *Provider) refreshAccess(t *tokenRequest) (answer, *refusal) {
	c, ref := p.verify(kindAccess, "access token", p.shownAccess(t))
	if ref != nil {
		return answer{}, ref
	}
	if ref := p.grants.check(c); ref != nil {
		return answer{}, refused(400, "invalid_grant", "%s", ref.reason)
	}
	if c.Part != "" || c.Step != p.lastStep(c.Refreshed) {
		return answer{}, refused(400, "invalid_grant", "the access token is of an earlier answer; auth.steps exchange it first")
	}
	p.stats.add(func(s *counts) { s.refreshes++ })
	return p.tokenAnswer(t, claims{Client: c.Client, Scope: c.Scope, Family: c.Family, Refreshed: true}, false), nil
}

// shownAccess returns the access token in a refresh request, or "".
func (p *Provider) shownAccess(t *tokenRequest) string {
	for _, d := range p.params.refresh {
		values, _ := d.form.read(t.wire.Get(d.name))
		for n, v := range values {
			if d.form.refs[n][0].Name == "access_token" {
				return v
			}
		}
	}
	return ""
}

// narrower returns the scope that a refresh asks for; it may not be more than was
// granted (RFC 6749 6).
func (p *Provider) narrower(granted, asked string) (string, *refusal) {
	if asked == "" || asked == granted {
		return granted, nil
	}
	separator := p.integration.Auth.Separator()
	has := map[string]bool{}
	for s := range strings.SplitSeq(granted, separator) {
		has[s] = true
	}
	for s := range strings.SplitSeq(asked, separator) {
		if !has[s] {
			return "", refused(400, "invalid_scope", "the refresh asks for scope %q, which was not granted", s)
		}
	}
	return asked, nil
}
