package oauth

import (
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/nango-lite/nango-lite/sandbox/internal/grant"
	"github.com/nango-lite/nango-lite/sandbox/internal/match"
	"github.com/nango-lite/nango-lite/sandbox/internal/message"
	"github.com/nango-lite/nango-lite/sandbox/internal/play"
	"github.com/nango-lite/nango-lite/sandbox/internal/sign"
	"github.com/nango-lite/nango-lite/schema"
)

// temporaryLifetime is how long a user may take to authorize a client.
const temporaryLifetime = 15 * time.Minute

// serveOAuth1 plays the endpoints for temporary credentials and for token
// credentials (RFC 5849 2.1 and 2.3).
func (p *oauth1) serveOAuth1(w http.ResponseWriter, r *http.Request, at match.Location) {
	body := message.ReadBody(r)
	f := p.Faults.TakeToken()
	if p.PlayBeforeToken(w, r, f) {
		return
	}
	step := p.tokenCredentials
	if at.Name == match.PlaceRequest {
		step = p.temporaryCredentials
	}
	a, ref := step(r, body, at)
	if ref != nil {
		p.Stats.Add(func(s *play.Counts) { s.Refused++ })
		p.Write(w, r, p.oauth1Error(ref))
		return
	}
	if p.PlayAfterToken(w, r, f) {
		return
	}
	a.Set("Cache-Control", "no-store")
	p.Write(w, r, a)
}

// oauth1Error answers as the OAuth Problem Reporting extension says, unless the
// blueprint shows another shape.
func (p *oauth1) oauth1Error(ref *message.Refusal) message.Answer {
	a, sampled := p.Samples.TokenError(ref.Code)
	if !sampled {
		a = message.Answer{Status: ref.Status, Form: true, Body: map[string]any{"oauth_problem": ref.Code, "oauth_problem_advice": ref.Reason}}
	}
	return ref.Mark(a)
}

// temporaryCredentials answers at request_url.
func (p *oauth1) temporaryCredentials(r *http.Request, body []byte, at match.Location) (message.Answer, *message.Refusal) {
	s, ref := p.readEndpoint(r, body, at, p.Integration.Auth.RequestHTTPMethod, p.Params.Request, "request_params")
	if ref != nil {
		return message.Answer{}, ref
	}
	if s.Oauth["oauth_token"] != "" {
		return message.Answer{}, message.Refused(400, "parameter_rejected", "oauth_token is given, but a request for temporary credentials has none (RFC 5849 2.1)")
	}
	callback := s.Oauth["oauth_callback"]
	if callback == "" {
		return message.Answer{}, message.Refused(400, "parameter_absent", "oauth_callback is missing (RFC 5849 2.1)")
	}
	if ref := p.checkRedirectURI(withoutState(callback)); ref != nil {
		return message.Answer{}, message.Refused(400, "parameter_rejected", "oauth_callback: %s", ref.Reason)
	}
	if ref := p.CheckSignature(s, ""); ref != nil {
		return message.Answer{}, ref
	}
	token := p.Issue(grant.Claims{Kind: grant.KindTemporary, Client: s.Oauth["oauth_consumer_key"], Redirect: callback}, temporaryLifetime)
	return message.Answer{Form: true, Body: map[string]any{
		"oauth_token": token, "oauth_token_secret": grant.TokenSecret(token), "oauth_callback_confirmed": "true",
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

// tokenCredentials answers at token_url.
func (p *oauth1) tokenCredentials(r *http.Request, body []byte, at match.Location) (message.Answer, *message.Refusal) {
	s, ref := p.readEndpoint(r, body, at, p.Integration.Auth.TokenHTTPMethod, p.Params.Token, "token_params")
	if ref != nil {
		return message.Answer{}, ref
	}
	token := s.Oauth["oauth_token"]
	if _, ref := p.Verify(grant.KindTemporary, "oauth_token", token); ref != nil {
		return message.Answer{}, message.Refused(401, "token_rejected", "%s", ref.Reason)
	}
	if ref := p.CheckSignature(s, grant.TokenSecret(token)); ref != nil {
		return message.Answer{}, ref
	}
	c, ref := p.Verify(grant.KindCode, "oauth_verifier", s.Oauth["oauth_verifier"])
	switch {
	case ref != nil:
		return message.Answer{}, message.Refused(401, "verifier_invalid", "%s", ref.Reason)
	case c.Temporary != message.ShortHash(token):
		return message.Answer{}, message.Refused(401, "verifier_invalid", "the oauth_verifier belongs to other temporary credentials")
	}
	if ref := p.Grants.UseCode(c); ref != nil {
		return message.Answer{}, message.Refused(401, "token_used", "%s", ref.Reason)
	}
	p.Stats.Add(func(s *play.Counts) { s.Exchanges++ })
	a, sampled := p.Samples.Token("")
	if !sampled {
		a = message.Answer{Form: true}
	}
	granted := p.Issue(grant.Claims{Kind: grant.KindAccess, Client: c.Client, Scope: c.Scope, Family: c.Family}, p.Opts.TokenLifetime)
	a.Body = schema.PutAt(a.Body, "oauth_token", granted)
	a.Body = schema.PutAt(a.Body, "oauth_token_secret", grant.TokenSecret(granted))
	p.answers.putConnection(&a)
	return a, nil
}

// readEndpoint reads a signed request to one of the provider's own endpoints.
func (p *oauth1) readEndpoint(r *http.Request, body []byte, at match.Location, method string, params []match.Declared, key string) (*sign.SignedRequest, *message.Refusal) {
	if method == "" {
		method = http.MethodPost
	}
	if r.Method != method {
		return nil, message.Refused(405, "parameter_rejected", "%s takes %s, not %s", at.Name, method, r.Method)
	}
	s, ref := p.ReadSigned(r, body, at)
	if ref != nil {
		return nil, ref
	}
	if ref := p.CheckDeclared(at.Query, r.URL.Query().Get, "the query of "+at.Name); ref != nil {
		return nil, ref
	}
	return s, p.CheckDeclared(params, s.Get, "the request to "+at.Name+" ("+key+")")
}
