package oauth

import (
	"encoding/base64"
	"net/url"
	"slices"
	"strings"

	"github.com/nango-lite/nango-lite/internal/lazyregexp"
	"github.com/nango-lite/nango-lite/sandbox/internal/match"
	"github.com/nango-lite/nango-lite/sandbox/internal/message"
	"github.com/nango-lite/nango-lite/schema"
)

// clientAuth is the declared way of client authentication, in words.
var clientAuth = map[string]string{
	schema.ClientAuthHeader: "a Basic header (authorization_method: header)",
	schema.ClientAuthBody:   "client_id and client_secret in the body (authorization_method: body)",
	schema.ClientAuthNone:   "client_id alone (authorization_method: none)",
	schema.ClientAuthJWT:    "a signed client_assertion (authorization_method: private_key_jwt)",
	schema.ClientAuthTLS:    "client_id and a client certificate (authorization_method: tls_client_auth)",
}

// checkClient checks that the client authenticates in the declared way and in no
// other (RFC 6749 2.3: one method per request).
func (p *clients) checkClient(t *tokenRequest) *message.Refusal {
	if p.Discovers() {
		return p.checkRegistered(t)
	}
	method := p.Integration.Auth.ClientAuth()
	if how := p.Integration.Auth.RefreshRequest; how != nil && !t.exchange() {
		switch {
		case how.AuthorizationMethod != "":
			method = how.AuthorizationMethod
		case p.Integration.Auth.RefreshesAccessToken():
			return p.checkNoClient(t)
		}
	}
	return p.checkClientBy(t, method)
}

func (p *clients) checkClientBy(t *tokenRequest, method string) *message.Refusal {
	header := t.header.Get("Authorization")
	own := slices.ContainsFunc(p.Params.Headers, func(d match.Declared) bool { return strings.EqualFold(d.Name, "Authorization") })
	secret, _ := p.wireName("client_secret")
	inBody := secret != "" && t.wire.Has(secret) && !p.declaresSecret(secret)
	switch {
	case header != "" && inBody && !own:
		return message.InvalidClient("the client authenticates both in the header and in the body; the blueprint wants %s", clientAuth[method])
	case method == schema.ClientAuthJWT:
		if inBody || header != "" && !own {
			return message.InvalidClient("there is a client secret; the blueprint wants %s", clientAuth[method])
		}
		return p.checkAssertion(t)
	case method == schema.ClientAuthHeader:
		if inBody {
			return message.InvalidClient("client_secret is in the body; the blueprint wants %s", clientAuth[method])
		}
		if id := t.std["client_id"]; id != "" && !p.IsClient(id) {
			return message.InvalidClient("client_id in the body is not the client of the header")
		}
		return p.checkBasic(header, own)
	case header != "" && !own:
		return message.InvalidClient("there is an Authorization header; the blueprint wants %s", clientAuth[method])
	}
	return p.checkBodyClient(t, method)
}

// checkNoClient: a refresh that shows the access token says nothing of the client but
// what refresh_params do.
func (p *clients) checkNoClient(t *tokenRequest) *message.Refusal {
	for name := range t.wire {
		if !p.declares(p.Params.Refresh, name) && !p.declares(p.Params.Query, name) {
			return message.Refused(400, "invalid_request", "%s is given, and refresh_params do not declare it", name)
		}
	}
	if t.header.Get("Authorization") != "" && !p.declares(p.Params.Headers, "Authorization") {
		return message.InvalidClient("there is an Authorization header, and token_headers does not declare it")
	}
	return nil
}

func (p *clients) checkBodyClient(t *tokenRequest, method string) *message.Refusal {
	if id, _ := p.wireName("client_id"); id != "" && !(method == schema.ClientAuthNone && t.issues) {
		if t.std["client_id"] == "" {
			return message.InvalidClient("%s is missing; the blueprint wants %s", id, clientAuth[method])
		}
		if !p.IsClient(t.std["client_id"]) {
			return message.InvalidClient("%s is not the integration's oauth_client_id", id)
		}
	}
	secret, _ := p.wireName("client_secret")
	switch {
	case secret == "":
		return nil
	case (method == schema.ClientAuthNone || method == schema.ClientAuthTLS) && t.std["client_secret"] != "" && !p.declaresSecret(secret):
		return message.InvalidClient("%s is given; the blueprint wants %s", secret, clientAuth[method])
	case method == schema.ClientAuthNone, method == schema.ClientAuthTLS:
		return nil
	case t.std["client_secret"] == "":
		return message.InvalidClient("%s is missing; the blueprint wants %s", secret, clientAuth[method])
	case !p.IsSecret(t.std["client_secret"]):
		return message.InvalidClient("%s is not the integration's oauth_client_secret", secret)
	}
	return nil
}

// declaresSecret reports whether token_params or refresh_params name the secret's
// parameter: then it stands there by the blueprint's word.
func (p *clients) declaresSecret(wire string) bool {
	named := func(d match.Declared) bool { return d.Name == wire }
	return slices.ContainsFunc(p.Params.Token, named) || slices.ContainsFunc(p.Params.Refresh, named)
}

func (p *clients) checkBasic(header string, own bool) *message.Refusal {
	if own {
		return nil // token_headers says what stands there, and is checked with them
	}
	encoded, ok := strings.CutPrefix(header, "Basic ")
	if !ok {
		return message.InvalidClient("there is no Basic header; the blueprint wants %s", clientAuth[schema.ClientAuthHeader])
	}
	plain, err := base64.StdEncoding.DecodeString(encoded)
	rawID, rawSecret, colon := strings.Cut(string(plain), ":")
	if err != nil || !colon {
		return message.InvalidClient("the Basic header is not the Base64 of id:secret")
	}
	if t := p.Integration.Auth.TokenRequest; t != nil && t.BasicUnescaped {
		if !p.isBoth(rawID, rawSecret) && p.isBothEscaped(rawID, rawSecret) {
			return message.InvalidClient("id and secret are form-urlencoded in the Basic header; the blueprint says basic_unescaped")
		}
		if p.isBoth(rawID, rawSecret) {
			return nil
		}
	} else if !formText().MatchString(rawID) || !formText().MatchString(rawSecret) {
		return message.InvalidClient("id and secret must be form-urlencoded in the Basic header (RFC 6749 2.3.1)")
	} else if p.isBothEscaped(rawID, rawSecret) {
		return nil
	}
	return message.InvalidClient("id or secret in the Basic header is not the integration's")
}

// formText is what form-urlencoding leaves or makes.
var formText = lazyregexp.New(`^(?:[A-Za-z0-9*._~+-]|%[0-9A-Fa-f]{2})*$`)

func (p *clients) isBoth(id, secret string) bool { return p.IsClient(id) && p.IsSecret(secret) }

func (p *clients) isBothEscaped(id, secret string) bool {
	id, err1 := url.QueryUnescape(id)
	secret, err2 := url.QueryUnescape(secret)
	return err1 == nil && err2 == nil && p.isBoth(id, secret)
}
