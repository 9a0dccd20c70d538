package mode

import "github.com/nango-lite/nango-lite/schema"

// New returns what the auth_mode of an integration means. Of one that nothing is known
// of no connection is accepted.
func New(env *Env) Mode {
	b := base{env}
	switch env.In.Auth.AuthMode {
	case schema.OAuth2:
		return &oauth2Mode{code{base: b}}
	case schema.MCPOAuth2:
		return &discovered{code{b, env.Servers.Blame}}
	case schema.OAuth1:
		return &temporary{b, oauth1Signing{env}}
	case schema.TBA:
		return &struct {
			base
			oauth1Signing
		}{b, oauth1Signing{env}}
	case schema.OAuth2CC:
		return &issuer{b, &clientCredentials{env}}
	case schema.TwoStep, schema.App:
		return &issuer{b, &login{env}}
	case schema.SignedJWT:
		return &issuer{b, &signedJWT{env}}
	case schema.AWSSigV4:
		if env.In.Auth.AssumesRole() != nil {
			return &struct {
				issuer
				awsSigning
			}{issuer{b, &role{env}}, awsSigning{env}}
		}
		return &struct {
			base
			awsSigning
		}{b, awsSigning{env}}
	case schema.APIKey, schema.UsernamePassword, schema.Signature, schema.NoAuth:
		return b
	}
	return unknown{b}
}
