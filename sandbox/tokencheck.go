package sandbox

import (
	"crypto/sha256"
	"encoding/base64"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/nango-lite/nango-lite/schema"
)

// checkClient checks that the client authenticates in the declared way and in no
// other (RFC 6749 2.3: one method per request).
func (p *Provider) checkClient(t *tokenRequest) *refusal {
	if p.discovers() {
		return p.checkRegistered(t)
	}
	method := p.integration.Auth.ClientAuth()
	if how := p.integration.Auth.RefreshRequest; how != nil && !t.exchange() {
		switch {
		case how.AuthorizationMethod != "":
			method = how.AuthorizationMethod
		case p.integration.Auth.RefreshesAccessToken():
			return p.checkNoClient(t)
		}
	}
	return p.checkClientBy(t, method)
}

func (p *Provider) checkClientBy(t *tokenRequest, method string) *refusal {
	header := t.header.Get("Authorization")
	own := slices.ContainsFunc(p.params.headers, func(d declared) bool { return strings.EqualFold(d.name, "Authorization") })
	secret, _ := p.wireName("client_secret")
	inBody := secret != "" && t.wire.Has(secret) && !p.declaresSecret(secret)
	switch {
	case header != "" && inBody && !own:
		return invalidClient("the client authenticates both in the header and in the body; the blueprint wants %s", clientAuth[method])
	case method == schema.ClientAuthJWT:
		if inBody || header != "" && !own {
			return invalidClient("there is a client secret; the blueprint wants %s", clientAuth[method])
		}
		return p.checkAssertion(t)
	case method == schema.ClientAuthHeader:
		if inBody {
			return invalidClient("client_secret is in the body; the blueprint wants %s", clientAuth[method])
		}
		if id := t.std["client_id"]; id != "" && !p.isClient(id) {
			return invalidClient("client_id in the body is not the client of the header")
		}
		return p.checkBasic(header, own)
	case header != "" && !own:
		return invalidClient("there is an Authorization header; the blueprint wants %s", clientAuth[method])
	}
	return p.checkBodyClient(t, method)
}

// checkNoClient: a refresh that shows the access token says nothing of the client but
// what refresh_params do.
func (p *Provider) checkNoClient(t *tokenRequest) *refusal {
	for name := range t.wire {
		if !p.declares(p.params.refresh, name) && !p.declares(p.params.query, name) {
			return refused(400, "invalid_request", "%s is given, and refresh_params do not declare it", name)
		}
	}
	if t.header.Get("Authorization") != "" && !p.declares(p.params.headers, "Authorization") {
		return invalidClient("there is an Authorization header, and token_headers does not declare it")
	}
	return nil
}

func (p *Provider) checkBodyClient(t *tokenRequest, method string) *refusal {
	if id, _ := p.wireName("client_id"); id != "" && !(method == schema.ClientAuthNone && t.issues) {
		if t.std["client_id"] == "" {
			return invalidClient("%s is missing; the blueprint wants %s", id, clientAuth[method])
		}
		if !p.isClient(t.std["client_id"]) {
			return invalidClient("%s is not the integration's oauth_client_id", id)
		}
	}
	secret, _ := p.wireName("client_secret")
	switch {
	case secret == "":
		return nil
	case (method == schema.ClientAuthNone || method == schema.ClientAuthTLS) && t.std["client_secret"] != "" && !p.declaresSecret(secret):
		return invalidClient("%s is given; the blueprint wants %s", secret, clientAuth[method])
	case method == schema.ClientAuthNone, method == schema.ClientAuthTLS:
		return nil
	case t.std["client_secret"] == "":
		return invalidClient("%s is missing; the blueprint wants %s", secret, clientAuth[method])
	case !p.isSecret(t.std["client_secret"]):
		return invalidClient("%s is not the integration's oauth_client_secret", secret)
	}
	return nil
}

// declaresSecret reports whether token_params or refresh_params name the secret's
// parameter: then it stands there by the blueprint's word.
func (p *Provider) declaresSecret(wire string) bool {
	named := func(d declared) bool { return d.name == wire }
	return slices.ContainsFunc(p.params.token, named) || slices.ContainsFunc(p.params.refresh, named)
}

func (p *Provider) checkBasic(header string, own bool) *refusal {
	if own {
		return nil // token_headers says what stands there, and is checked with them
	}
	encoded, ok := strings.CutPrefix(header, "Basic ")
	if !ok {
		return invalidClient("there is no Basic header; the blueprint wants %s", clientAuth[schema.ClientAuthHeader])
	}
	plain, err := base64.StdEncoding.DecodeString(encoded)
	rawID, rawSecret, colon := strings.Cut(string(plain), ":")
	if err != nil || !colon {
		return invalidClient("the Basic header is not the Base64 of id:secret")
	}
	if t := p.integration.Auth.TokenRequest; t != nil && t.BasicUnescaped {
		if !p.isBoth(rawID, rawSecret) && p.isBothEscaped(rawID, rawSecret) {
			return invalidClient("id and secret are form-urlencoded in the Basic header; the blueprint says basic_unescaped")
		}
		if p.isBoth(rawID, rawSecret) {
			return nil
		}
	} else if !formText().MatchString(rawID) || !formText().MatchString(rawSecret) {
		return invalidClient("id and secret must be form-urlencoded in the Basic header (RFC 6749 2.3.1)")
	} else if p.isBothEscaped(rawID, rawSecret) {
		return nil
	}
	return invalidClient("id or secret in the Basic header is not the integration's")
}

// formText is what form-urlencoding leaves or makes.
var formText = lazy(`^(?:[A-Za-z0-9*._~+-]|%[0-9A-Fa-f]{2})*$`)

func (p *Provider) isBoth(id, secret string) bool { return p.isClient(id) && p.isSecret(secret) }

func (p *Provider) isBothEscaped(id, secret string) bool {
	id, err1 := url.QueryUnescape(id)
	secret, err2 := url.QueryUnescape(secret)
	return err1 == nil && err2 == nil && p.isBoth(id, secret)
}

// isClient and isSecret accept anything but nothing where the file has no value:
// the host brings its own app then.
func (p *Provider) isClient(id string) bool {
	want := p.integration.OAuthClientID
	return id != "" && (want == "" || same(id, want))
}

func (p *Provider) isSecret(secret string) bool {
	want := p.integration.OAuthClientSecret
	return !want.IsSet() || same(secret, want.Reveal())
}

func invalidClient(format string, args ...any) *refusal {
	return refused(http.StatusUnauthorized, "invalid_client", format, args...)
}

// checkGrant checks grant_type and that the request came to the right URL.
func (p *Provider) checkGrant(t *tokenRequest, at location) *refusal {
	if t.device() {
		return p.checkDeviceGrant(t, at)
	}
	if p.integration.Auth.RefreshesAccessToken() && t.std["code"] == "" {
		if p.shownAccess(t) == "" {
			return refused(400, "invalid_request", "there is neither a code nor the access token that refresh_params declare")
		}
		if at.name == placeToken && !at.shared {
			return refused(400, "invalid_request", "the refresh belongs at refresh_url; this is token_url")
		}
		if !p.declares(p.params.refresh, "grant_type") {
			return nil
		}
		return p.checkGrantType(t, "", p.params.refresh)
	}
	if t.std["code"] == "" && t.std["refresh_token"] == "" {
		return refused(400, "invalid_request", "there is neither a code nor a refresh token")
	}
	want, params := "authorization_code", p.params.token
	if !t.exchange() {
		want, params = "refresh_token", p.params.refresh
	}
	if ref := p.checkGrantType(t, want, params); ref != nil {
		return ref
	}
	if t.exchange() && at.name == placeRefresh {
		return refused(400, "invalid_request", "the code exchange belongs at token_url; this is refresh_url")
	}
	if !t.exchange() && at.name == placeToken && !at.shared {
		return refused(400, "invalid_request", "the refresh belongs at refresh_url; this is token_url")
	}
	return nil
}

// checkGrantType: want it is, unless the blueprint's own parameters say otherwise.
func (p *Provider) checkGrantType(t *tokenRequest, want string, params []declared) *refusal {
	for _, d := range params {
		if d.name == "grant_type" && d.form.literal() {
			want = d.text
		}
	}
	if name, _ := p.wireName("grant_type"); name != "" && t.std["grant_type"] != want {
		return refused(400, "unsupported_grant_type", "%s must be %q, not %q", name, want, t.std["grant_type"])
	}
	return nil
}

// checkExtras checks what the blueprint adds to token requests.
func (p *Provider) checkExtras(t *tokenRequest, at location) *refusal {
	params, key := p.params.token, "token_params"
	if !t.exchange() {
		params, key = p.params.refresh, "refresh_params"
	}
	p.take(t.seen, params, t.wire.Get)
	p.take(t.seen, p.params.query, t.query.Get)
	p.take(t.seen, p.params.headers, t.header.Get)
	if ref := p.checkShown(t.seen, params, t.wire.Get, "the token request ("+key+")", "grant_type"); ref != nil {
		return ref
	}
	if ref := p.checkShown(t.seen, p.params.query, t.query.Get, "the query of the token request (token_request.query)"); ref != nil {
		return ref
	}
	if ref := p.checkShown(t.seen, at.query, t.query.Get, "the query of "+at.name); ref != nil {
		return ref
	}
	return p.checkShown(t.seen, p.params.headers, t.header.Get, "the token request's header (token_headers)")
}

var verifierText = lazy(`^[A-Za-z0-9._~-]{43,128}$`)

// checkVerifier proves the key (RFC 7636 4.6).
func (p *Provider) checkVerifier(c claims, verifier string) *refusal {
	switch {
	case p.integration.Auth.Challenge() == schema.PKCEOff && verifier != "":
		return refused(400, "invalid_request", "code_verifier is given, but the blueprint says pkce: false, which means that this provider refuses it")
	case c.Challenge == "":
		return nil
	case verifier == "":
		return refused(400, "invalid_grant", "code_verifier is missing; the authorization request had a code_challenge (RFC 7636 4.5)")
	case !verifierText().MatchString(verifier):
		return refused(400, "invalid_grant", "code_verifier is not 43 to 128 unreserved characters (RFC 7636 4.1)")
	}
	if c.Method == string(schema.PKCES256) {
		sum := sha256.Sum256([]byte(verifier))
		verifier = base64.RawURLEncoding.EncodeToString(sum[:])
	}
	if !same(verifier, c.Challenge) {
		return refused(400, "invalid_grant", "code_verifier does not match the code_challenge")
	}
	return nil
}
