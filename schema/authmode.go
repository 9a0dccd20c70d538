package schema

// An AuthMode is a kind of credentials. What is known of each stands in the table
// [Modes].
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

// Mode returns the row of m in [Modes], which must not be changed. A name that is no
// mode has a row without anything in it.
func (m AuthMode) Mode() *Mode {
	for i := range Modes {
		if Modes[i].Name == m {
			return &Modes[i]
		}
	}
	return &noMode
}

var noMode Mode

// Known reports whether m is one of [Modes].
func (m AuthMode) Known() bool { return m.Mode() != &noMode }

// Issues reports whether connections of the mode get their tokens from what the
// user or the operator typed, without consent. Such a token is never refreshed: the
// next one is obtained like the first.
func (m AuthMode) Issues() bool { return m.Mode().Token == TokenIssued }

// HasTokens reports whether connections of the mode have an access token that
// ends.
func (m AuthMode) HasTokens() bool { return m.Mode().Token != NoToken }

// Consents reports whether a connection of the mode is made at a page of the
// provider.
func (m AuthMode) Consents() bool { return m.Mode().Consent != NoConsent }

// Codes reports whether a connection of the mode is made with an authorization code
// (RFC 6749 4.1).
func (m AuthMode) Codes() bool { return m.Mode().Consent == ConsentCode }

// Credentials returns the names of the credentials that each connection of the
// mode has without declaring them. Those of OAUTH2_CC are not asked for where the
// operator has given a client id.
func (m AuthMode) Credentials() []string {
	var names []string
	for _, c := range m.Mode().Credentials {
		names = append(names, c.Name)
	}
	return names
}
