package typed

import (
	"github.com/nango-lite/nango-lite/schema"
)

// routes are the routes by which users connect with what they type, without a page
// of the provider's, and the modes that each is for. They are those of Nango's frontend
// client, but for /connect/credentials, which takes all modes.
var routes = map[string][]schema.AuthMode{
	"/api-auth/api-key/{integration}":     {schema.APIKey},
	"/api-auth/basic/{integration}":       {schema.UsernamePassword},
	"/oauth2/auth/{integration}":          {schema.OAuth2CC},
	"/auth/two-step/{integration}":        {schema.TwoStep},
	"/auth/bill/{integration}":            {schema.TwoStep},
	"/auth/jwt/{integration}":             {schema.SignedJWT, schema.App},
	"/auth/signature/{integration}":       {schema.Signature},
	"/auth/tba/{integration}":             {schema.TBA},
	"/auth/aws-sigv4/{integration}":       {schema.AWSSigV4},
	"/auth/unauthenticated/{integration}": {schema.NoAuth},
	"/connect/credentials/{integration}": {
		schema.APIKey, schema.UsernamePassword, schema.OAuth2CC, schema.TwoStep, schema.SignedJWT, schema.App,
		schema.Signature, schema.TBA, schema.AWSSigV4, schema.NoAuth,
	},
}

// OutboundRoute is a route of Nango's client for users who begin at the provider, which is
// not supported.
const OutboundRoute = "/auth/oauth-outbound/{integration}"
