package oauth

import (
	"net/http"
	"time"

	"github.com/nango-lite/nango-lite/sandbox/internal/grant"
	"github.com/nango-lite/nango-lite/sandbox/internal/match"
	"github.com/nango-lite/nango-lite/sandbox/internal/message"
	"github.com/nango-lite/nango-lite/sandbox/internal/play"
)

// serveIntrospect plays the introspection endpoint (RFC 7662).
func (p *introspection) serveIntrospect(w http.ResponseWriter, r *http.Request, at match.Location) {
	a, ref := p.introspect(r, at)
	if ref != nil {
		p.Stats.Add(func(s *play.Counts) { s.Refused++ })
		a = p.answers.tokenError(ref)
	}
	a.Set("Cache-Control", "no-store")
	p.Write(w, r, a)
}

func (p *introspection) introspect(r *http.Request, at match.Location) (message.Answer, *message.Refusal) {
	t, ref := p.clients.readClientForm(r, at, "introspection is made with POST (RFC 7662 2.1)")
	if ref != nil {
		return message.Answer{}, ref
	}
	shown := t.wire.Get("token")
	if shown == "" {
		return message.Answer{}, message.Refused(400, "invalid_request", "token is missing (RFC 7662 2.1)")
	}
	p.Stats.Add(func(s *play.Counts) { s.Introspected++ })
	return message.Answer{Body: p.aboutToken(shown)}, nil
}

// aboutToken answers as RFC 7662 2.2 says: of a token that is not good it tells
// nothing but that.
func (p *introspection) aboutToken(shown string) map[string]any {
	inactive := map[string]any{"active": false}
	c, ok := grant.Open(shown)
	if !ok || c.Integration != p.Name() || c.Kind != grant.KindAccess && c.Kind != grant.KindRefresh || p.Grants.Check(c) != nil {
		return inactive
	}
	if c.Expires != 0 && !p.Now().Before(time.UnixMilli(c.Expires)) {
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
