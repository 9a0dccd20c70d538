package page

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/nango-lite/nango-lite/schema"
)

// authFacts says how a connection is authorised and kept.
func authFacts(v *schema.Version) []Fact {
	a := &v.Auth
	f := facts{}
	f.words("Mode", modeName(a.AuthMode)+" ("+string(a.AuthMode)+")", "auth.auth_mode")
	switch a.AuthMode {
	case schema.OAuth2:
		f.oauth2(a)
	case schema.MCPOAuth2:
		f.discovery(a)
	case schema.OAuth1:
		f.oauth1(a)
	case schema.AWSSigV4:
		f.aws(a.AWS)
	default:
		if a.TokenURL != "" {
			f.token(a)
		}
	}
	f.jwt(a.JWT)
	if a.WantsCertificate() {
		f.words("Client certificate", "shown at the token endpoint and the API (RFC 8705)", "auth.client_certificate")
	}
	if s := a.RequestSignature; s != nil {
		f.code("Signed with", pairs(s.Headers, ": ", "\n"), "auth.signature.headers")
		f.code("Signed with", pairs(s.Params, "=", " "), "auth.signature.params")
	}
	f.code("Credential sent as", strings.Join(carriers(v), "\n"), "requests.headers")
	return f
}

func (f *facts) discovery(a *schema.Auth) {
	f.code("Resource", a.Resource, "auth.resource")
	f.code("Authorization server", a.AuthorizationServer, "auth.authorization_server")
	f.words("Registers as", a.ClientName, "auth.client_name")
	f.code("with", pairs(a.AuthorizationParams, "=", " "), "auth.authorization_params")
}

func (f *facts) aws(a *schema.AWS) {
	if a == nil {
		return
	}
	f.code("Service", a.Service, "auth.aws.service")
	f.code("Region", a.Region, "auth.aws.region")
	if r := a.AssumeRole; r != nil {
		f.code("Role", r.RoleARN, "auth.aws.assume_role.role_arn")
		f.code("assumed at", r.URL, "auth.aws.assume_role.url")
		f.code("External ID", r.ExternalID, "auth.aws.assume_role.external_id")
	}
}

func (f *facts) oauth2(a *schema.Auth) {
	f.code("Authorization URL", a.AuthorizationURL, "auth.authorization_url")
	f.code("with", pairs(a.AuthorizationParams, "=", " "), "auth.authorization_params")
	f.code("Device authorization URL", a.DeviceAuthorizationURL, "auth.device_authorization_url")
	f.code("with", pairs(a.DeviceAuthorizationParams, "=", " "), "auth.device_authorization_params")
	f.token(a)
	if !a.DeviceOnly() {
		pkce := string(a.Challenge())
		if a.Challenge() == schema.PKCEOff {
			pkce = "off"
		}
		f.words("PKCE", pkce, "auth.pkce")
	}
	f.words("Scopes", scopesInWords(a), "auth.scopes")
	f.words("Callback", callbackInWords(a), "auth.callback")
}

// clientAuthInWords are the ways of a client to say who it is.
var clientAuthInWords = map[string]string{
	schema.ClientAuthHeader: "id and secret in a Basic header",
	schema.ClientAuthBody:   "id and secret in the body",
	schema.ClientAuthNone:   "none: a public client",
	schema.ClientAuthJWT:    "an assertion that it signs (RFC 7523)",
	schema.ClientAuthTLS:    "its certificate (RFC 8705)",
}

// token says how tokens are asked for, and what else is asked.
func (f *facts) token(a *schema.Auth) {
	f.code("Token URL", a.TokenURL, "auth.token_url")
	f.code("with", pairs(a.TokenParams.Leaves(), "=", " "), "auth.token_params")
	f.code("with headers", pairs(a.TokenHeaders, ": ", "\n"), "auth.token_headers")
	for _, s := range a.Steps {
		f.code("and then", cmp.Or(s.Method, "POST")+" "+s.URL, "auth.steps")
	}
	f.code("Refresh URL", a.RefreshURL, "auth.refresh_url")
	f.code("Revocation URL", a.RevocationURL, "auth.revocation_url")
	f.code("Introspection URL", a.IntrospectionURL, "auth.introspection_url")
	f.code("Pushed requests", a.PushedAuthorizationURL, "auth.pushed_authorization_url")
	f.code("Issuer", a.Issuer, "auth.issuer")
	if a.AuthMode == schema.OAuth2 || a.AuthMode == schema.OAuth2CC && a.ClientAuth() != schema.ClientAuthNone {
		f.words("Client authentication", clientAuthInWords[a.ClientAuth()], "auth.authorization_method")
	}
	f.words("Token requests", map[string]string{"": "form", "form": "form", "json": "JSON", "query": "in the query"}[a.BodyFormat], "auth.body_format")
	if s := a.TokenLifetimeSeconds; s > 0 {
		f.words("Token lifetime", fmt.Sprintf("%g s", s), "auth.token_lifetime_seconds")
	}
	if r := a.TokenResponse; r != nil {
		f.code("Further tokens", strings.Join(slices.Sorted(maps.Keys(r.Secondary)), " "), "auth.token_response.secondary")
	}
}

func (f *facts) jwt(j *schema.JWT) {
	if j == nil {
		return
	}
	f.words("Signs with", fmt.Sprintf("%s, for %g s", j.Algorithm, j.Lifetime().Seconds()), "auth.jwt")
}

// callbackInWords says what the callback calls the code, if not so.
func callbackInWords(a *schema.Auth) string {
	if name := a.CodeName(); name != "code" {
		return "the code is called " + name
	}
	return ""
}

func (f *facts) oauth1(a *schema.Auth) {
	f.code("Request URL", a.RequestURL, "auth.request_url")
	f.code("with", pairs(a.RequestParams, "=", " "), "auth.request_params")
	f.code("Authorization URL", a.AuthorizationURL, "auth.authorization_url")
	f.code("with", pairs(a.AuthorizationParams, "=", " "), "auth.authorization_params")
	f.code("Token URL", a.TokenURL, "auth.token_url")
	f.words("Signature", a.SignatureMethod, "auth.signature_method")
	f.words("Scopes", scopesInWords(a), "auth.scopes")
}
