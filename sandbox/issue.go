package sandbox

import (
	"encoding/base64"
	"slices"
	"strings"

	"github.com/nango-lite/nango-lite/schema"
)

// issueToken plays token endpoints that ask for no consent: the client credentials
// grant (RFC 6749 4.4) and login calls.
func (p *Provider) issueToken(t *tokenRequest, at location) (answer, *refusal) {
	check := p.checkLogin
	if p.integration.Auth.AuthMode == schema.OAuth2CC {
		check = p.checkClientGrant
	}
	if ref := check(t); ref != nil {
		return answer{}, ref
	}
	if ref := p.checkAssertions(t, p.params.token); ref != nil {
		return answer{}, ref
	}
	if ref := p.checkExtras(t, at); ref != nil {
		return answer{}, ref
	}
	p.stats.add(func(s *counts) { s.issued++ })
	base := claims{Client: t.client(), Scope: t.std["scope"], Family: p.random(8)}
	return p.tokenAnswer(t, base, false), nil
}

// checkClientGrant checks what is particular to the client credentials grant.
func (p *Provider) checkClientGrant(t *tokenRequest) *refusal {
	for _, name := range []string{"code", "refresh_token", "redirect_uri", "code_verifier"} {
		if t.std[name] != "" {
			return refused(400, "invalid_request", "%s has no place in a client credentials grant (RFC 6749 4.4.2)", name)
		}
	}
	if ref := p.checkClient(t); ref != nil {
		return ref
	}
	if ref := p.checkGrantType(t, "client_credentials", p.params.token); ref != nil {
		return ref
	}
	if p.declares(p.params.token, "scope") {
		return nil
	}
	return p.checkScope(t.std["scope"])
}

// checkLogin checks a login call: it holds what the blueprint declares, which is
// checked elsewhere, and nothing else.
func (p *Provider) checkLogin(t *tokenRequest) *refusal {
	for name := range t.wire {
		if !p.declares(p.params.token, name) && !p.declares(p.params.query, name) {
			return refused(400, "invalid_request", "%s is given, and token_params does not declare it", name)
		}
	}
	if t.header.Get("Authorization") != "" && !p.declares(p.params.headers, "Authorization") {
		return refused(400, "invalid_request", "there is an Authorization header, and token_headers does not declare it")
	}
	return nil
}

func (p *Provider) declares(list []declared, name string) bool {
	return slices.ContainsFunc(list, func(d declared) bool { return strings.EqualFold(d.name, name) })
}

// client returns the id with which the client authenticates.
func (t *tokenRequest) client() string {
	if id := t.std["client_id"]; id != "" {
		return id
	}
	encoded, _ := strings.CutPrefix(t.header.Get("Authorization"), "Basic ")
	plain, _ := base64.StdEncoding.DecodeString(encoded)
	id, _, _ := strings.Cut(string(plain), ":")
	return id
}
