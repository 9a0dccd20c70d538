package oauth

import (
	"net/http"
	"strings"

	"github.com/nango-lite/nango-lite/sandbox/internal/match"
	"github.com/nango-lite/nango-lite/sandbox/internal/message"
	"github.com/nango-lite/nango-lite/schema"
)

// serveResource plays the metadata of the resource (RFC 9728 3).
func (p *metadata) serveResource(w http.ResponseWriter, r *http.Request, at match.Location) {
	path := strings.TrimSuffix(at.Rest, "/")
	name := p.NameOf(at.Scheme + "://" + message.HostOf(r) + path)
	if r.Method != http.MethodGet || !p.IsResource(name) {
		p.RefuseElsewhere(w, r)
		return
	}
	doc := map[string]any{"resource": name, "bearer_methods_supported": []string{"header"}}
	if t, err := schema.ParseTemplate(p.Integration.Auth.AuthorizationServer); err == nil && len(t.Refs()) == 0 {
		doc["authorization_servers"] = []string{p.IssuerAt(message.HostOf(r))}
	}
	if scopes := p.ScopesSupported(); len(scopes) > 0 {
		doc["scopes_supported"] = scopes
	}
	p.Write(w, r, message.Answer{Body: doc})
}

// serveServer plays the metadata of the authorization server (RFC 8414 3).
func (p *metadata) serveServer(w http.ResponseWriter, r *http.Request, _ match.Location) {
	if r.Method != http.MethodGet {
		p.RefuseElsewhere(w, r)
		return
	}
	issuer := p.IssuerAt(message.HostOf(r))
	base := strings.TrimSuffix(issuer, "/")
	p.Write(w, r, message.Answer{Body: map[string]any{
		"issuer":                                         issuer,
		"authorization_endpoint":                         base + "/authorize",
		"token_endpoint":                                 base + "/token",
		"registration_endpoint":                          base + "/register",
		"revocation_endpoint":                            base + "/revoke",
		"response_types_supported":                       []string{"code"},
		"grant_types_supported":                          []string{"authorization_code", "refresh_token"},
		"token_endpoint_auth_methods_supported":          []string{"none", "client_secret_basic", "client_secret_post"},
		"code_challenge_methods_supported":               []string{"S256"},
		"authorization_response_iss_parameter_supported": p.Opts.MisleadTo == "",
		"client_id_metadata_document_supported":          p.Integration.Auth.ClientMetadataURL != "",
	}})
}
