package schema

import (
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"slices"
	"strings"
)

// A Config is everything an engine needs: integrations resolved, checked and
// with their references filled in. It is not modified after loading, and so is
// safe to share.
type Config struct {
	Integrations map[string]*Integration `json:"integrations"`
	Server       *Server                 `json:"server,omitempty"`
}

// String names the integrations.
func (c Config) String() string {
	return "config of " + strings.Join(slices.Sorted(maps.Keys(c.Integrations)), ", ")
}

// Format writes String whatever the verb, because templates may hold text from the
// environment.
func (c Config) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, c.String()) }

// LogValue returns String.
func (c Config) LogValue() slog.Value { return slog.StringValue(c.String()) }

// MarshalText returns String, so that JSON and YAML hold no more than logs do.
func (c Config) MarshalText() ([]byte, error) { return []byte(c.String()), nil }

// Server holds the settings of the server form.
type Server struct {
	PublicURL        string   `json:"public_url,omitempty"`
	AllowedOrigins   []string `json:"allowed_origins,omitempty"`
	AllowedRedirects []string `json:"allowed_redirects,omitempty"`
	AllowedFrames    []string `json:"allowed_frames,omitempty"`
	OpenConnect      []string `json:"open_connect,omitempty"`
	SharedCallback   []string `json:"shared_callback,omitempty"`
	Brand            *Brand   `json:"brand,omitempty"`
	Limits           *Limits  `json:"limits,omitempty"`
	Webhook          *Webhook `json:"webhook,omitempty"`

	AuditRetentionDays float64 `json:"audit_retention_days,omitempty"`
}

// Webhook is where the server tells what becomes of connections.
type Webhook struct {
	URL    string `json:"url"`
	Secret Secret `json:"secret,omitzero"`
}

// Brand is how the connect page looks.
type Brand struct {
	Name    string `json:"name,omitempty"`
	LogoURL string `json:"logo_url,omitempty"`
	Color   string `json:"color,omitempty"`
}

// Limits bound what one client may ask of the server.
type Limits struct {
	RequestsPerSecond float64 `json:"requests_per_second,omitempty"`
	MaxBodyBytes      int64   `json:"max_body_bytes,omitempty"`
}

// Defaults stand at the top of an integrations file; the loader has applied
// them by the time a Config exists.
type Defaults struct {
	LogLevel                  string   `json:"log_level,omitempty"`
	HTTPRequestTimeoutSeconds *float64 `json:"http_request_timeout_seconds,omitempty"`
	MaxRetries                *int     `json:"max_retries,omitempty"`
	TimeBetweenRetriesSec     *float64 `json:"time_between_retries_sec,omitempty"`
}

// An Integration is one API in use. One that the loader returns is resolved:
// the blueprint is merged in and defaults are filled.
//
// Strings under Auth and Requests are templates where the schema says so
// (x-template); see [ParseTemplate]. They may hold text from the environment, so
// an Integration prints as its name alone.
type Integration struct {
	ExtendsBlueprint          string   `json:"extends_blueprint,omitempty"`
	OAuthClientID             string   `json:"oauth_client_id,omitempty"`
	OAuthClientSecret         Secret   `json:"oauth_client_secret,omitzero"`
	OAuthClientSecretPrevious Secret   `json:"oauth_client_secret_previous,omitzero"`
	OAuthPrivateKey           Secret   `json:"oauth_private_key,omitzero"`
	OAuthScopes               *Scopes  `json:"oauth_scopes,omitempty"`
	ClientCertificate         string   `json:"client_certificate,omitempty"`
	ClientCertificateKey      Secret   `json:"client_certificate_key,omitzero"`
	AppAPIKey                 Secret   `json:"app_api_key,omitzero"`
	LogLevel                  string   `json:"log_level,omitempty"`
	HTTPRequestTimeoutSeconds *float64 `json:"http_request_timeout_seconds,omitempty"`
	MaxRetries                *int     `json:"max_retries,omitempty"`              // short for Requests.Retries; the loader moves it there
	TimeBetweenRetriesSec     *float64 `json:"time_between_retries_sec,omitempty"` // short for Requests.Retries; the loader moves it there

	Auth        Auth                       `json:"auth"`
	Credentials map[string]Field           `json:"credentials,omitempty"`
	Connection  map[string]ConnectionField `json:"connection,omitempty"`
	Requests    Requests                   `json:"requests"`
	Operations  map[string]*Operation      `json:"operations,omitempty"`

	// The rest comes from the blueprint, or from the loader.

	Name        string   `json:"-"` // key in the file
	DisplayName string   `json:"-"` // name of the product; Name where no blueprint gives one
	DocsURL     string   `json:"-"`
	Samples     []Sample `json:"-"`
	Notes       []Note   `json:"-"`
	Values      []Value  `json:"-"` // what is in force and why, sorted by path

	// The order in which fields were declared, for forms; see [Integration.ConnectionNames].
	ConnectionOrder []string `json:"-"`
	CredentialOrder []string `json:"-"`
}

// AppAssumesRole reports whether the operator's key assumes the roles of users.
func (i *Integration) AppAssumesRole() bool {
	r := i.Auth.AssumesRole()
	return r != nil && (r.Source == SourceApp || r.Source == "" && i.OAuthClientID != "")
}

// String returns the integration's name and blueprint.
func (i Integration) String() string {
	if i.ExtendsBlueprint == "" {
		return "integration " + i.Name
	}
	return "integration " + i.Name + " (" + i.ExtendsBlueprint + ")"
}

// Format writes String whatever the verb, because templates may hold text from
// the environment.
func (i Integration) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, i.String()) }

// LogValue returns String.
func (i Integration) LogValue() slog.Value { return slog.StringValue(i.String()) }

// MarshalText returns String, so that JSON and YAML hold no more than logs do.
func (i Integration) MarshalText() ([]byte, error) { return []byte(i.String()), nil }

// ClientByConnection reports whether each connection brings the client that its
// tokens are asked for with: the operator has none to give.
func (i *Integration) ClientByConnection() bool {
	if i.OAuthClientID != "" {
		return false
	}
	_, declared := i.Credentials["client_id"]
	return i.Auth.AuthMode == OAuth2CC || i.Auth.AuthMode == OAuth2 && declared
}

// UserCredentials returns the names of what a user types as credentials, the mode's
// own first: without those of a client, or of a key for roles, that the operator has.
func (i *Integration) UserCredentials() []string {
	names := slices.Clone(i.Auth.OwnCredentials())
	for _, name := range i.CredentialNames() {
		if !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	if i.AppAssumesRole() {
		return slices.DeleteFunc(names, func(name string) bool { return slices.Contains(i.Auth.AuthMode.Credentials(), name) })
	}
	if i.OAuthClientID == "" || i.Auth.AuthMode != OAuth2 && i.Auth.AuthMode != OAuth2CC {
		return names
	}
	return slices.DeleteFunc(names, func(name string) bool { return name == "client_id" || name == "client_secret" })
}

// Scopes are a list, or one string that is sent as it stands.
type Scopes struct {
	List     []string
	Verbatim string
}

// Join returns the scopes as one string.
func (s *Scopes) Join(separator string) string {
	if s == nil {
		return ""
	}
	if s.List == nil {
		return s.Verbatim
	}
	return strings.Join(s.List, separator)
}

// UnmarshalJSON takes a string or a list of strings.
func (s *Scopes) UnmarshalJSON(b []byte) error {
	if len(b) > 0 && b[0] == '"' {
		return json.Unmarshal(b, &s.Verbatim)
	}
	s.List = []string{}
	return json.Unmarshal(b, &s.List)
}

// MarshalJSON writes what UnmarshalJSON reads.
func (s Scopes) MarshalJSON() ([]byte, error) {
	if s.List != nil {
		return json.Marshal(s.List)
	}
	return json.Marshal(s.Verbatim)
}
