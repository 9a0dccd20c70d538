// Package mode is what an auth_mode means: a file a way. Every mode is a [Mode]; what
// only some can do is in the other interfaces, which a mode implements or not, and
// whoever needs it asks for by a type assertion. Start with [New].
package mode

import (
	"context"
	"net/url"
	"time"

	"github.com/nango-lite/nango-lite/connection"
	"github.com/nango-lite/nango-lite/engine/internal/authserver"
	"github.com/nango-lite/nango-lite/engine/internal/consent"
	"github.com/nango-lite/nango-lite/engine/internal/layer"
	"github.com/nango-lite/nango-lite/engine/internal/plan"
	"github.com/nango-lite/nango-lite/engine/internal/refresh"
	"github.com/nango-lite/nango-lite/engine/internal/token"
)

// A Mode is what the auth_mode of an integration means to its connections. It is safe
// for concurrent use.
type Mode interface {
	// Accept returns what of given belongs to the mode, without what the user types: the
	// same for all modes, that is checked elsewhere.
	Accept(op string, k connection.Key, given connection.Credentials) (connection.Credentials, error)

	// A mode without tokens that end renews nothing.
	refresh.Renewer
}

// A Consenter is a mode whose connections are made at a page of the provider.
type Consenter interface {
	// Ready returns nil if there is a client to send users with, for c, which has no
	// token yet.
	Ready(op string, c *connection.Connection) error

	// Begin gives p, which has all but that, what the user is sent to, and returns why in
	// words. asked are the scopes that the host has named; nil: it has not.
	Begin(ctx context.Context, op string, p *consent.Pending, asked []string) (reason string, err error)

	// Answered accepts a callback whose state is p's if it brings what can be exchanged.
	Answered(op string, p *consent.Pending, callback url.Values) error

	// Exchange puts into o's connection what that is exchanged for.
	Exchange(ctx context.Context, o *token.Operation, p *consent.Pending, callback url.Values) error
}

// A DeviceConsenter is a mode whose users can consent on another device.
type DeviceConsenter interface {
	// BeginDevice gives d, for the connection of o, the code that the user enters.
	BeginDevice(ctx context.Context, o *token.Operation, d *consent.DeviceAuth) error

	// PollDevice puts a token into o's connection, once the user has consented. An error
	// may be a [*consent.StillPendingError].
	PollDevice(ctx context.Context, o *token.Operation, d *consent.DeviceAuth) error
}

// An Issuer is a mode whose tokens need nobody's consent.
type Issuer interface {
	// Obtain returns c with a token.
	Obtain(ctx context.Context, op string, c *connection.Connection) (*connection.Connection, error)

	// Obtained says in words how it got it; the token's end follows.
	Obtained() string
}

// A Signer is a mode whose calls are signed.
type Signer interface {
	// Signer returns what signs them, or nil if the integration has a say of its own.
	Signer() layer.Signer

	// SignedWith returns the placeholders of what signs, and of what a signer sends beside
	// the signature.
	SignedWith() []string
}

// An Env is what modes work with.
type Env struct {
	In      *plan.Integration
	Token   *token.Endpoint
	Servers *authserver.Finder
	Now     func() time.Time
}

// SignerOf returns what signs the calls of an integration, or nil if nothing does.
func SignerOf(m Mode, in *plan.Integration) layer.Signer {
	if s, ok := m.(Signer); ok {
		if signer := s.Signer(); signer != nil {
			return signer
		}
	}
	if s := in.Parsed.Signature; s != nil {
		return &layer.Signature{Headers: s.Headers, Params: s.Params}
	}
	return nil
}

// SignedWith returns the placeholders of what signs the calls of a mode; see [Signer].
func SignedWith(m Mode) []string {
	if s, ok := m.(Signer); ok {
		return s.SignedWith()
	}
	return nil
}
