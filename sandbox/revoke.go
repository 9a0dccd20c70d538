package sandbox

import (
	"net/http"
	"strings"

	"github.com/nango-lite/nango-lite/schema"
)

// serveRevoke plays the revocation endpoint: RFC 7009, or what revocation_request
// makes of it.
func (p *Provider) serveRevoke(w http.ResponseWriter, r *http.Request, at location) {
	shown, ref := p.readRevocation(r, at)
	if ref != nil {
		p.stats.add(func(s *counts) { s.refused++ })
		p.write(w, r, p.tokenError(ref))
		return
	}
	for _, text := range shown {
		c, ok := open(text)
		if !ok || c.Integration != p.Name() {
			continue // RFC 7009 2.2: what nobody knows is no error
		}
		p.stats.add(func(s *counts) { s.revocations++ })
		if c.Kind == kindRefresh {
			p.grants.revoke(familyKey(c), "the client revoked it")
		} else {
			p.grants.spend(c)
		}
	}
	a := answer{}
	if how := p.integration.Auth.RevocationRequest; how != nil {
		p.satisfy(how.Success, &a)
	}
	p.write(w, r, a)
}

// readRevocation returns the tokens that a revocation request shows.
func (p *Provider) readRevocation(r *http.Request, at location) ([]string, *refusal) {
	how := p.integration.Auth.RevocationRequest
	if how == nil {
		how = &schema.Revocation{BodyFormat: p.integration.Auth.BodyFormat}
		if how.BodyFormat == "query" || mediaType(r.Header) != "application/json" {
			how.BodyFormat = "form"
		}
	}
	t := &tokenRequest{header: r.Header, query: r.URL.Query(), begins: true}
	if ref := p.readRevoked(t, r, how); ref != nil {
		return nil, ref
	}
	if ref := p.checkDeclared(at.query, t.query.Get, "the query of "+at.name); ref != nil {
		return nil, ref
	}
	if how.Params == nil {
		if ref := p.readStandard(t, r.Method); ref != nil {
			return nil, ref
		}
	}
	if ref := p.checkRevoker(t, how); ref != nil {
		return nil, ref
	}
	return p.revokedTokens(t, how)
}

// readRevoked reads the parameters from where they have to stand.
func (p *Provider) readRevoked(t *tokenRequest, r *http.Request, how *schema.Revocation) (ref *refusal) {
	method, body := how.Method, readBody(r)
	if method == "" {
		method = http.MethodPost
	}
	switch {
	case r.Method != method:
		return refused(405, "invalid_request", "revocation is made with %s, not %s", method, r.Method)
	case method == http.MethodGet || how.BodyFormat == "query":
		t.wire = t.query
	case how.BodyFormat == "json":
		t.wire, ref = readJSON(r.Header, body)
	default:
		t.wire, ref = readForm(r.Header, body)
	}
	return ref
}

// checkRevoker checks who is calling.
func (p *Provider) checkRevoker(t *tokenRequest, how *schema.Revocation) *refusal {
	declaresHeader := p.declares(p.params.revokeHeaders, "Authorization")
	switch how.AuthorizationMethod {
	case "":
		if how.Params != nil {
			p.knowClient(t)
		}
		return p.checkClient(t)
	case schema.RevokeBearer:
		c, ok := open(strings.TrimPrefix(t.header.Get("Authorization"), "Bearer "))
		if !ok || c.Integration != p.Name() {
			return refused(401, "invalid_token", "there is no token in the Authorization header (revocation_request.authorization_method: bearer)")
		}
		return nil
	case schema.ClientAuthNone:
		if t.header.Get("Authorization") != "" && !declaresHeader {
			return invalidClient("there is an Authorization header, and revocation_request does not declare it")
		}
		return nil
	}
	p.knowClient(t)
	return p.checkClientBy(t, how.AuthorizationMethod)
}

// knowClient gives the client's parameters their standard names, where the others are
// the blueprint's own.
func (p *Provider) knowClient(t *tokenRequest) {
	t.std = map[string]string{"client_id": t.wire.Get("client_id"), "client_secret": t.wire.Get("client_secret")}
}

// revokedTokens returns the tokens in a request whose sender is known: where RFC 7009
// has them, or where the declared templates do.
func (p *Provider) revokedTokens(t *tokenRequest, how *schema.Revocation) ([]string, *refusal) {
	var shown []string
	if how.AuthorizationMethod == schema.RevokeBearer {
		shown = append(shown, strings.TrimPrefix(t.header.Get("Authorization"), "Bearer "))
	}
	if how.Params == nil && how.AuthorizationMethod != schema.RevokeBearer {
		if t.wire.Get("token") == "" {
			return nil, refused(400, "invalid_request", "token is missing (RFC 7009 2.1)")
		}
		shown = append(shown, t.wire.Get("token"))
	}
	for _, from := range []struct {
		list  []declared
		get   func(string) string
		where string
	}{
		{p.params.revoke, t.wire.Get, "the revocation request (revocation_request.params)"},
		{p.params.revokeQuery, t.query.Get, "the query of the revocation request (revocation_request.query)"},
		{p.params.revokeHeaders, t.header.Get, "the header of the revocation request (revocation_request.headers)"},
	} {
		if ref := p.checkDeclared(from.list, from.get, from.where); ref != nil {
			return nil, ref
		}
		shown = append(shown, tokensIn(from.list, from.get)...)
	}
	if how.Params != nil || how.AuthorizationMethod == schema.RevokeBearer {
		for name := range t.wire {
			if !p.declares(p.params.revoke, name) && !p.declares(p.params.revokeQuery, name) && !isClientParam(name, how) {
				return nil, refused(400, "invalid_request", "%s is given, and revocation_request does not declare it", name)
			}
		}
	}
	for _, text := range shown {
		if c, ok := open(text); ok && (how.With == "access_token" && c.Kind != kindAccess || how.With == "refresh_token" && c.Kind != kindRefresh) {
			return nil, refused(400, "unsupported_token_type", "the token is of kind %s (revocation_request.with: %s)", c.Kind, how.With)
		}
	}
	return shown, nil
}

func isClientParam(name string, how *schema.Revocation) bool {
	return how.AuthorizationMethod != schema.ClientAuthNone && how.AuthorizationMethod != schema.RevokeBearer && (name == "client_id" || name == "client_secret" || strings.HasPrefix(name, "client_assertion"))
}

// tokensIn returns what stands where templates have a token.
func tokensIn(list []declared, get func(string) string) []string {
	var shown []string
	for _, d := range list {
		values, _ := d.form.read(get(d.name))
		for n, v := range values {
			switch d.form.refs[n][0].Name {
			case "revoked_token", "access_token", "refresh_token":
				shown = append(shown, v)
			}
		}
	}
	return shown
}
