package verify

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/nango-lite/nango-lite/schema"
)

// An address is where one step of an authorization happens, as a document says.
type address struct {
	url   pattern
	where string
}

// facts are what documents say of authorization. Nil fields say nothing.
type facts struct {
	urls    map[string][]address // by the key of auth
	scopes  map[string]bool
	scoped  []string // where the scopes stand
	clients []string // how the token endpoint has clients authenticate (RFC 8414)
	pkce    []string
	where   string
	keys    []node // schemes of API keys and of HTTP
	others  bool   // there are schemes of another kind
}

// facts reads the security schemes of all documents.
func (k *checker) facts() *facts {
	f := &facts{urls: map[string][]address{}, scopes: map[string]bool{}}
	for _, d := range k.docs {
		switch d.kind {
		case openAPI3:
			f.schemes(d.at("/components/securitySchemes"))
		case openAPI2:
			f.schemes(d.at("/securityDefinitions"))
		case discovery:
			f.addScopes(d.at("/auth/oauth2/scopes"))
		case metadata:
			f.metadata(d)
		}
	}
	return f
}

func (f *facts) schemes(list node) {
	for _, name := range list.names() {
		s, ok := list.get(name).resolved()
		if !ok {
			continue
		}
		switch s.text("type") {
		case "oauth2":
			if s.doc.kind == openAPI2 {
				f.flow(s)
				continue
			}
			for _, flow := range s.get("flows").names() {
				f.flow(s.get("flows").get(flow))
			}
		case "apiKey", "http":
			f.keys = append(f.keys, s)
			continue
		}
		f.others = true
	}
}

func (f *facts) flow(n node) {
	f.addURL("authorization_url", n, "authorizationUrl")
	f.addURL("token_url", n, "tokenUrl")
	f.addURL("refresh_url", n, "refreshUrl")
	f.addScopes(n.get("scopes"))
}

// addURL adds an address. One that is relative is at the server of the document.
func (f *facts) addURL(key string, n node, name string) {
	if text := n.text(name); text != "" {
		f.urls[key] = append(f.urls[key], address{parsePattern(text), n.get(name).where()})
	}
}

func (f *facts) addScopes(n node) {
	for _, scope := range n.names() {
		f.scopes[scope] = true
	}
	if len(n.names()) > 0 {
		f.scoped = append(f.scoped, n.where())
	}
}

// metadata reads RFC 8414 metadata.
func (f *facts) metadata(d *Document) {
	n := d.at("")
	for key, name := range map[string]string{
		"issuer": "issuer", "authorization_url": "authorization_endpoint", "token_url": "token_endpoint",
		"refresh_url": "token_endpoint", "revocation_url": "revocation_endpoint", "introspection_url": "introspection_endpoint",
		"device_authorization_url": "device_authorization_endpoint", "pushed_authorization_url": "pushed_authorization_request_endpoint",
	} {
		f.addURL(key, n, name)
	}
	for _, s := range n.get("scopes_supported").items() {
		if text, ok := s.value.(string); ok {
			f.scopes[text] = true
			f.scoped = append(f.scoped, n.get("scopes_supported").where())
		}
	}
	for _, m := range n.get("token_endpoint_auth_methods_supported").items() {
		f.clients = append(f.clients, fmt.Sprint(m.value))
	}
	for _, m := range n.get("code_challenge_methods_supported").items() {
		f.pkce = append(f.pkce, fmt.Sprint(m.value))
	}
	f.where = n.where()
}

// authorization holds what the entry says about it.
func (k *checker) authorization() {
	f := k.facts()
	a := &k.Auth
	for key, ours := range map[string]string{
		"authorization_url": a.AuthorizationURL, "token_url": a.TokenURL, "refresh_url": a.RefreshURL,
		"revocation_url": a.RevocationURL, "introspection_url": a.IntrospectionURL, "issuer": a.Issuer,
		"device_authorization_url": a.DeviceAuthorizationURL, "pushed_authorization_url": a.PushedAuthorizationURL,
	} {
		k.address(key, ours, f.urls[key])
	}
	k.scopes(f)
	k.clientAuth(f)
	k.apiKey(f)
}

func (k *checker) address(key, ours string, theirs []address) {
	if ours == "" || theirs == nil {
		return
	}
	url := templatePattern(ours)
	var said []string
	for _, t := range theirs {
		if url.equal(t.url) {
			return
		}
		said = append(said, t.url.String())
	}
	k.report(codeURL, []string{"auth", key}, fmt.Sprintf("%s is another in the document: %s", key, list(said)), theirs[0].where)
}

// scopes holds those that the entry asks for, and those that its token samples show.
func (k *checker) scopes(f *facts) {
	if len(f.scopes) == 0 {
		return
	}
	if k.Auth.Scopes == schema.ScopesNone && k.Auth.AuthorizationURL != "" {
		k.report(codeScope, []string{"auth", "scopes"}, fmt.Sprintf("the document has %d scopes", len(f.scopes)), f.scoped[0])
	}
	for i, scope := range k.Auth.DefaultScopes {
		k.scope(f, scope, "auth", "default_scopes", fmt.Sprint(i))
	}
	for i, s := range k.Samples {
		if s.Kind != schema.SampleToken {
			continue
		}
		text, _ := schema.TextAt(s.Response.Body, "scope")
		for _, scope := range strings.FieldsFunc(text, func(r rune) bool { return r == ' ' || r == ',' }) {
			k.scope(f, scope, "samples", fmt.Sprint(i), "response", "body", "scope")
		}
	}
}

// standard are scopes that are not an API's own (OpenID Connect Core 5.4, 11).
var standard = []string{"openid", "profile", "email", "address", "phone", "offline_access"}

func (k *checker) scope(f *facts, scope string, at ...string) {
	if !f.scopes[scope] && !slices.Contains(standard, scope) {
		k.report(codeScope, at, fmt.Sprintf("no scope %s in the document", scope), f.scoped[0])
	}
}

// names of the ways in which clients authenticate, in RFC 8414.
var clientAuths = map[string][]string{
	schema.ClientAuthHeader: {"client_secret_basic"},
	schema.ClientAuthBody:   {"client_secret_post"},
	schema.ClientAuthNone:   {"none"},
	schema.ClientAuthJWT:    {"private_key_jwt"},
	schema.ClientAuthTLS:    {"tls_client_auth", "self_signed_tls_client_auth"},
}

func (k *checker) clientAuth(f *facts) {
	if f.clients != nil && k.Auth.TokenURL != "" && !intersect(f.clients, clientAuths[k.Auth.ClientAuth()]) {
		k.report(codeClient, []string{"auth", "authorization_method"}, fmt.Sprintf("the token endpoint takes %s", list(f.clients)), f.where)
	}
	if c := k.Auth.Challenge(); f.pkce != nil && c != schema.PKCEOff && !slices.Contains(f.pkce, string(c)) {
		k.report(codeClient, []string{"auth", "pkce"}, fmt.Sprintf("the server takes %s for PKCE", list(f.pkce)), f.where)
	}
}

func intersect(a, b []string) bool {
	return slices.ContainsFunc(a, func(s string) bool { return slices.Contains(b, s) })
}

// apiKey holds where a key or a password is sent, if the document knows nothing else.
func (k *checker) apiKey(f *facts) {
	if f.keys == nil || k.Auth.AuthMode != schema.APIKey && k.Auth.AuthMode != schema.UsernamePassword {
		return
	}
	for in, values := range map[string]map[string]string{"header": k.Requests.Headers, "query": k.Requests.Params} {
		key := map[string]string{"header": "headers", "query": "params"}[in]
		for _, name := range slices.Sorted(maps.Keys(values)) {
			if t, err := schema.ParseTemplate(values[name]); err != nil || !carries(t) {
				continue
			}
			if said := sentOtherwise(f.keys, in, name, values[name]); said != nil {
				k.reportName(codeClient, []string{"requests", key, name}, fmt.Sprintf("the document has credentials sent as %s", list(said)), f.keys[0].where())
			}
		}
	}
}

func carries(t schema.Template) bool {
	return slices.ContainsFunc(t.Refs(), func(name string) bool {
		return name == "api_key" || name == "basic_auth_encoded" || strings.HasPrefix(name, "credentials.")
	})
}

// sentOtherwise returns how credentials are sent, if none of the schemes sends them so.
func sentOtherwise(schemes []node, in, name, value string) (said []string) {
	for _, s := range schemes {
		if s.text("type") == "apiKey" {
			if s.text("in") == in && strings.EqualFold(s.text("name"), name) {
				return nil
			}
			said = append(said, s.text("in")+" "+s.text("name"))
			continue
		}
		way := s.text("scheme")
		if s.doc.kind == openAPI2 {
			way = s.text("type")
		}
		if in == "header" && strings.EqualFold(name, "Authorization") && len(value) > len(way) && strings.EqualFold(value[:len(way)], way) {
			return nil
		}
		said = append(said, "header Authorization: "+way)
	}
	return said
}
