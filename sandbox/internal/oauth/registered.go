package oauth

import (
	"encoding/base64"
	"net/url"
	"slices"
	"strings"

	"github.com/nango-lite/nango-lite/sandbox/internal/grant"
	"github.com/nango-lite/nango-lite/sandbox/internal/message"
)

// clientCalled returns what a client may do: the operator's own; one whose id is where its
// metadata is, which is taken as it stands and not fetched; one that registered.
func (p *clients) clientCalled(id string) (grant.Claims, *message.Refusal) {
	switch own, document := p.Integration.OAuthClientID, p.Integration.Auth.ClientMetadataURL; {
	case id == "":
		return grant.Claims{}, message.InvalidClient("client_id is missing")
	case own != "":
		if !message.Same(id, own) {
			return grant.Claims{}, message.InvalidClient("client_id is not the integration's oauth_client_id")
		}
		if p.Integration.OAuthClientSecret.IsSet() {
			return grant.Claims{Method: "client_secret"}, nil
		}
		return grant.Claims{Method: "none"}, nil
	case document != "":
		if !message.Same(id, document) {
			return grant.Claims{}, message.InvalidClient("client_id is not auth.client_metadata_url, though this server reads such documents")
		}
		return grant.Claims{Method: "none"}, nil
	}
	c, ref := p.Verify(grant.KindClient, "client_id", id)
	if ref != nil {
		return c, message.InvalidClient("%s", ref.Reason)
	}
	return c, nil
}

// checkAsking checks who sends a user to consent.
func (p *clients) checkAsking(id, redirect string) *message.Refusal {
	c, ref := p.clientCalled(id)
	if ref != nil {
		return message.Refused(400, "unauthorized_client", "%s", ref.Reason)
	}
	if c.Redirect != "" && !slices.Contains(strings.Fields(c.Redirect), redirect) {
		return message.Refused(400, "invalid_request", "redirect_uri is not one that the client registered")
	}
	return nil
}

// checkRegistered checks that a client authenticates as it registered.
func (p *clients) checkRegistered(t *tokenRequest) *message.Refusal {
	id, secret, method, ref := t.shownClient()
	if ref != nil {
		return ref
	}
	c, ref := p.clientCalled(id)
	switch {
	case ref != nil:
		return ref
	case c.Method == "client_secret" && (method == "none" || !p.IsSecret(secret)):
		return message.InvalidClient("client_secret is missing, or not the integration's oauth_client_secret")
	case c.Method != "client_secret" && c.Method != method:
		return message.InvalidClient("the client authenticates with %s and registered for %s", method, c.Method)
	case c.Kind == grant.KindClient && method != "none" && !message.Same(secret, grant.SecretOf(id)):
		return message.InvalidClient("client_secret is not the one that was given at registration")
	}
	return nil
}

// shownClient reads how a client authenticates, by the names of RFC 7591.
func (t *tokenRequest) shownClient() (id, secret, method string, ref *message.Refusal) {
	id, secret, method = t.std["client_id"], t.std["client_secret"], "none"
	if t.wire.Has("client_secret") {
		method = "client_secret_post"
	}
	header := t.header.Get("Authorization")
	if header == "" {
		return id, secret, method, nil
	}
	if method != "none" {
		return "", "", "", message.InvalidClient("the client authenticates both in the header and in the body")
	}
	encoded, ok := strings.CutPrefix(header, "Basic ")
	plain, err := base64.StdEncoding.DecodeString(encoded)
	name, word, colon := strings.Cut(string(plain), ":")
	if !ok || err != nil || !colon || !formText().MatchString(name) || !formText().MatchString(word) {
		return "", "", "", message.InvalidClient("the Authorization header is not Basic, of the form-urlencoded id and secret (RFC 6749 2.3.1)")
	}
	name, _ = url.QueryUnescape(name)
	secret, _ = url.QueryUnescape(word)
	if id != "" && id != name {
		return "", "", "", message.InvalidClient("client_id in the body is not the client of the header")
	}
	t.std["client_id"] = name
	return name, secret, "client_secret_basic", nil
}
