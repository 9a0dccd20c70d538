package sandbox

import (
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/nango-lite/nango-lite/schema"
)

// Places that MCP_OAUTH2 discovers.
const (
	placeResource = "resource_metadata"
	placeServer   = "server_metadata"
	placeRegister = "registration_endpoint"
)

const (
	wellKnownResource = "/.well-known/oauth-protected-resource"
	wellKnownServer   = "/.well-known/oauth-authorization-server"

	// issuerPath is where the authorization server of a resource lives that declares no
	// other: at its own host.
	issuerPath = "/sandbox-as"

	// askedScope is what the resource asks for where nobody declares scopes.
	askedScope = "sandbox:use"
)

// discovered are the places of a resource and of the server that authorises for it.
func discovered(i *schema.Integration) ([]place, error) {
	host, _, err := splitURL(i.Requests.BaseURL)
	if err != nil {
		return nil, fmt.Errorf("base_url: %w", err)
	}
	issuer, path := host, issuerPath
	if declared := i.Auth.AuthorizationServer; declared != "" {
		if issuer, path, err = splitURL(declared); err != nil {
			return nil, fmt.Errorf("authorization_server: %w", err)
		}
		path = strings.TrimSuffix(path, "/")
	}
	var places []place
	for _, e := range [][2]string{
		{placeResource, host + wellKnownResource}, {placeServer, issuer + wellKnownServer + path},
		{placeAuthorize, issuer + path + "/authorize"}, {placeToken, issuer + path + "/token"},
		{placeRegister, issuer + path + "/register"}, {placeRevoke, issuer + path + "/revoke"},
	} {
		p, err := compilePlace(i, e[0], e[1])
		if err != nil {
			return nil, fmt.Errorf("%s: %w", e[0], err)
		}
		places = append(places, p)
	}
	return places, nil
}

// splitURL cuts the template of a URL behind its host.
func splitURL(text string) (host, path string, err error) {
	t, err := schema.ParseTemplate(text)
	if err != nil {
		return "", "", err
	}
	for n, part := range t.Parts {
		if part.Refs != nil {
			continue
		}
		from := 0
		if i := strings.Index(part.Literal, "://"); i >= 0 && n == 0 {
			from = i + 3
		}
		if i := strings.IndexByte(part.Literal[from:], '/'); i >= 0 {
			before := append(slices.Clone(t.Parts[:n]), schema.Part{Literal: part.Literal[:from+i]})
			after := append([]schema.Part{{Literal: part.Literal[from+i:]}}, t.Parts[n+1:]...)
			return schema.Template{Parts: before}.String(), schema.Template{Parts: after}.String(), nil
		}
	}
	return text, "", nil
}

func (p *Provider) discovers() bool { return p.integration.Auth.AuthMode == schema.MCPOAuth2 }

// issuerAt returns the issuer whose host is host.
func (p *Provider) issuerAt(host string) string {
	declared := p.integration.Auth.AuthorizationServer
	if declared == "" {
		return "https://" + host + issuerPath
	}
	if t, err := schema.ParseTemplate(declared); err == nil && len(t.Refs()) == 0 {
		return declared
	}
	_, path, _ := splitURL(declared)
	return "https://" + host + path
}

// isResource reports whether a URL is one of the resource: base_url, whole.
func (p *Provider) isResource(text string) bool {
	if r := p.integration.Auth.Resource; r != "" {
		if t, err := schema.ParseTemplate(r); err == nil && len(t.Refs()) == 0 {
			return text == r
		}
	}
	u, err := url.Parse(text)
	if err != nil || u.Scheme != "https" && u.Scheme != "http" || u.RawQuery != "" || u.Fragment != "" {
		return false
	}
	api := p.places[len(p.places)-1]
	m := api.re.FindStringSubmatch(plainHost(u.Host) + u.EscapedPath())
	return m != nil && (m[1] == "" || m[1] == "/" || p.anyBase())
}

// anyBase reports whether the user chooses the whole of base_url.
func (p *Provider) anyBase() bool { return strings.HasPrefix(p.integration.Requests.BaseURL, "${") }

// serveResource plays the metadata of the resource (RFC 9728 3).
func (p *Provider) serveResource(w http.ResponseWriter, r *http.Request, at location) {
	path := strings.TrimSuffix(at.rest, "/")
	name := p.nameOf(at.scheme + "://" + hostOf(r) + path)
	if r.Method != http.MethodGet || !p.isResource(name) {
		p.refuseElsewhere(w, r)
		return
	}
	doc := map[string]any{"resource": name, "bearer_methods_supported": []string{"header"}}
	if t, err := schema.ParseTemplate(p.integration.Auth.AuthorizationServer); err == nil && len(t.Refs()) == 0 {
		doc["authorization_servers"] = []string{p.issuerAt(hostOf(r))}
	}
	if scopes := p.scopesSupported(); len(scopes) > 0 {
		doc["scopes_supported"] = scopes
	}
	p.write(w, r, answer{body: doc})
}

// nameOf returns what the resource at a URL calls itself.
func (p *Provider) nameOf(at string) string {
	if r := p.integration.Auth.Resource; r != "" {
		if t, err := schema.ParseTemplate(r); err == nil && len(t.Refs()) == 0 {
			return r
		}
	}
	return at
}

func (p *Provider) scopesSupported() []string {
	s := p.declaredScopes()
	switch {
	case s == nil:
		return nil
	case s.List == nil && s.Verbatim != "":
		return strings.Fields(s.Verbatim)
	}
	return s.List
}

// serveServer plays the metadata of the authorization server (RFC 8414 3).
func (p *Provider) serveServer(w http.ResponseWriter, r *http.Request) {
	if r.Method != http.MethodGet {
		p.refuseElsewhere(w, r)
		return
	}
	issuer := p.issuerAt(hostOf(r))
	base := strings.TrimSuffix(issuer, "/")
	p.write(w, r, answer{body: map[string]any{
		"issuer":                                         issuer,
		"authorization_endpoint":                         base + "/authorize",
		"token_endpoint":                                 base + "/token",
		"registration_endpoint":                          base + "/register",
		"revocation_endpoint":                            base + "/revoke",
		"response_types_supported":                       []string{"code"},
		"grant_types_supported":                          []string{"authorization_code", "refresh_token"},
		"token_endpoint_auth_methods_supported":          []string{"none", "client_secret_basic", "client_secret_post"},
		"code_challenge_methods_supported":               []string{"S256"},
		"authorization_response_iss_parameter_supported": true,
		"client_id_metadata_document_supported":          p.integration.Auth.ClientMetadataURL != "",
	}})
}

// challenge answers an API request without a credential (RFC 6750 3, RFC 9728 5.1).
// It is no call: so clients find out whom to ask.
func (p *Provider) challenge(w http.ResponseWriter, r *http.Request, at location) bool {
	if !p.discovers() || r.Header.Get("Authorization") != "" {
		return false
	}
	path := r.URL.EscapedPath()
	if !p.anyBase() {
		path = strings.TrimSuffix(path, at.rest)
	}
	text := fmt.Sprintf("Bearer resource_metadata=%q", at.scheme+"://"+hostOf(r)+wellKnownResource+strings.TrimSuffix(path, "/"))
	if scopes := p.scopesSupported(); len(scopes) > 0 {
		text += fmt.Sprintf(", scope=%q", strings.Join(scopes, " "))
	}
	w.Header().Set("WWW-Authenticate", text)
	ref := refused(http.StatusUnauthorized, codeUnauthorized, "there is no access token; the WWW-Authenticate header says where to get one")
	p.write(w, r, p.refusalAnswer(ref))
	return true
}

// checkTarget checks the resource that a token is asked for (RFC 8707 2).
func (p *Provider) checkTarget(got string) *refusal {
	switch {
	case !p.discovers():
		return nil
	case got == "":
		return refused(400, "invalid_target", "resource is missing (RFC 8707)")
	case !p.isResource(got):
		return refused(400, "invalid_target", "resource is not the one that these users are authorised for")
	}
	return nil
}

// checkSameTarget holds that a token request is about the resource of its grant.
func (p *Provider) checkSameTarget(c claims, t *tokenRequest) *refusal {
	if ref := p.checkTarget(t.wire.Get("resource")); ref != nil {
		return ref
	}
	if p.discovers() && t.wire.Get("resource") != c.Resource {
		return refused(400, "invalid_target", "resource is not that of the authorization request (RFC 8707 2.2)")
	}
	return nil
}

// checkAudience holds that an access token is used at the resource it was given for,
// and returns the path below that.
func (p *Provider) checkAudience(c claims, r *http.Request) (rest string, ref *refusal) {
	api := p.places[len(p.places)-1]
	at, _ := locate([]place{api}, hostOf(r), r.URL.EscapedPath())
	u, err := url.Parse(c.Resource)
	if err == nil && plainHost(u.Host) == hostOf(r) {
		rest, ok := strings.CutPrefix(r.URL.EscapedPath(), strings.TrimSuffix(u.EscapedPath(), "/"))
		switch {
		case !ok || rest != "" && rest[0] != '/':
		case !p.anyBase():
			return at.rest, nil
		case rest == "":
			return "/", nil
		default:
			return rest, nil
		}
	} else if err == nil && p.integration.Auth.Resource != "" {
		return at.rest, nil // it has a name of its own
	}
	return "", refused(http.StatusUnauthorized, codeUnauthorized, "the access token is for another resource")
}
