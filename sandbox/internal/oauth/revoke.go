package oauth

import (
	"net/http"
	"slices"
	"strings"

	"github.com/nango-lite/nango-lite/sandbox/internal/grant"
	"github.com/nango-lite/nango-lite/sandbox/internal/match"
	"github.com/nango-lite/nango-lite/sandbox/internal/message"
	"github.com/nango-lite/nango-lite/sandbox/internal/play"
	"github.com/nango-lite/nango-lite/schema"
)

// serveRevoke plays the revocation endpoint: RFC 7009, or what revocation_request
// makes of it.
func (p *revocation) serveRevoke(w http.ResponseWriter, r *http.Request, at match.Location) {
	shown, ref := p.readRevocation(r, at)
	if ref != nil {
		p.Stats.Add(func(s *play.Counts) { s.Refused++ })
		p.Write(w, r, p.answers.tokenError(ref))
		return
	}
	if len(shown) == 0 && namesConnection(p.Params.Revoke) { // Stripe is told the account in place of a token
		p.Stats.Add(func(s *play.Counts) { s.Revocations++ })
	}
	for _, text := range shown {
		c, ok := grant.Open(text)
		if !ok || c.Integration != p.Name() {
			continue // RFC 7009 2.2: what nobody knows is no error
		}
		p.Stats.Add(func(s *play.Counts) { s.Revocations++ })
		if c.Kind == grant.KindRefresh {
			p.Grants.Revoke(grant.FamilyKey(c), "the client revoked it")
		} else {
			p.Grants.Spend(c)
		}
	}
	a := message.Answer{}
	if how := p.Integration.Auth.RevocationRequest; how != nil {
		p.Satisfy(how.Success, &a)
	}
	p.Write(w, r, a)
}

// readRevocation returns the tokens that a revocation request shows.
func (p *revocation) readRevocation(r *http.Request, at match.Location) ([]string, *message.Refusal) {
	how := p.Integration.Auth.RevocationRequest
	if how == nil {
		how = &schema.Revocation{BodyFormat: p.Integration.Auth.BodyFormat}
		if how.BodyFormat == "query" || message.MediaType(r.Header) != "application/json" {
			how.BodyFormat = "form"
		}
	}
	t := &tokenRequest{header: r.Header, query: r.URL.Query(), begins: true}
	if ref := p.readRevoked(t, r, how); ref != nil {
		return nil, ref
	}
	if ref := p.CheckDeclared(at.Query, t.query.Get, "the query of "+at.Name); ref != nil {
		return nil, ref
	}
	if how.Params == nil {
		if ref := p.clients.readStandard(t, r.Method); ref != nil {
			return nil, ref
		}
	}
	if ref := p.checkRevoker(t, how); ref != nil {
		return nil, ref
	}
	return p.revokedTokens(t, how)
}

// readRevoked reads the parameters from where they have to stand.
func (p *revocation) readRevoked(t *tokenRequest, r *http.Request, how *schema.Revocation) (ref *message.Refusal) {
	method, body := how.Method, message.ReadBody(r)
	if method == "" {
		method = http.MethodPost
	}
	switch {
	case r.Method != method:
		return message.Refused(405, "invalid_request", "revocation is made with %s, not %s", method, r.Method)
	case method == http.MethodGet || how.BodyFormat == "query":
		if kind := r.Header.Get("Content-Type"); kind != "" {
			return message.Refused(400, "invalid_request", "there is a Content-Type (%s), and the parameters stand in the query", kind)
		}
		t.wire = t.query
	case how.BodyFormat == "json":
		t.wire, t.types, ref = message.ReadJSON(r.Header, body)
	default:
		t.wire, ref = message.ReadForm(r.Header, body)
	}
	return ref
}

// checkRevoker checks who is calling.
func (p *revocation) checkRevoker(t *tokenRequest, how *schema.Revocation) *message.Refusal {
	declaresHeader := p.clients.declares(p.Params.RevokeHeaders, "Authorization")
	switch how.AuthorizationMethod {
	case "":
		if how.Params != nil {
			p.knowClient(t)
		}
		return p.clients.checkClient(t)
	case schema.RevokeBearer:
		c, ok := grant.Open(strings.TrimPrefix(t.header.Get("Authorization"), "Bearer "))
		if !ok || c.Integration != p.Name() {
			return message.Refused(401, "invalid_token", "there is no token in the Authorization header (revocation_request.authorization_method: bearer)")
		}
		return nil
	case schema.ClientAuthNone:
		if t.header.Get("Authorization") != "" && !declaresHeader {
			return message.InvalidClient("there is an Authorization header, and revocation_request does not declare it")
		}
		if t.wire.Has("client_secret") && !p.clients.declares(p.Params.Revoke, "client_secret") {
			return message.InvalidClient("client_secret is given; the blueprint wants no client authentication here (revocation_request.authorization_method: none)")
		}
		return nil
	}
	p.knowClient(t)
	return p.clients.checkClientBy(t, how.AuthorizationMethod)
}

// knowClient gives the client's parameters their standard names, where the others are
// the blueprint's own.
func (p *revocation) knowClient(t *tokenRequest) {
	t.std = map[string]string{"client_id": t.wire.Get("client_id"), "client_secret": t.wire.Get("client_secret")}
}

// revokedTokens returns the tokens in a request whose sender is known: where RFC 7009
// has them, or where the declared templates do.
func (p *revocation) revokedTokens(t *tokenRequest, how *schema.Revocation) ([]string, *message.Refusal) {
	var shown []string
	if how.AuthorizationMethod == schema.RevokeBearer {
		shown = append(shown, strings.TrimPrefix(t.header.Get("Authorization"), "Bearer "))
	}
	if how.Params == nil && how.AuthorizationMethod != schema.RevokeBearer {
		if t.wire.Get("token") == "" {
			return nil, message.Refused(400, "invalid_request", "token is missing (RFC 7009 2.1)")
		}
		shown = append(shown, t.wire.Get("token"))
	}
	for _, from := range []struct {
		list  []match.Declared
		get   func(string) string
		where string
	}{
		{p.Params.Revoke, t.wire.Get, "the revocation request (revocation_request.params)"},
		{p.Params.RevokeHeaders, t.header.Get, "the header of the revocation request (revocation_request.headers)"},
	} {
		if ref := p.CheckDeclared(from.list, from.get, from.where); ref != nil {
			return nil, ref
		}
		shown = append(shown, tokensIn(from.list, from.get)...)
	}
	if how.Params != nil || how.AuthorizationMethod == schema.RevokeBearer {
		for name := range t.wire {
			if !p.clients.declares(p.Params.Revoke, name) && !isClientParam(name, how) {
				return nil, message.Refused(400, "invalid_request", "%s is given, and revocation_request does not declare it", name)
			}
		}
	}
	for _, text := range shown {
		if c, ok := grant.Open(text); ok && (how.With == "access_token" && c.Kind != grant.KindAccess || how.With == "refresh_token" && c.Kind != grant.KindRefresh) {
			return nil, message.Refused(400, "unsupported_token_type", "the token is of kind %s (revocation_request.with: %s)", c.Kind, how.With)
		}
	}
	return shown, nil
}

func isClientParam(name string, how *schema.Revocation) bool {
	return how.AuthorizationMethod != schema.ClientAuthNone && how.AuthorizationMethod != schema.RevokeBearer && (name == "client_id" || name == "client_secret" || strings.HasPrefix(name, "client_assertion"))
}

// namesConnection reports whether templates say whose grant it is by a field of the
// connection.
func namesConnection(list []match.Declared) bool {
	return slices.ContainsFunc(list, func(d match.Declared) bool {
		return slices.ContainsFunc(d.Form.Refs, func(alternatives []schema.Ref) bool {
			return strings.HasPrefix(alternatives[0].Name, "connection.")
		})
	})
}

// tokensIn returns what stands where templates have a token.
func tokensIn(list []match.Declared, get func(string) string) []string {
	var shown []string
	for _, d := range list {
		values, _ := d.Form.Read(get(d.Name))
		for n, v := range values {
			switch d.Form.Refs[n][0].Name {
			case "revoked_token", "access_token", "refresh_token":
				shown = append(shown, v)
			}
		}
	}
	return shown
}
