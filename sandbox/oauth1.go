package sandbox

import (
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/nango-lite/nango-lite/schema"
)

// temporaryLifetime is how long a user may take to authorize a client.
const temporaryLifetime = 15 * time.Minute

// serveOAuth1 plays the endpoints for temporary credentials and for token
// credentials (RFC 5849 2.1 and 2.3).
func (p *Provider) serveOAuth1(w http.ResponseWriter, r *http.Request, at location) {
	body := readBody(r)
	f := p.faults.takeToken()
	if p.playBeforeToken(w, r, f) {
		return
	}
	step := p.tokenCredentials
	if at.name == placeRequest {
		step = p.temporaryCredentials
	}
	a, ref := step(r, body, at)
	if ref != nil {
		p.stats.add(func(s *counts) { s.refused++ })
		p.write(w, r, p.oauth1Error(ref))
		return
	}
	if p.playAfterToken(w, r, f) {
		return
	}
	a.set("Cache-Control", "no-store")
	p.write(w, r, a)
}

// oauth1Error answers as the OAuth Problem Reporting extension says, unless the
// blueprint shows another shape.
func (p *Provider) oauth1Error(ref *refusal) answer {
	a, sampled := p.samples.tokenError(ref.code)
	if !sampled {
		a = answer{status: ref.status, form: true, body: map[string]any{"oauth_problem": ref.code, "oauth_problem_advice": ref.reason}}
	}
	return ref.mark(a)
}

// temporaryCredentials answers at request_url.
func (p *Provider) temporaryCredentials(r *http.Request, body []byte, at location) (answer, *refusal) {
	s, ref := p.readEndpoint(r, body, at, p.integration.Auth.RequestHTTPMethod, p.params.request, "request_params")
	if ref != nil {
		return answer{}, ref
	}
	if s.oauth["oauth_token"] != "" {
		return answer{}, refused(400, "parameter_rejected", "oauth_token is given, but a request for temporary credentials has none (RFC 5849 2.1)")
	}
	callback := s.oauth["oauth_callback"]
	if callback == "" {
		return answer{}, refused(400, "parameter_absent", "oauth_callback is missing (RFC 5849 2.1)")
	}
	if ref := p.checkRedirectURI(withoutState(callback)); ref != nil {
		return answer{}, refused(400, "parameter_rejected", "oauth_callback: %s", ref.reason)
	}
	if ref := p.checkSignature(s, ""); ref != nil {
		return answer{}, ref
	}
	token := p.issue(claims{Kind: kindTemporary, Client: s.oauth["oauth_consumer_key"], Redirect: callback}, temporaryLifetime)
	return answer{form: true, body: map[string]any{
		"oauth_token": token, "oauth_token_secret": tokenSecret(token), "oauth_callback_confirmed": "true",
	}}, nil
}

// withoutState returns a callback as it is registered: clients put their state into
// its query.
func withoutState(callback string) string {
	u, err := url.Parse(callback)
	if err != nil {
		return callback
	}
	pairs := slices.DeleteFunc(strings.Split(u.RawQuery, "&"), func(pair string) bool { return strings.HasPrefix(pair, "state=") })
	u.RawQuery = strings.Join(pairs, "&")
	return u.String()
}

// tokenSecret is the shared secret of a token: any sandbox process knows it from the
// token.
func tokenSecret(token string) string { return seal("the secret of " + token) }

// checkTemporary checks what a user is sent with (RFC 5849 2.2).
func (p *Provider) checkTemporary(q url.Values, at location) (claims, *refusal) {
	if len(q["oauth_token"]) != 1 {
		return claims{}, refused(400, "parameter_absent", "there must be one oauth_token, and there are %d", len(q["oauth_token"]))
	}
	token := q.Get("oauth_token")
	c, ref := p.verify(kindTemporary, "oauth_token", token)
	if ref == nil {
		ref = p.checkScope(q.Get("scope"))
	}
	if ref == nil {
		ref = p.checkDeclared(at.query, q.Get, "the query of authorization_url")
	}
	if ref == nil {
		ref = p.checkDeclared(p.params.authorization, q.Get, "the authorization request (authorization_params)", "oauth_token", "scope")
	}
	return claims{Kind: kindConsent, Client: c.Client, Redirect: c.Redirect, Scope: q.Get("scope"), Temporary: token}, ref
}

// authorized returns what the callback says of temporary credentials.
func (p *Provider) authorized(c claims) url.Values {
	back := p.callbackFields()
	back.Set("oauth_token", c.Temporary)
	back.Set("oauth_verifier", p.issue(claims{Kind: kindCode, Client: c.Client, Scope: c.Scope, Temporary: shortHash(c.Temporary), Family: p.random(8)}, codeLifetime))
	return back
}

// tokenCredentials answers at token_url.
func (p *Provider) tokenCredentials(r *http.Request, body []byte, at location) (answer, *refusal) {
	s, ref := p.readEndpoint(r, body, at, p.integration.Auth.TokenHTTPMethod, p.params.token, "token_params")
	if ref != nil {
		return answer{}, ref
	}
	token := s.oauth["oauth_token"]
	if _, ref := p.verify(kindTemporary, "oauth_token", token); ref != nil {
		return answer{}, refused(401, "token_rejected", "%s", ref.reason)
	}
	if ref := p.checkSignature(s, tokenSecret(token)); ref != nil {
		return answer{}, ref
	}
	c, ref := p.verify(kindCode, "oauth_verifier", s.oauth["oauth_verifier"])
	switch {
	case ref != nil:
		return answer{}, refused(401, "verifier_invalid", "%s", ref.reason)
	case c.Temporary != shortHash(token):
		return answer{}, refused(401, "verifier_invalid", "the oauth_verifier belongs to other temporary credentials")
	}
	if ref := p.grants.useCode(c); ref != nil {
		return answer{}, refused(401, "token_used", "%s", ref.reason)
	}
	p.stats.add(func(s *counts) { s.exchanges++ })
	a, sampled := p.samples.token("")
	if !sampled {
		a = answer{form: true}
	}
	granted := p.issue(claims{Kind: kindAccess, Client: c.Client, Scope: c.Scope, Family: c.Family}, p.opts.TokenLifetime)
	a.body = put(a.body, "oauth_token", granted)
	a.body = put(a.body, "oauth_token_secret", tokenSecret(granted))
	p.putConnection(&a)
	return a, nil
}

// signsCalls reports whether the API wants its calls signed: where the blueprint
// gives Authorization itself, it does not.
func (p *Provider) signsCalls() bool {
	mode := p.integration.Auth.AuthMode
	return mode == schema.AWSSigV4 || (mode == schema.OAuth1 || mode == schema.TBA) &&
		!slices.ContainsFunc(p.guards, func(g guard) bool { return g.header && strings.EqualFold(g.name, "Authorization") })
}

// checkSignedCall checks the signature of an API request.
func (p *Provider) checkSignedCall(c *call, who *caller) *refusal {
	if p.integration.Auth.AuthMode == schema.AWSSigV4 {
		return p.checkAWSCall(c, who)
	}
	s, ref := p.readSigned(c.Request, c.body, c.at)
	if ref != nil {
		return refused(401, codeUnauthorized, "%s", ref.reason)
	}
	token := s.oauth["oauth_token"]
	if p.integration.Auth.AuthMode == schema.TBA {
		return p.checkTyped(s, who)
	}
	if ref := p.checkAccess("", token, who); ref != nil {
		return ref
	}
	if ref := p.checkSignature(s, tokenSecret(token)); ref != nil {
		return refused(401, codeUnauthorized, "%s", ref.reason)
	}
	return nil
}

// checkTyped checks a signature with a token that the user typed. The sandbox knows
// one account, that of the examples; of others it cannot know the secret.
func (p *Provider) checkTyped(s *signedRequest, who *caller) *refusal {
	id, secret := p.integration.Credentials["token_id"], p.integration.Credentials["token_secret"]
	token := s.oauth["oauth_token"]
	if token == "" {
		return refused(401, codeUnauthorized, "oauth_token is missing")
	}
	who.key += shortHash(token)
	if id.Example == "" || token != id.Example || secret.Example == "" {
		return nil
	}
	if ref := p.checkSignature(s, secret.Example); ref != nil {
		return refused(401, codeUnauthorized, "%s", ref.reason)
	}
	return nil
}

// readEndpoint reads a signed request to one of the provider's own endpoints.
func (p *Provider) readEndpoint(r *http.Request, body []byte, at location, method string, params []declared, key string) (*signedRequest, *refusal) {
	if method == "" {
		method = http.MethodPost
	}
	if r.Method != method {
		return nil, refused(405, "parameter_rejected", "%s takes %s, not %s", at.name, method, r.Method)
	}
	s, ref := p.readSigned(r, body, at)
	if ref != nil {
		return nil, ref
	}
	if ref := p.checkDeclared(at.query, r.URL.Query().Get, "the query of "+at.name); ref != nil {
		return nil, ref
	}
	return s, p.checkDeclared(params, s.get, "the request to "+at.name+" ("+key+")")
}
