// Package consent holds what is kept of a user who was sent to consent, until they come
// back: a [Pending] of a redirect, a [DeviceAuth] of another device.
package consent

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"time"

	"github.com/nango-lite/nango-lite/connection"
	"github.com/nango-lite/nango-lite/engine/internal/expiring"
	"github.com/nango-lite/nango-lite/engine/internal/fault"
	"github.com/nango-lite/nango-lite/schema"
)

// Lifetime is how long a user may take to consent.
const Lifetime = 15 * time.Minute

// A Pending is an authorization that a user has been sent to and has not come
// back from. Keep it where only that user's browser can bring it back, such as
// their session (state must be bound to the user agent, RFC 9700 2.1); [Pending.Seal]
// makes it fit for a cookie.
type Pending struct {
	URL         schema.Secret // where to send the user; holds the state
	Key         connection.Key
	RedirectURL string
	State       schema.Secret
	Verifier    schema.Secret // PKCE code verifier; unset where PKCE is off
	Token       schema.Secret // OAUTH1: temporary credentials (RFC 5849 2.1)
	TokenSecret schema.Secret
	Scopes      []string // as asked for
	ExpiresAt   time.Time

	Fields       map[string]string // connection fields the user typed
	SecretFields map[string]schema.Secret
	Metadata     map[string]any
	Tags         map[string]string

	// Registration is what discovery found (MCP_OAUTH2).
	Registration connection.Registration
}

// String names the key alone.
func (p Pending) String() string { return "pending authorization of " + p.Key.String() }

// Format prints String whatever the verb.
func (p Pending) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, p.String()) }

// LogValue returns String.
func (p Pending) LogValue() slog.Value { return slog.StringValue(p.String()) }

// MarshalText returns String: what another program is to open is made by [Pending.Seal].
func (p Pending) MarshalText() ([]byte, error) { return []byte(p.String()), nil }

// Connection returns what p becomes, without its token.
func (p *Pending) Connection(mode schema.AuthMode) *connection.Connection {
	c := NewConnection(mode, p.Key, p.Fields, p.SecretFields)
	c.Metadata, c.Tags, c.Credentials.Registration = p.Metadata, p.Tags, p.Registration
	return c
}

// NewConnection returns a connection before there is a token. The secrets are by name,
// those of connection fields with the prefix "connection.".
func NewConnection(mode schema.AuthMode, k connection.Key, fields map[string]string, secrets map[string]schema.Secret) *connection.Connection {
	c := &connection.Connection{Key: k, Status: connection.StatusActive, Fields: maps.Clone(fields), Credentials: connection.Credentials{Type: mode, Fields: map[string]schema.Secret{}}}
	for name, v := range secrets {
		c.Credentials.SetField(name, v)
	}
	return c
}

// pendingWire is Pending with its secrets in the open, for sealing.
type pendingWire struct {
	URL, Integration, ConnectionID, RedirectURL, State, Verifier string
	Token, TokenSecret                                           string `json:",omitempty"`
	Scopes                                                       []string
	ExpiresAt                                                    time.Time
	Fields, SecretFields                                         map[string]string
	Metadata                                                     map[string]any
	Tags                                                         map[string]string            `json:",omitempty"`
	Registration                                                 connection.PlainRegistration `json:",omitzero"`
}

const pendingAAD = "nango-lite pending authorization"

// Seal encodes p as text that is safe in a cookie or a session store. Only
// [OpenPending] with the same key reads or accepts it.
func (p *Pending) Seal(s connection.Sealer) (string, error) {
	w := pendingWire{
		URL: p.URL.Reveal(), Integration: p.Key.Integration, ConnectionID: p.Key.ConnectionID, RedirectURL: p.RedirectURL,
		State: p.State.Reveal(), Verifier: p.Verifier.Reveal(), Scopes: p.Scopes,
		Token: p.Token.Reveal(), TokenSecret: p.TokenSecret.Reveal(), ExpiresAt: p.ExpiresAt,
		Fields: p.Fields, SecretFields: map[string]string{}, Metadata: p.Metadata, Tags: p.Tags,
		Registration: connection.PlainRegistration{Registration: p.Registration},
	}
	for name, v := range p.SecretFields {
		w.SecretFields[name] = v.Reveal()
	}
	b, err := connection.SealJSON(s, pendingAAD, w)
	if err != nil {
		return "", err
	}
	return base64.RawURLEncoding.EncodeToString(b), nil
}

// OpenPending decodes what [Pending.Seal] made.
func OpenPending(text string, s connection.Sealer) (*Pending, error) {
	b, err := base64.RawURLEncoding.DecodeString(text)
	if err != nil {
		return nil, &fault.Error{Op: "open pending authorization", Kind: fault.KindState, Detail: "not a sealed authorization"}
	}
	var w pendingWire
	if err := connection.OpenJSON(s, pendingAAD, b, &w); err != nil {
		return nil, &fault.Error{Op: "open pending authorization", Kind: fault.KindState, Detail: "not a sealed authorization, or of another key", Err: err}
	}
	p := &Pending{
		URL: schema.NewSecret(w.URL), Key: connection.Key{Integration: w.Integration, ConnectionID: w.ConnectionID}, RedirectURL: w.RedirectURL, State: schema.NewSecret(w.State),
		Scopes: w.Scopes, ExpiresAt: w.ExpiresAt, Fields: w.Fields, Metadata: w.Metadata, Tags: w.Tags,
		Registration: w.Registration.Registration,
	}
	if w.Verifier != "" {
		p.Verifier = schema.NewSecret(w.Verifier)
	}
	if w.Token != "" {
		p.Token, p.TokenSecret = schema.NewSecret(w.Token), schema.NewSecret(w.TokenSecret)
	}
	for name, v := range w.SecretFields {
		if p.SecretFields == nil {
			p.SecretFields = map[string]schema.Secret{}
		}
		p.SecretFields[name] = schema.NewSecret(v)
	}
	return p, nil
}

// UsedStates remembers which states have come back, until they would have
// expired anyway, so that each counts once in this process. Hosts of several
// processes get the same from a session that forgets the Pending.
type UsedStates struct {
	sums expiring.Map[[sha256.Size]byte, struct{}]
}

// Accept accepts a callback that brings p's state, in time, and once.
func (u *UsedStates) Accept(op string, p *Pending, state string, now time.Time) error {
	wrong := ""
	switch {
	case state == "":
		wrong = "the callback has no state"
	case !p.State.IsSet() || !p.State.Equal(schema.NewSecret(state)):
		wrong = "the callback's state is not the one that was sent"
	case now.After(p.ExpiresAt):
		wrong = "the authorization was started too long ago"
	case !u.sums.PutNew(sha256.Sum256([]byte(p.State.Reveal())), struct{}{}, now, p.ExpiresAt):
		wrong = "the callback has been used before"
	default:
		return nil
	}
	return &fault.Error{Op: op, Key: p.Key, Kind: fault.KindState, Detail: wrong}
}

// RandomText returns n random bytes as URL-safe text.
func RandomText(n int) string {
	b := make([]byte, n)
	_, _ = rand.Read(b) // never fails: crypto/rand ends the program instead
	return base64.RawURLEncoding.EncodeToString(b)
}
