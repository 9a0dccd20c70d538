package engine

import "github.com/nango-lite/nango-lite/schema"

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
