package sandbox

import (
	"encoding/base64"
	"net/http"
	"net/url"
	"slices"
	"strings"
)

// kindClient are the ids of clients that registered. They say themselves what was
// registered, so that any sandbox process knows them.
const kindClient = "client"

// serveRegister plays the registration of clients (RFC 7591 3).
func (p *Provider) serveRegister(w http.ResponseWriter, r *http.Request) {
	a, ref := p.register(r)
	if ref != nil {
		p.stats.add(func(s *counts) { s.refused++ })
		a = ref.mark(answer{status: ref.status, body: map[string]any{"error": ref.code, "error_description": "sandbox: " + ref.reason}})
	} else {
		p.stats.add(func(s *counts) { s.registrations++ })
	}
	a.set("Cache-Control", "no-store")
	p.write(w, r, a)
}

func (p *Provider) register(r *http.Request) (answer, *refusal) {
	if r.Method != http.MethodPost {
		return answer{}, refused(405, "invalid_request", "clients register with POST (RFC 7591 3.1)")
	}
	if media := mediaType(r.Header); media != "application/json" {
		return answer{}, refused(400, "invalid_client_metadata", "Content-Type must be application/json, not %q", media)
	}
	v, err := decode(readBody(r))
	doc, ok := v.(map[string]any)
	if err != nil || !ok {
		return answer{}, refused(400, "invalid_client_metadata", "the body is not a JSON object")
	}
	redirects := texts(doc["redirect_uris"])
	if len(redirects) == 0 {
		return answer{}, refused(400, "invalid_redirect_uri", "redirect_uris is missing (RFC 7591 2)")
	}
	for _, uri := range redirects {
		if ref := p.checkRedirectURI(uri); ref != nil {
			return answer{}, refused(400, "invalid_redirect_uri", "%s", ref.reason)
		}
		if u, err := url.Parse(uri); err == nil && u.Scheme == "http" && (!isLocal(u.Hostname()) || text(doc["application_type"]) != "native") {
			return answer{}, refused(400, "invalid_redirect_uri", "a redirect over http is for application_type native, to this machine (OpenID Connect Registration 2)")
		}
	}
	for name, want := range map[string][]string{"grant_types": {"authorization_code", "refresh_token"}, "response_types": {"code"}} {
		if got := texts(doc[name]); !slices.Equal(got, want) {
			return answer{}, refused(400, "invalid_client_metadata", "%s must be %q", name, want)
		}
	}
	method := text(doc["token_endpoint_auth_method"])
	if !slices.Contains([]string{"none", "client_secret_basic", "client_secret_post"}, method) {
		return answer{}, refused(400, "invalid_client_metadata", "token_endpoint_auth_method is not one of token_endpoint_auth_methods_supported")
	}
	if text(doc["client_name"]) == "" {
		return answer{}, refused(400, "invalid_client_metadata", "client_name is missing: users could not tell who is asking")
	}
	id := p.issue(claims{Kind: kindClient, Redirect: strings.Join(redirects, " "), Method: method}, 0)
	doc["client_id"], doc["client_id_issued_at"] = id, p.now().Unix()
	if method != "none" {
		doc["client_secret"], doc["client_secret_expires_at"] = secretOf(id), 0
	}
	return answer{status: http.StatusCreated, body: doc}, nil
}

// secretOf returns the secret of a client that registered.
func secretOf(id string) string { return seal("secret of " + id) }

func texts(v any) []string {
	list, _ := v.([]any)
	var out []string
	for _, one := range list {
		out = append(out, text(one))
	}
	return out
}

func isLocal(host string) bool {
	return host == "localhost" || host == "127.0.0.1" || host == "::1"
}

// clientCalled returns what a client may do: the operator's own; one whose id is where its
// metadata is, which is taken as it stands and not fetched; one that registered.
func (p *Provider) clientCalled(id string) (claims, *refusal) {
	switch own, document := p.integration.OAuthClientID, p.integration.Auth.ClientMetadataURL; {
	case id == "":
		return claims{}, invalidClient("client_id is missing")
	case own != "":
		if !same(id, own) {
			return claims{}, invalidClient("client_id is not the integration's oauth_client_id")
		}
		if p.integration.OAuthClientSecret.IsSet() {
			return claims{Method: "client_secret"}, nil
		}
		return claims{Method: "none"}, nil
	case document != "":
		if !same(id, document) {
			return claims{}, invalidClient("client_id is not auth.client_metadata_url, though this server reads such documents")
		}
		return claims{Method: "none"}, nil
	}
	c, ref := p.verify(kindClient, "client_id", id)
	if ref != nil {
		return c, invalidClient("%s", ref.reason)
	}
	return c, nil
}

// checkAsking checks who sends a user to consent.
func (p *Provider) checkAsking(id, redirect string) *refusal {
	c, ref := p.clientCalled(id)
	if ref != nil {
		return refused(400, "unauthorized_client", "%s", ref.reason)
	}
	if c.Redirect != "" && !slices.Contains(strings.Fields(c.Redirect), redirect) {
		return refused(400, "invalid_request", "redirect_uri is not one that the client registered")
	}
	return nil
}

// checkRegistered checks that a client authenticates as it registered.
func (p *Provider) checkRegistered(t *tokenRequest) *refusal {
	id, secret, method, ref := t.shownClient()
	if ref != nil {
		return ref
	}
	c, ref := p.clientCalled(id)
	switch {
	case ref != nil:
		return ref
	case c.Method == "client_secret" && (method == "none" || !p.isSecret(secret)):
		return invalidClient("client_secret is missing, or not the integration's oauth_client_secret")
	case c.Method != "client_secret" && c.Method != method:
		return invalidClient("the client authenticates with %s and registered for %s", method, c.Method)
	case c.Kind == kindClient && method != "none" && !same(secret, secretOf(id)):
		return invalidClient("client_secret is not the one that was given at registration")
	}
	return nil
}

// shownClient reads how a client authenticates, by the names of RFC 7591.
func (t *tokenRequest) shownClient() (id, secret, method string, ref *refusal) {
	id, secret, method = t.std["client_id"], t.std["client_secret"], "none"
	if t.wire.Has("client_secret") {
		method = "client_secret_post"
	}
	header := t.header.Get("Authorization")
	if header == "" {
		return id, secret, method, nil
	}
	if method != "none" {
		return "", "", "", invalidClient("the client authenticates both in the header and in the body")
	}
	encoded, ok := strings.CutPrefix(header, "Basic ")
	plain, err := base64.StdEncoding.DecodeString(encoded)
	name, word, colon := strings.Cut(string(plain), ":")
	if !ok || err != nil || !colon || !formText().MatchString(name) || !formText().MatchString(word) {
		return "", "", "", invalidClient("the Authorization header is not Basic, of the form-urlencoded id and secret (RFC 6749 2.3.1)")
	}
	name, _ = url.QueryUnescape(name)
	secret, _ = url.QueryUnescape(word)
	if id != "" && id != name {
		return "", "", "", invalidClient("client_id in the body is not the client of the header")
	}
	t.std["client_id"] = name
	return name, secret, "client_secret_basic", nil
}
