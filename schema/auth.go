package schema

import (
	"cmp"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"strings"
)

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
	PushedAuthorizationURL      string            `json:"pushed_authorization_url,omitempty"`
	TokenURL                    string            `json:"token_url,omitempty"`
	TokenParams                 Tree              `json:"token_params,omitempty"`
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
	Scopes                      string            `json:"scopes,omitempty"` // none or app
	RefreshParams               Tree              `json:"refresh_params,omitempty"`
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

// MarshalText returns what Format writes.
func (a Auth) MarshalText() ([]byte, error) { return []byte("auth " + string(a.AuthMode)), nil }

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
// declaring it, laid under what a blueprint says of it. What one mode keeps secret is
// secret wherever it is declared.
func (a *Auth) OwnField(name string, declared Field) Field {
	for i := range Modes {
		for _, c := range Modes[i].Credentials {
			if c.Name != name {
				continue
			}
			declared.Secret = declared.Secret || c.Secret
			if a.AuthMode == Modes[i].Name {
				declared.Optional = declared.Optional || c.Optional
				declared.Pattern = cmp.Or(declared.Pattern, c.Pattern)
			}
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

// AsksNoScopes reports whether an authorization request needs no scopes: the API has
// none, or what a token may do is chosen in the app's settings.
func (a *Auth) AsksNoScopes() bool { return a.Scopes == ScopesNone || a.Scopes == ScopesApp }

// Values of Auth.Scopes.
const (
	ScopesNone = "none" // the API has no scopes
	ScopesApp  = "app"  // they are chosen in the app's settings at the provider
)

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

// Issues is [AuthMode.Issues], and true of a role that is assumed.
func (a *Auth) Issues() bool { return a.AuthMode.Issues() || a.AssumesRole() != nil }

// HasTokens reports whether connections have an access token that ends.
func (a *Auth) HasTokens() bool { return a.AuthMode.HasTokens() || a.Issues() }

// A Callback says how the parameters of a callback are called.
type Callback struct {
	Code string `json:"code,omitempty"`
}

// CodeName returns the name of the code on the callback: code unless Callback says
// otherwise.
func (a *Auth) CodeName() string {
	if a.Callback != nil && a.Callback.Code != "" {
		return a.Callback.Code
	}
	return "code"
}
