package schema

// A TokenRequest says how token requests differ from RFC 6749.
type TokenRequest struct {
	Rename         map[string]string `json:"rename,omitempty"`
	Query          map[string]string `json:"query,omitempty"`
	BasicUnescaped bool              `json:"basic_unescaped,omitempty"`
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
	Params              Tree              `json:"params,omitempty"` // nil: those of RFC 7009
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
	Params     Tree              `json:"params,omitempty"`
	Headers    map[string]string `json:"headers,omitempty"`
	BodyFormat string            `json:"body_format,omitempty"`
	Only       string            `json:"only,omitempty"` // connect | refresh; empty: both
}

// When reports whether the step is made at a refresh, or when a connection is made.
func (s *Step) When(refresh bool) bool {
	return s.Only == "" || (s.Only == "refresh") == refresh
}

// A TokenResponse says how token answers differ from RFC 6749 5.1.
type TokenResponse struct {
	AccessToken       string                    `json:"access_token,omitempty"`
	AccessTokenHeader string                    `json:"access_token_header,omitempty"` // of the answer
	AccessTokenCookie string                    `json:"access_token_cookie,omitempty"` // that it sets
	RefreshToken      string                    `json:"refresh_token,omitempty"`
	Expires           *Expires                  `json:"expires,omitempty"`
	Scope             string                    `json:"scope,omitempty"`
	Success           *Condition                `json:"success,omitempty"`
	Error             *Condition                `json:"error,omitempty"`
	ErrorCode         string                    `json:"error_code,omitempty"`
	TokenTypes        []string                  `json:"token_types,omitempty"`
	Secondary         map[string]SecondaryToken `json:"secondary,omitempty"`
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
