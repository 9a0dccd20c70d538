package oauth

import (
	"crypto/sha256"
	"encoding/base64"
	"net/http"

	"github.com/nango-lite/nango-lite/internal/lazyregexp"
	"github.com/nango-lite/nango-lite/sandbox/internal/grant"
	"github.com/nango-lite/nango-lite/sandbox/internal/match"
	"github.com/nango-lite/nango-lite/sandbox/internal/message"
	"github.com/nango-lite/nango-lite/sandbox/internal/play"
	"github.com/nango-lite/nango-lite/schema"
)

// serveToken plays the token endpoint (RFC 6749 3.2) for both grants.
func (p *token) serveToken(w http.ResponseWriter, r *http.Request, at match.Location) {
	body := message.ReadBody(r)
	f := p.Faults.TakeToken()
	if p.PlayBeforeToken(w, r, f) {
		return
	}
	a, ref := p.grant(r, body, at)
	if ref != nil {
		p.Stats.Add(func(s *play.Counts) { s.Refused++ })
		p.Write(w, r, p.answers.tokenError(ref))
		return
	}
	if p.PlayAfterToken(w, r, f) {
		return
	}
	p.Write(w, r, a)
}

// grant checks a token request and answers it.
func (p *token) grant(r *http.Request, body []byte, at match.Location) (message.Answer, *message.Refusal) {
	t, ref := p.clients.readTokenRequest(r, body, at)
	if ref != nil {
		return message.Answer{}, ref
	}
	if t.issues {
		return p.issueToken(t, at)
	}
	for _, check := range []func(*tokenRequest) *message.Refusal{
		p.clients.checkClient,
		func(t *tokenRequest) *message.Refusal { return p.checkGrant(t, at) },
		func(t *tokenRequest) *message.Refusal { return p.checkExtras(t, at) },
	} {
		if ref := check(t); ref != nil {
			return message.Answer{}, ref
		}
	}
	if t.device() {
		return p.exchangeDevice(t)
	}
	if t.exchange() {
		return p.exchange(t)
	}
	return p.refresh(t)
}

// checkGrant checks grant_type and that the request came to the right URL.
func (p *token) checkGrant(t *tokenRequest, at match.Location) *message.Refusal {
	if t.device() {
		return p.checkDeviceGrant(t, at)
	}
	if p.Integration.Auth.RefreshesAccessToken() && t.std["code"] == "" {
		if p.shownAccess(t) == "" {
			return message.Refused(400, "invalid_request", "there is neither a code nor the access token that refresh_params declare")
		}
		if at.Name == match.PlaceToken && !at.Shared {
			return message.Refused(400, "invalid_request", "the refresh belongs at refresh_url; this is token_url")
		}
		if !p.clients.declares(p.Params.Refresh, "grant_type") {
			return nil
		}
		return p.checkGrantType(t, "", p.Params.Refresh)
	}
	if t.std["code"] == "" && t.std["refresh_token"] == "" {
		return message.Refused(400, "invalid_request", "there is neither a code nor a refresh token")
	}
	want, params := "authorization_code", p.Params.Token
	if !t.exchange() {
		want, params = "refresh_token", p.Params.Refresh
	}
	if ref := p.checkGrantType(t, want, params); ref != nil {
		return ref
	}
	if t.exchange() && at.Name == match.PlaceRefresh {
		return message.Refused(400, "invalid_request", "the code exchange belongs at token_url; this is refresh_url")
	}
	if !t.exchange() && at.Name == match.PlaceToken && !at.Shared {
		return message.Refused(400, "invalid_request", "the refresh belongs at refresh_url; this is token_url")
	}
	return nil
}

// checkGrantType: want it is, unless the blueprint's own parameters say otherwise.
func (p *token) checkGrantType(t *tokenRequest, want string, params []match.Declared) *message.Refusal {
	for _, d := range params {
		if d.Name == "grant_type" && d.Form.Literal() {
			want = d.Text
		}
	}
	if name, _ := p.clients.wireName("grant_type"); name != "" && t.std["grant_type"] != want {
		return message.Refused(400, "unsupported_grant_type", "%s must be %q, not %q", name, want, t.std["grant_type"])
	}
	return nil
}

// checkExtras checks what the blueprint adds to token requests.
func (p *token) checkExtras(t *tokenRequest, at match.Location) *message.Refusal {
	params, key := p.Params.Token, "token_params"
	if !t.exchange() {
		params, key = p.Params.Refresh, "refresh_params"
	}
	if ref := match.CheckTypes(params, t.types, "the token request ("+key+")"); ref != nil {
		return ref
	}
	p.Take(t.seen, params, t.wire.Get)
	p.Take(t.seen, p.Params.Query, t.query.Get)
	p.Take(t.seen, p.Params.Headers, t.header.Get)
	if ref := p.CheckShown(t.seen, params, t.wire.Get, "the token request ("+key+")", "grant_type"); ref != nil {
		return ref
	}
	if ref := p.CheckShown(t.seen, p.Params.Query, t.query.Get, "the query of the token request (token_request.query)"); ref != nil {
		return ref
	}
	if ref := p.CheckShown(t.seen, at.Query, t.query.Get, "the query of "+at.Name); ref != nil {
		return ref
	}
	return p.CheckShown(t.seen, p.Params.Headers, t.header.Get, "the token request's header (token_headers)")
}

var verifierText = lazyregexp.New(`^[A-Za-z0-9._~-]{43,128}$`)

// checkVerifier proves the key (RFC 7636 4.6).
func (p *token) checkVerifier(c grant.Claims, verifier string) *message.Refusal {
	switch {
	case p.Integration.Auth.Challenge() == schema.PKCEOff && verifier != "":
		return message.Refused(400, "invalid_request", "code_verifier is given, but the blueprint says pkce: false, which means that this provider refuses it")
	case c.Challenge == "":
		return nil
	case verifier == "":
		return message.Refused(400, "invalid_grant", "code_verifier is missing; the authorization request had a code_challenge (RFC 7636 4.5)")
	case !verifierText().MatchString(verifier):
		return message.Refused(400, "invalid_grant", "code_verifier is not 43 to 128 unreserved characters (RFC 7636 4.1)")
	}
	if c.Method == string(schema.PKCES256) {
		sum := sha256.Sum256([]byte(verifier))
		verifier = base64.RawURLEncoding.EncodeToString(sum[:])
	}
	if !message.Same(verifier, c.Challenge) {
		return message.Refused(400, "invalid_grant", "code_verifier does not match the code_challenge")
	}
	return nil
}
