package schema

import "slices"

// A Mode is what can be said of an auth mode in a word. What it does is written where
// it is done; what else must be told apart by mode reads it here, so that a mode is
// one row.
type Mode struct {
	Name  AuthMode
	Title string // for people
	For   string // what it is for
	Needs string // what a blueprint has to give for it, in Markdown

	// Endpoints are the keys of auth that hold the URLs of its endpoints.
	Endpoints []string

	Consent Consent // how users agree
	Token   Renewal // whether there is an access token that ends, and how the next is got
	Signing Signing // how calls are signed

	// Client says that the operator's client of OAuth takes part: oauth_client_id
	// and its secret belong together.
	Client bool

	// Credentials are what each connection has without declaring it.
	Credentials []Credential

	// Placeholders are those that only some modes have, and this one does. Those of a
	// namespace end in .*
	Placeholders []string

	// Sends are the placeholders of which a call has to carry one, the usual first.
	// None: there is nothing to send, or calls are signed.
	Sends []string

	// Authorization is the header in which most APIs want what the mode obtains.
	Authorization string

	// SignatureHeaders are those that signing adds to a call.
	SignatureHeaders []string
}

// A Consent is how a connection is made at a page of the provider.
type Consent string

// The ways to consent.
const (
	NoConsent        Consent = ""
	ConsentCode      Consent = "code"      // the callback has a code (RFC 6749 4.1)
	ConsentTemporary Consent = "temporary" // the page is asked for with a temporary credential (RFC 5849 2)
)

// A Renewal is how a connection gets the next access token.
type Renewal string

// The ways to the next token.
const (
	NoToken        Renewal = ""          // there is none that ends
	TokenRefreshed Renewal = "refreshed" // with a refresh token
	TokenIssued    Renewal = "issued"    // as it got the first
)

// A Signing is how calls are signed.
type Signing string

// The ways to sign. Whatever the mode, auth.signature may say more.
const (
	NoSigning     Signing = ""
	SignsOAuth1   Signing = "oauth1"   // RFC 5849 3
	SignsAWS      Signing = "aws"      // Signature Version 4
	SignsDeclared Signing = "declared" // as auth.signature says, which must be there
)

// A Credential is one that each connection of a mode has.
type Credential struct {
	Name     string
	Secret   bool
	Optional bool
	Pattern  string
}

// Fills reports whether connections of the mode have a placeholder that not all modes
// have. Of a namespace, such as token, one of its names is enough.
func (m *Mode) Fills(placeholder string) bool { return slices.Contains(m.Placeholders, placeholder) }

// ModesWith returns the names of the modes of which fits is true, in the order of
// [Modes].
func ModesWith(fits func(*Mode) bool) []AuthMode {
	var names []AuthMode
	for i := range Modes {
		if fits(&Modes[i]) {
			names = append(names, Modes[i].Name)
		}
	}
	return names
}
