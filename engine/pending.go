package engine

import "github.com/nango-lite/nango-lite/engine/internal/consent"

// A Pending is an authorization that a user has been sent to and has not come
// back from. Keep it where only that user's browser can bring it back, such as
// their session (state must be bound to the user agent, RFC 9700 2.1); its method Seal
// makes it fit for a cookie. Its fields are
//
//	URL          schema.Secret // where to send the user; holds the state, so it is revealed there alone
//	Key          Key
//	RedirectURL  string
//	State        schema.Secret
//	Verifier     schema.Secret // PKCE code verifier; unset where PKCE is off
//	Token        schema.Secret // OAUTH1: temporary credentials (RFC 5849 2.1)
//	TokenSecret  schema.Secret
//	Scopes       []string // as asked for
//	ExpiresAt    time.Time
//	Fields       map[string]string // connection fields the user typed
//	SecretFields map[string]schema.Secret
//	Metadata     map[string]any
//	Tags         map[string]string
//	Registration Registration // what discovery found (MCP_OAUTH2)
type Pending = consent.Pending

// OpenPending decodes what the Seal of a [Pending] made.
func OpenPending(text string, s Sealer) (*Pending, error) { return consent.OpenPending(text, s) }

// A DeviceAuth is an authorization that a user is to give on another device
// (RFC 8628 3.2). Show them VerificationURI and UserCode. It is not safe for
// concurrent use; its method Seal makes it fit for a cookie or a session. Its fields are
//
//	Key                     Key
//	UserCode                string // what the user enters
//	VerificationURI         string // where
//	VerificationURIComplete string // with the code in it, for a link or a QR code beside the two; empty where the provider gives none. The user still has to compare the code
//	ExpiresAt               time.Time     // when it is too late
//	Interval                time.Duration // the pace that the provider wants, by what it has said last
//	NextPoll                time.Time     // not to be asked before
//	DeviceCode              schema.Secret // who shows it gets the token: never show it to the user
//	Scopes                  []string      // as asked for
//	Fields                  map[string]string // connection fields the user typed
//	SecretFields            map[string]schema.Secret
//	Metadata                map[string]any
//	Tags                    map[string]string
type DeviceAuth = consent.DeviceAuth

// OpenDeviceAuth decodes what the Seal of a [DeviceAuth] made.
func OpenDeviceAuth(text string, s Sealer) (*DeviceAuth, error) {
	return consent.OpenDeviceAuth(text, s)
}

// A StillPendingError is what [Engine.PollDevice] returns while the user has not
// decided. Ask again after RetryAfter. Its fields are
//
//	Key        Key
//	RetryAfter time.Duration
//	Err        error // why the provider could not be asked; nil if it said that the user has not decided
type StillPendingError = consent.StillPendingError
