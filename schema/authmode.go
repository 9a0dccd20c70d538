package schema

// An AuthMode is a kind of credentials.
type AuthMode string

// The auth modes.
const (
	OAuth2           AuthMode = "OAUTH2"
	MCPOAuth2        AuthMode = "MCP_OAUTH2" // OAuth 2.0 at a server that says itself who authorises its users
	OAuth2CC         AuthMode = "OAUTH2_CC"  // client credentials, RFC 6749 4.4
	TwoStep          AuthMode = "TWO_STEP"   // a login call that yields a token
	SignedJWT        AuthMode = "JWT"        // the token is one that we sign
	App              AuthMode = "APP"        // a signed token for one of an installation
	OAuth1           AuthMode = "OAUTH1"
	TBA              AuthMode = "TBA"       // OAuth 1.0a signatures with a token that the user types
	AWSSigV4         AuthMode = "AWS_SIGV4" // AWS Signature Version 4
	Signature        AuthMode = "SIGNATURE" // each call is signed as auth.signature says
	APIKey           AuthMode = "API_KEY"
	UsernamePassword AuthMode = "USERNAME_PASSWORD"
	NoAuth           AuthMode = "NONE"
)

// Issues reports whether connections of the mode get their tokens from what the
// user or the operator typed, without consent. Such a token is never refreshed: the
// next one is obtained like the first.
func (m AuthMode) Issues() bool {
	return m == OAuth2CC || m == TwoStep || m == SignedJWT || m == App
}

// HasTokens reports whether connections of the mode have an access token that
// ends.
func (m AuthMode) HasTokens() bool { return m.Codes() || m.Issues() }

// Consents reports whether a connection of the mode is made at a page of the
// provider.
func (m AuthMode) Consents() bool { return m.Codes() || m == OAuth1 }

// Codes reports whether a connection of the mode is made with an authorization code
// (RFC 6749 4.1).
func (m AuthMode) Codes() bool { return m == OAuth2 || m == MCPOAuth2 }

// Credentials returns the names of the credentials that each connection of the
// mode has without declaring them. Those of OAUTH2_CC are not asked for where the
// operator has given a client id.
func (m AuthMode) Credentials() []string {
	switch m {
	case APIKey:
		return []string{"api_key"}
	case UsernamePassword, Signature:
		return []string{"username", "password"}
	case OAuth2CC:
		return []string{"client_id", "client_secret"}
	case TBA:
		return []string{"token_id", "token_secret"}
	case AWSSigV4:
		return []string{"access_key_id", "secret_access_key", "session_token"}
	}
	return nil
}
