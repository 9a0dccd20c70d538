package sandbox

import (
	"net/http"
	"time"
)

// serveIntrospect plays the introspection endpoint (RFC 7662).
func (p *Provider) serveIntrospect(w http.ResponseWriter, r *http.Request, at location) {
	a, ref := p.introspect(r, at)
	if ref != nil {
		p.stats.add(func(s *counts) { s.refused++ })
		a = p.tokenError(ref)
	}
	a.set("Cache-Control", "no-store")
	p.write(w, r, a)
}

func (p *Provider) introspect(r *http.Request, at location) (answer, *refusal) {
	t, ref := p.readClientForm(r, at, "introspection is made with POST (RFC 7662 2.1)")
	if ref != nil {
		return answer{}, ref
	}
	if ref := p.checkDeclared(p.params.introspect, t.wire.Get, "the introspection request (introspection_params)", "token"); ref != nil {
		return answer{}, ref
	}
	shown := t.wire.Get("token")
	if shown == "" {
		return answer{}, refused(400, "invalid_request", "token is missing (RFC 7662 2.1)")
	}
	p.stats.add(func(s *counts) { s.introspected++ })
	return answer{body: p.aboutToken(shown)}, nil
}

// aboutToken answers as RFC 7662 2.2 says: of a token that is not good it tells
// nothing but that.
func (p *Provider) aboutToken(shown string) map[string]any {
	inactive := map[string]any{"active": false}
	c, ok := open(shown)
	if !ok || c.Integration != p.Name() || c.Kind != kindAccess && c.Kind != kindRefresh || p.grants.check(c) != nil {
		return inactive
	}
	if c.Expires != 0 && !p.now().Before(time.UnixMilli(c.Expires)) {
		return inactive
	}
	about := map[string]any{"active": true, "client_id": c.Client, "iat": c.Issued / 1000}
	if c.Scope != "" {
		about["scope"] = c.Scope
	}
	if c.Expires != 0 {
		about["exp"] = c.Expires / 1000
	}
	return about
}
