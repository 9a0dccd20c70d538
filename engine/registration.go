package engine

import (
	"time"

	"github.com/nango-lite/nango-lite/schema"
)

// A Registration is what was found out for a connection of MCP_OAUTH2 (RFC 9728, RFC
// 8414): which authorization server its tokens come from, and as which client (RFC
// 7591). It is kept with the
// connection, so that a refresh needs no discovery.
type Registration struct {
	Resource           string // as it names itself; sent with each token request (RFC 8707)
	Issuer             string
	TokenEndpoint      string
	RevocationEndpoint string // empty: the server has none

	// IssuerExpected says that the server promises to name itself on the callback
	// (RFC 9207 3): one that does not is another.
	IssuerExpected bool

	ClientID            string
	ClientSecret        schema.Secret // unset for a public client, and for the operator's own
	AuthorizationMethod string        // header, body or none
	SecretExpiresAt     time.Time     // zero: never
}

// wireRegistration is a Registration in the open, for sealing.
type wireRegistration struct {
	Resource            string     `json:"resource,omitzero"`
	Issuer              string     `json:"issuer,omitzero"`
	TokenEndpoint       string     `json:"token_endpoint,omitzero"`
	RevocationEndpoint  string     `json:"revocation_endpoint,omitzero"`
	IssuerExpected      bool       `json:"issuer_expected,omitzero"`
	ClientID            string     `json:"client_id,omitzero"`
	ClientSecret        wireSecret `json:"client_secret,omitzero"`
	AuthorizationMethod string     `json:"authorization_method,omitzero"`
	SecretExpiresAt     time.Time  `json:"secret_expires_at,omitzero"`
}

func wireRegistrationOf(r *Registration) wireRegistration {
	return wireRegistration{
		r.Resource, r.Issuer, r.TokenEndpoint, r.RevocationEndpoint, r.IssuerExpected,
		r.ClientID, wireSecret{r.ClientSecret}, r.AuthorizationMethod, stamp(r.SecretExpiresAt),
	}
}

func (w *wireRegistration) registration() Registration {
	return Registration{
		w.Resource, w.Issuer, w.TokenEndpoint, w.RevocationEndpoint, w.IssuerExpected,
		w.ClientID, w.ClientSecret.Secret, w.AuthorizationMethod, stamp(w.SecretExpiresAt),
	}
}

// literal returns a URL that somebody else wrote as the template of itself alone.
func literal(endpoint string) schema.Template {
	if endpoint == "" {
		return schema.Template{}
	}
	return schema.Template{Parts: []schema.Part{{Literal: endpoint}}}
}

// tokenEndpoint returns where c's codes are redeemed.
func (in *integration) tokenEndpoint(c *Connection) schema.Template {
	if in.Auth.AuthMode == schema.MCPOAuth2 {
		return literal(c.Credentials.Registration.TokenEndpoint)
	}
	return in.auth.tokenURL
}

// refreshEndpoint returns where c's tokens are refreshed.
func (in *integration) refreshEndpoint(c *Connection) schema.Template {
	if in.Auth.AuthMode == schema.MCPOAuth2 {
		return literal(c.Credentials.Registration.TokenEndpoint)
	}
	return in.auth.refreshURL
}

// revocationEndpoint returns where c's tokens are revoked, or the empty template.
func (in *integration) revocationEndpoint(c *Connection) schema.Template {
	if in.Auth.AuthMode == schema.MCPOAuth2 {
		return literal(c.Credentials.Registration.RevocationEndpoint)
	}
	return in.auth.revocationURL
}

// clientAuth returns how token requests for c are authenticated.
func (in *integration) clientAuth(c *Connection) string {
	if in.Auth.AuthMode == schema.MCPOAuth2 {
		return c.Credentials.Registration.AuthorizationMethod
	}
	return in.Auth.ClientAuth()
}

// forResource names the resource in a token request, where it was found (RFC 8707 2.2).
func (in *integration) forResource(c *Connection, params map[string]string) map[string]string {
	if params == nil {
		params = map[string]string{}
	}
	if r := c.Credentials.Registration.Resource; in.Auth.AuthMode == schema.MCPOAuth2 && r != "" {
		params["resource"] = r
	}
	return params
}
