package plan

import (
	"github.com/nango-lite/nango-lite/connection"
	"github.com/nango-lite/nango-lite/schema"
)

// Literal returns a URL that somebody else wrote as the template of itself alone.
func Literal(endpoint string) schema.Template {
	if endpoint == "" {
		return schema.Template{}
	}
	return schema.Template{Parts: []schema.Part{{Literal: endpoint}}}
}

// TokenEndpoint returns where c's codes are redeemed.
func (in *Integration) TokenEndpoint(c *connection.Connection) schema.Template {
	if in.Auth.AuthMode == schema.MCPOAuth2 {
		return Literal(c.Credentials.Registration.TokenEndpoint)
	}
	return in.Parsed.TokenURL
}

// RefreshEndpoint returns where c's tokens are refreshed.
func (in *Integration) RefreshEndpoint(c *connection.Connection) schema.Template {
	if in.Auth.AuthMode == schema.MCPOAuth2 {
		return Literal(c.Credentials.Registration.TokenEndpoint)
	}
	return in.Parsed.RefreshURL
}

// RevocationEndpoint returns where c's tokens are revoked, or the empty template.
func (in *Integration) RevocationEndpoint(c *connection.Connection) schema.Template {
	if in.Auth.AuthMode == schema.MCPOAuth2 {
		return Literal(c.Credentials.Registration.RevocationEndpoint)
	}
	return in.Parsed.RevocationURL
}

// ClientAuth returns how the client authenticates in token requests for c, or "" where
// the request says by itself who is calling.
func (in *Integration) ClientAuth(c *connection.Connection) string {
	switch in.Auth.AuthMode {
	case schema.MCPOAuth2:
		return c.Credentials.Registration.AuthorizationMethod
	case schema.TwoStep, schema.App:
		return ""
	}
	return in.Auth.ClientAuth()
}

// ForResource names the resource in a token request, where it was found (RFC 8707 2.2).
func (in *Integration) ForResource(c *connection.Connection, params map[string]string) map[string]string {
	if params == nil {
		params = map[string]string{}
	}
	if r := c.Credentials.Registration.Resource; in.Auth.AuthMode == schema.MCPOAuth2 && r != "" {
		params["resource"] = r
	}
	return params
}

// Client returns the id and secret that c's token requests are made with: the
// connection's own where it has them, else the integration's. The latter's secret goes to
// no server that it is not of: one that was found before may have named any id as ours.
func (in *Integration) Client(c *connection.Connection) (id, secret schema.Secret) {
	if in.ClientByConnection() {
		return c.Credentials.Field("client_id"), c.Credentials.Field("client_secret")
	}
	if r := &c.Credentials.Registration; in.Auth.AuthMode == schema.MCPOAuth2 && (r.ClientID != in.OAuthClientID || !in.OwnsServer(r.Issuer)) {
		return schema.NewSecret(r.ClientID), r.ClientSecret
	}
	return schema.NewSecret(in.OAuthClientID), in.OAuthClientSecret
}
