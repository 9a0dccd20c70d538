package sandbox

import (
	"slices"
	"strings"
	"time"

	"github.com/nango-lite/nango-lite/schema"
	"github.com/nango-lite/nango-lite/schema/signingkey"
)

// jwtSkew is how far apart clocks may be.
const jwtSkew = time.Minute

// A jwtForm is auth.jwt with its templates compiled.
type jwtForm struct {
	*schema.JWT
	header, payload []declared
	key             schema.Template
}

func compileJWT(j *schema.JWT) (f *jwtForm, err error) {
	if j == nil {
		return nil, nil
	}
	f = &jwtForm{JWT: j}
	if f.header, err = compileAll(j.Header); err != nil {
		return nil, err
	}
	if f.payload, err = compileAll(j.Payload); err != nil {
		return nil, err
	}
	f.key, err = schema.ParseTemplate(j.SigningKey())
	return f, err
}

// checkJWT checks a token against auth.jwt: how it is signed, by whom, for what and
// for how long.
func (p *Provider) checkJWT(s string) (signedToken, *refusal) {
	no := func(format string, args ...any) (signedToken, *refusal) {
		return signedToken{}, refused(401, "invalid_client", "the JWT is not in order: "+format, args...)
	}
	f := p.jwt
	if f == nil {
		return no("the blueprint has no auth.jwt")
	}
	key, err := p.jwtKey()
	if err != nil {
		return no("the sandbox cannot read the key: %v", err)
	}
	t, err := verifyJWS(f.Algorithm, key, s)
	if err != nil {
		return no("%v", err)
	}
	header, payload := func(n string) string { return text(t.header[n]) }, func(n string) string { return text(t.payload[n]) }
	shown := &seen{values: map[string][]string{}, checked: map[string]bool{}}
	p.take(shown, f.header, header)
	p.take(shown, f.payload, payload)
	if ref := p.checkShown(shown, f.header, header, "the JWT's header (auth.jwt.header)"); ref != nil {
		return t, ref
	}
	if ref := p.checkShown(shown, f.payload, payload, "the JWT's payload (auth.jwt.payload)"); ref != nil {
		return t, ref
	}
	return t, p.checkTimes(t)
}

func (p *Provider) checkTimes(t signedToken) *refusal {
	for _, d := range p.jwt.payload {
		if d.text == "" && t.payload[d.name] != nil {
			return refused(401, "invalid_client", "the JWT has %q, which the blueprint leaves out", d.name)
		}
	}
	issued, hasIssued := t.payload["iat"].(float64)
	expires, hasExpires := t.payload["exp"].(float64)
	now := float64(p.now().Unix())
	wants := func(name string) bool {
		return !slices.ContainsFunc(p.jwt.payload, func(d declared) bool { return d.name == name })
	}
	switch {
	case wants("exp") && !hasExpires:
		return refused(401, "invalid_client", "the JWT has no exp")
	case hasExpires && expires <= now:
		return refused(401, codeExpired, "the JWT has expired")
	case hasIssued && issued > now+jwtSkew.Seconds():
		return refused(401, "invalid_client", "the JWT was issued in the future")
	case hasIssued && hasExpires && expires-issued > p.jwt.Lifetime().Seconds():
		return refused(401, "invalid_client", "the JWT lives for %v s, and the blueprint says %v", expires-issued, p.jwt.Lifetime().Seconds())
	}
	return nil
}

// jwtKey returns the key that the client has: the integration's own, or the example
// of what a user would type.
func (p *Provider) jwtKey() (any, error) {
	var b strings.Builder
	for _, part := range p.jwt.key.Parts {
		b.WriteString(part.Literal)
		if part.Refs != nil {
			b.WriteString(p.known(part.Refs[0]))
		}
	}
	return signingkey.Parse(p.jwt.Algorithm, p.jwt.KeyEncoding, b.String())
}

// known returns what a placeholder stands for, as far as the sandbox can know.
func (p *Provider) known(ref schema.Ref) string {
	switch ref.Name {
	case "":
		return ref.Literal
	case "oauth_client_id":
		return p.integration.OAuthClientID
	case "oauth_client_secret":
		return p.integration.OAuthClientSecret.Reveal()
	case "oauth_private_key":
		return p.integration.OAuthPrivateKey.Reveal()
	case "app_api_key":
		return p.integration.AppAPIKey.Reveal()
	}
	namespace, field, _ := strings.Cut(ref.Name, ".")
	if namespace == "connection" {
		return exampleOf(field, p.integration.Connection[field].Field)
	}
	return exampleOf(field, p.integration.Credentials[field])
}

// checkAssertions checks each ${jwt} of a token request.
func (p *Provider) checkAssertions(t *tokenRequest, params []declared) *refusal {
	for _, from := range []struct {
		list []declared
		get  func(string) string
	}{{params, t.wire.Get}, {p.params.query, t.query.Get}, {p.params.headers, t.header.Get}} {
		for _, d := range from.list {
			values, ok := d.form.read(from.get(d.name))
			for n := range values {
				if ok && d.form.refs[n][0].Name == "jwt" {
					if _, ref := p.checkJWT(values[n]); ref != nil {
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
func (p *Provider) checkAssertion(t *tokenRequest) *refusal {
	const kind = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
	if got := t.wire.Get("client_assertion_type"); got != kind {
		return invalidClient("client_assertion_type must be %s, not %q; the blueprint wants %s", kind, got, clientAuth[schema.ClientAuthJWT])
	}
	a, ref := p.checkJWT(t.wire.Get("client_assertion"))
	if ref != nil {
		return ref
	}
	client := text(a.payload["sub"])
	switch {
	case !p.isClient(client):
		return invalidClient("the assertion's sub is not the integration's oauth_client_id")
	case text(a.payload["iss"]) == "" || text(a.payload["aud"]) == "" || text(a.payload["jti"]) == "":
		return invalidClient("the assertion lacks iss, aud or jti (RFC 7523 3)")
	case t.std["client_id"] != "" && t.std["client_id"] != client:
		return invalidClient("client_id is not the assertion's sub (RFC 7521 4.2)")
	}
	if !p.declaresClaim("aud") && !slices.ContainsFunc(p.places, func(at place) bool {
		return (at.name == placeToken || at.name == placeRefresh) && at.re.MatchString(withoutScheme(text(a.payload["aud"])))
	}) {
		return invalidClient("the assertion's aud is not the token endpoint (RFC 7523 3)")
	}
	if p.grants.useCode(claims{ID: "jti " + text(a.payload["jti"])}) != nil {
		return invalidClient("the assertion was used before")
	}
	return nil
}

func (p *Provider) declaresClaim(name string) bool {
	return slices.ContainsFunc(p.jwt.payload, func(d declared) bool { return d.name == name })
}

func withoutScheme(u string) string {
	_, rest, _ := strings.Cut(u, "://")
	rest, _, _ = strings.Cut(rest, "?")
	return rest
}
