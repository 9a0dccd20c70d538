package schema

import (
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"slices"
	"strings"
	"time"
)

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

// How a client authenticates at the token endpoint.
const (
	ClientAuthHeader = "header"
	ClientAuthBody   = "body"
	ClientAuthNone   = "none"
	ClientAuthJWT    = "private_key_jwt"
	ClientAuthTLS    = "tls_client_auth" // RFC 8705 2.1
)

// PKCE methods. PKCEOff is written `pkce: false`.
const (
	PKCES256  PKCE = "S256"
	PKCEPlain PKCE = "plain"
	PKCEOff   PKCE = "false"
)

// PKCE is a code challenge method (RFC 7636 4.2). The zero value means S256.
type PKCE string

// UnmarshalJSON takes a string or false.
func (p *PKCE) UnmarshalJSON(b []byte) error {
	if string(b) == "false" {
		*p = PKCEOff
		return nil
	}
	return json.Unmarshal(b, (*string)(p))
}

// MarshalJSON writes what UnmarshalJSON reads.
func (p PKCE) MarshalJSON() ([]byte, error) {
	if p == PKCEOff {
		return []byte("false"), nil
	}
	return json.Marshal(string(p))
}

// Auth says how a connection is authorised and kept. The JSON Schema describes
// every key; zero values mean the defaults it states.
type Auth struct {
	AuthMode                    AuthMode          `json:"auth_mode"`
	AuthorizationURL            string            `json:"authorization_url,omitempty"`
	AuthorizationParams         map[string]string `json:"authorization_params,omitempty"`
	DeviceAuthorizationURL      string            `json:"device_authorization_url,omitempty"`
	DeviceAuthorizationParams   map[string]string `json:"device_authorization_params,omitempty"`
	ScopeSeparator              *string           `json:"scope_separator,omitempty"`
	TokenURL                    string            `json:"token_url,omitempty"`
	TokenParams                 map[string]string `json:"token_params,omitempty"`
	AuthorizationMethod         string            `json:"authorization_method,omitempty"`
	ClientCertificate           string            `json:"client_certificate,omitempty"` // required
	BodyFormat                  string            `json:"body_format,omitempty"`
	RefreshURL                  string            `json:"refresh_url,omitempty"`
	RequestURL                  string            `json:"request_url,omitempty"`
	RequestParams               map[string]string `json:"request_params,omitempty"`
	RequestHTTPMethod           string            `json:"request_http_method,omitempty"`
	TokenHTTPMethod             string            `json:"token_http_method,omitempty"`
	SignatureMethod             string            `json:"signature_method,omitempty"`
	SignatureRealm              string            `json:"signature_realm,omitempty"`
	RequestSignature            *RequestSignature `json:"signature,omitempty"`
	AWS                         *AWS              `json:"aws,omitempty"`
	PKCE                        PKCE              `json:"pkce,omitempty"`
	DefaultScopes               []string          `json:"default_scopes,omitempty"`
	Scopes                      string            `json:"scopes,omitempty"`
	RefreshParams               map[string]string `json:"refresh_params,omitempty"`
	RefreshRequest              *RefreshRequest   `json:"refresh_request,omitempty"`
	TokenHeaders                map[string]string `json:"token_headers,omitempty"`
	TokenRequestMethod          string            `json:"token_request_method,omitempty"`
	TokenRequest                *TokenRequest     `json:"token_request,omitempty"`
	JWT                         *JWT              `json:"jwt,omitempty"`
	TokenResponse               *TokenResponse    `json:"token_response,omitempty"`
	Steps                       []Step            `json:"steps,omitempty"`
	TokenLifetimeSeconds        float64           `json:"token_lifetime_seconds,omitempty"`
	RefreshMarginSeconds        *float64          `json:"refresh_margin_seconds,omitempty"`
	RefreshOn                   []Condition       `json:"refresh_on,omitempty"`
	RefreshGraceSeconds         float64           `json:"refresh_grace_seconds,omitempty"`
	RefreshTokenLifetimeSeconds float64           `json:"refresh_token_lifetime_seconds,omitempty"`
	RevocationURL               string            `json:"revocation_url,omitempty"`
	RevocationRequest           *Revocation       `json:"revocation_request,omitempty"`
	Callback                    *Callback         `json:"callback,omitempty"`
	IntrospectionURL            string            `json:"introspection_url,omitempty"`
	IntrospectionParams         map[string]string `json:"introspection_params,omitempty"`
	Issuer                      string            `json:"issuer,omitempty"`
	Resource                    string            `json:"resource,omitempty"`
	AuthorizationServer         string            `json:"authorization_server,omitempty"`
	ClientName                  string            `json:"client_name,omitempty"`
	ClientURI                   string            `json:"client_uri,omitempty"`
	ClientMetadataURL           string            `json:"client_metadata_url,omitempty"`
}

// Format writes the mode alone, because params may hold text from the
// environment.
func (a Auth) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, "auth "+string(a.AuthMode)) }

// LogValue returns what Format writes.
func (a Auth) LogValue() slog.Value { return slog.StringValue("auth " + string(a.AuthMode)) }

// Signature returns SignatureMethod, or the default of the mode.
func (a *Auth) Signature() string {
	if a.SignatureMethod == "" && a.AuthMode == TBA {
		return "HMAC-SHA256"
	}
	return a.SignatureMethod
}

// OwnCredentials returns the credentials that each connection has without declaring
// them; see [AuthMode.Credentials]. A client that signs, or shows nothing, has no
// secret, and where the app assumes roles, users have no key.
func (a *Auth) OwnCredentials() []string {
	names := a.AuthMode.Credentials()
	if r := a.AssumesRole(); r != nil && r.Source == SourceApp {
		return nil
	}
	if a.AuthMode == OAuth2CC {
		switch a.ClientAuth() {
		case ClientAuthNone:
			return nil
		case ClientAuthJWT, ClientAuthTLS:
			return names[:1]
		}
	}
	return names
}

// DeviceOnly reports whether users consent on another device and nowhere else.
func (a *Auth) DeviceOnly() bool {
	return a.AuthMode == OAuth2 && a.AuthorizationURL == "" && a.DeviceAuthorizationURL != ""
}

// OwnField returns what is known of a credential that each connection has without
// declaring it, laid under what a blueprint says of it.
func (a *Auth) OwnField(name string, declared Field) Field {
	switch name {
	case "api_key", "password", "client_secret", "token_secret":
		declared.Secret = true
	}
	if a.AuthMode == AWSSigV4 && slices.Contains(a.AuthMode.Credentials(), name) {
		declared.Secret = declared.Secret || name != "access_key_id"
		declared.Optional = declared.Optional || name == "session_token"
		if declared.Pattern == "" {
			declared.Pattern = `\S+` // a space that came along spoils the signature
		}
	}
	return declared
}

// SignsWithAppKey reports whether tokens are signed with oauth_private_key.
func (a *Auth) SignsWithAppKey() bool {
	return a.JWT != nil && strings.Contains(a.JWT.SigningKey(), "${oauth_private_key}")
}

// WantsCertificate reports whether nothing goes without a client certificate.
func (a *Auth) WantsCertificate() bool {
	return a.ClientCertificate == "required" || a.ClientAuth() == ClientAuthTLS
}

// Separator returns what stands between scopes: a space unless stated.
func (a *Auth) Separator() string {
	if a.ScopeSeparator == nil {
		return " "
	}
	return *a.ScopeSeparator
}

// ClientAuth returns AuthorizationMethod, or its default "header".
func (a *Auth) ClientAuth() string {
	if a.AuthorizationMethod == "" {
		return ClientAuthHeader
	}
	return a.AuthorizationMethod
}

// Challenge returns PKCE, or its default S256.
func (a *Auth) Challenge() PKCE {
	if a.PKCE == "" {
		return PKCES256
	}
	return a.PKCE
}

// AWS says how calls are signed with AWS Signature Version 4.
type AWS struct {
	Service       string `json:"service"`
	Region        string `json:"region"`
	UnescapedPath bool   `json:"unescaped_path,omitempty"`
	SignPayload   *bool  `json:"sign_payload,omitempty"`

	AssumeRole *AssumeRole `json:"assume_role,omitempty"`
}

// SignsPayload returns SignPayload, or its default true.
func (a *AWS) SignsPayload() bool { return a.SignPayload == nil || *a.SignPayload }

// Whose key assumes a role.
const (
	SourceConnection = "connection"
	SourceApp        = "app"
)

// An AssumeRole says which role calls are made in, and how it is assumed.
type AssumeRole struct {
	RoleARN         string `json:"role_arn"`
	URL             string `json:"url"`
	Region          string `json:"region,omitempty"` // default: that of AWS
	ExternalID      string `json:"external_id,omitempty"`
	SessionName     string `json:"session_name,omitempty"`
	DurationSeconds int    `json:"duration_seconds,omitempty"`
	Source          string `json:"source,omitempty"`
}

// Session returns SessionName, or its default.
func (r *AssumeRole) Session() string {
	if r.SessionName == "" {
		return "nango-lite"
	}
	return r.SessionName
}

// AssumesRole returns how calls' role is assumed, or nil if they are made in none.
func (a *Auth) AssumesRole() *AssumeRole {
	if a.AuthMode != AWSSigV4 || a.AWS == nil {
		return nil
	}
	return a.AWS.AssumeRole
}

// Issues is [AuthMode.Issues], and true of a role that is assumed.
func (a *Auth) Issues() bool { return a.AuthMode.Issues() || a.AssumesRole() != nil }

// HasTokens reports whether connections have an access token that ends.
func (a *Auth) HasTokens() bool { return a.AuthMode.HasTokens() || a.Issues() }

// A TokenRequest says how token requests differ from RFC 6749.
type TokenRequest struct {
	Rename         map[string]string `json:"rename,omitempty"`
	Query          map[string]string `json:"query,omitempty"`
	BasicUnescaped bool              `json:"basic_unescaped,omitempty"`
}

// A RequestSignature is what calls are signed with.
type RequestSignature struct {
	Headers map[string]string `json:"headers,omitempty"`
	Params  map[string]string `json:"params,omitempty"`
}

// A Callback says how the parameters of a callback are called.
type Callback struct {
	Code  string `json:"code,omitempty"`
	State string `json:"state,omitempty"`
}

// CallbackNames returns the names of the code and the state on the callback: code and
// state unless Callback says otherwise.
func (a *Auth) CallbackNames() (code, state string) {
	code, state = "code", "state"
	if a.Callback != nil && a.Callback.Code != "" {
		code = a.Callback.Code
	}
	if a.Callback != nil && a.Callback.State != "" {
		state = a.Callback.State
	}
	return code, state
}

// A RefreshRequest says how a refresh differs from the exchange of a code.
type RefreshRequest struct {
	With                string `json:"with,omitempty"` // refresh_token | access_token
	Method              string `json:"method,omitempty"`
	AuthorizationMethod string `json:"authorization_method,omitempty"`
}

// RefreshesAccessToken reports whether a refresh redeems the access token.
func (a *Auth) RefreshesAccessToken() bool {
	return a.RefreshRequest != nil && a.RefreshRequest.With == "access_token"
}

// A Revocation says how revocation differs from RFC 7009.
type Revocation struct {
	Method              string            `json:"method,omitempty"`
	Params              map[string]string `json:"params,omitempty"` // nil: those of RFC 7009
	Query               map[string]string `json:"query,omitempty"`
	Headers             map[string]string `json:"headers,omitempty"`
	BodyFormat          string            `json:"body_format,omitempty"`
	AuthorizationMethod string            `json:"authorization_method,omitempty"` // header | body | none | bearer; empty: as for token requests
	With                string            `json:"with,omitempty"`                 // refresh_token | access_token | both; empty: the first of these that there is
	Success             *Condition        `json:"success,omitempty"`
}

// RevokeBearer is the way of a [Revocation] in which the token speaks for itself.
const RevokeBearer = "bearer"

// A Step is a further request after a token answer.
type Step struct {
	URL        string            `json:"url"`
	Method     string            `json:"method,omitempty"`
	Params     map[string]string `json:"params,omitempty"`
	Query      map[string]string `json:"query,omitempty"`
	Headers    map[string]string `json:"headers,omitempty"`
	BodyFormat string            `json:"body_format,omitempty"`
	Only       string            `json:"only,omitempty"` // connect | refresh; empty: both
}

// When reports whether the step is made at a refresh, or when a connection is made.
func (s *Step) When(refresh bool) bool {
	return s.Only == "" || (s.Only == "refresh") == refresh
}

// A JWT is a JSON Web Token that we sign.
type JWT struct {
	Algorithm       string            `json:"algorithm"`
	Header          map[string]string `json:"header,omitempty"`
	Payload         map[string]string `json:"payload,omitempty"`
	Key             string            `json:"key,omitempty"`
	KeyEncoding     string            `json:"key_encoding,omitempty"`
	LifetimeSeconds float64           `json:"lifetime_seconds,omitempty"`
}

// SigningKey returns Key, or its default.
func (j *JWT) SigningKey() string {
	if j.Key == "" {
		return "${oauth_private_key}"
	}
	return j.Key
}

// Lifetime returns LifetimeSeconds, or its default of five minutes.
func (j *JWT) Lifetime() time.Duration {
	if j.LifetimeSeconds == 0 {
		return 5 * time.Minute
	}
	return time.Duration(j.LifetimeSeconds * float64(time.Second))
}

// A TokenResponse says how token answers differ from RFC 6749 5.1.
type TokenResponse struct {
	AccessToken  string                    `json:"access_token,omitempty"`
	RefreshToken string                    `json:"refresh_token,omitempty"`
	Expires      *Expires                  `json:"expires,omitempty"`
	Scope        string                    `json:"scope,omitempty"`
	Success      *Condition                `json:"success,omitempty"`
	Error        *Condition                `json:"error,omitempty"`
	ErrorCode    string                    `json:"error_code,omitempty"`
	TokenTypes   []string                  `json:"token_types,omitempty"`
	Secondary    map[string]SecondaryToken `json:"secondary,omitempty"`
}

// Expires says where a token answer tells its end.
type Expires struct {
	Path string `json:"path"`
	Kind string `json:"kind,omitempty"` // in | at
	Unit string `json:"unit,omitempty"` // s | ms
}

// A SecondaryToken is a further token in the same answer.
type SecondaryToken struct {
	AccessToken  string `json:"access_token"`
	RefreshToken string `json:"refresh_token,omitempty"`
}

// A Field is a value that a user types.
type Field struct {
	Title       string   `json:"title,omitempty"`
	Description string   `json:"description,omitempty"`
	Format      string   `json:"format,omitempty"`
	Pattern     string   `json:"pattern,omitempty"`
	Enum        []string `json:"enum,omitempty"`
	Example     string   `json:"example,omitempty"`
	Optional    bool     `json:"optional,omitempty"`
	Secret      bool     `json:"secret,omitempty"`
	Default     string   `json:"default,omitempty"`
}
