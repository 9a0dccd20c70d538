package oauth

import (
	"github.com/nango-lite/nango-lite/sandbox/internal/grant"
	"github.com/nango-lite/nango-lite/sandbox/internal/match"
	"github.com/nango-lite/nango-lite/sandbox/internal/message"
	"github.com/nango-lite/nango-lite/sandbox/internal/play"
	"github.com/nango-lite/nango-lite/schema"
)

// issueToken plays token endpoints that ask for no consent: the client credentials
// grant (RFC 6749 4.4) and login calls.
func (p *token) issueToken(t *tokenRequest, at match.Location) (message.Answer, *message.Refusal) {
	check := p.checkLogin
	if p.Integration.Auth.AuthMode == schema.OAuth2CC {
		check = p.checkClientGrant
	}
	if ref := check(t); ref != nil {
		return message.Answer{}, ref
	}
	if ref := p.clients.checkAssertions(t, p.Params.Token); ref != nil {
		return message.Answer{}, ref
	}
	if ref := p.checkExtras(t, at); ref != nil {
		return message.Answer{}, ref
	}
	p.Stats.Add(func(s *play.Counts) { s.Issued++ })
	base := grant.Claims{Client: t.client(), Scope: t.std["scope"], Family: p.Random(8)}
	return p.answers.tokenAnswer(t, base, false), nil
}

// checkClientGrant checks what is particular to the client credentials grant.
func (p *token) checkClientGrant(t *tokenRequest) *message.Refusal {
	for _, name := range []string{"code", "refresh_token", "redirect_uri", "code_verifier"} {
		if t.std[name] != "" {
			return message.Refused(400, "invalid_request", "%s has no place in a client credentials grant (RFC 6749 4.4.2)", name)
		}
	}
	if ref := p.clients.checkClient(t); ref != nil {
		return ref
	}
	if ref := p.checkGrantType(t, "client_credentials", p.Params.Token); ref != nil {
		return ref
	}
	if p.clients.declares(p.Params.Token, "scope") {
		return nil
	}
	return p.checkScope(t.std["scope"])
}

// checkLogin checks a login call: it holds what the blueprint declares, which is
// checked elsewhere, and nothing else.
func (p *token) checkLogin(t *tokenRequest) *message.Refusal {
	for name := range t.wire {
		if !p.clients.declares(p.Params.Token, name) && !p.clients.declares(p.Params.Query, name) {
			return message.Refused(400, "invalid_request", "%s is given, and token_params does not declare it", name)
		}
	}
	if t.header.Get("Authorization") != "" && !p.clients.declares(p.Params.Headers, "Authorization") {
		return message.Refused(400, "invalid_request", "there is an Authorization header, and token_headers does not declare it")
	}
	return nil
}
