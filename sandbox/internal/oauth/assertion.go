package oauth

import (
	"slices"
	"strings"

	"github.com/nango-lite/nango-lite/sandbox/internal/grant"
	"github.com/nango-lite/nango-lite/sandbox/internal/match"
	"github.com/nango-lite/nango-lite/sandbox/internal/message"
	"github.com/nango-lite/nango-lite/schema"
)

// checkAssertions checks each ${jwt} of a token request.
func (p *clients) checkAssertions(t *tokenRequest, params []match.Declared) *message.Refusal {
	for _, from := range []struct {
		list []match.Declared
		get  func(string) string
	}{{params, t.wire.Get}, {p.Params.Query, t.query.Get}, {p.Params.Headers, t.header.Get}} {
		for _, d := range from.list {
			values, ok := d.Form.Read(from.get(d.Name))
			for n := range values {
				if ok && d.Form.Refs[n][0].Name == "jwt" {
					if _, ref := p.CheckJWT(values[n]); ref != nil {
						return ref
					}
				}
			}
		}
	}
	return nil
}

// checkAssertion checks the client's signature (RFC 7523 3). An assertion is good
// once.
func (p *clients) checkAssertion(t *tokenRequest) *message.Refusal {
	const kind = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
	if got := t.wire.Get("client_assertion_type"); got != kind {
		return message.InvalidClient("client_assertion_type must be %s, not %q; the blueprint wants %s", kind, got, clientAuth[schema.ClientAuthJWT])
	}
	a, ref := p.CheckJWT(t.wire.Get("client_assertion"))
	if ref != nil {
		return ref
	}
	client := message.Text(a.Payload["sub"])
	switch {
	case !p.IsClient(client):
		return message.InvalidClient("the assertion's sub is not the integration's oauth_client_id")
	case message.Text(a.Payload["iss"]) == "" || message.Text(a.Payload["aud"]) == "" || message.Text(a.Payload["jti"]) == "":
		return message.InvalidClient("the assertion lacks iss, aud or jti (RFC 7523 3)")
	case t.std["client_id"] != "" && t.std["client_id"] != client:
		return message.InvalidClient("client_id is not the assertion's sub (RFC 7521 4.2)")
	}
	if !p.declaresClaim("aud") && !slices.ContainsFunc(p.Places, func(at match.Place) bool {
		return (at.Name == match.PlaceToken || at.Name == match.PlaceRefresh) && at.Pattern.MatchString(withoutScheme(message.Text(a.Payload["aud"])))
	}) {
		return message.InvalidClient("the assertion's aud is not the token endpoint (RFC 7523 3)")
	}
	if p.Grants.UseCode(grant.Claims{ID: "jti " + message.Text(a.Payload["jti"])}) != nil {
		return message.InvalidClient("the assertion was used before")
	}
	return nil
}

func (p *clients) declaresClaim(name string) bool {
	return slices.ContainsFunc(p.JWT.Payload, func(d match.Declared) bool { return d.Name == name })
}

func withoutScheme(u string) string {
	_, rest, _ := strings.Cut(u, "://")
	rest, _, _ = strings.Cut(rest, "?")
	return rest
}
