package consent

import (
	"encoding/base64"
	"fmt"
	"io"
	"log/slog"
	"math"
	"net/url"
	"strconv"
	"strings"
	"time"
	"unicode"

	"github.com/nango-lite/nango-lite/connection"
	"github.com/nango-lite/nango-lite/engine/internal/fault"
	"github.com/nango-lite/nango-lite/engine/internal/oauthwire"
	"github.com/nango-lite/nango-lite/schema"
)

const (
	Pace        = 5 * time.Second // between polls unless the provider says otherwise, and what slow_down adds (RFC 8628 3.5)
	leastPace   = time.Second     // nobody consents faster, and a provider may be wrong by mistake
	LongestPace = time.Hour       // of those that a provider may ask for
)

// A DeviceAuth is an authorization that a user is to give on another device
// (RFC 8628 3.2). Show them VerificationURI and UserCode. It is not safe for
// concurrent use; [DeviceAuth.Seal] makes it fit for a cookie or a session.
type DeviceAuth struct {
	Key             connection.Key
	UserCode        string // what the user enters
	VerificationURI string // where

	// VerificationURIComplete is VerificationURI with the code in it, for a link or a
	// QR code beside the two; empty where the provider gives none. The user still has
	// to compare the code.
	VerificationURIComplete string

	ExpiresAt time.Time     // when it is too late
	Interval  time.Duration // the pace that the provider wants, by what it has said last
	NextPoll  time.Time     // not to be asked before

	DeviceCode schema.Secret // who shows it gets the token: never show it to the user
	Scopes     []string      // as asked for

	Fields       map[string]string // connection fields the user typed
	SecretFields map[string]schema.Secret
	Metadata     map[string]any
	Tags         map[string]string
}

// String names the key alone.
func (d DeviceAuth) String() string { return "pending device authorization of " + d.Key.String() }

// Format prints String whatever the verb.
func (d DeviceAuth) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, d.String()) }

// LogValue returns String.
func (d DeviceAuth) LogValue() slog.Value { return slog.StringValue(d.String()) }

// MarshalText returns String: what another program is to open is made by
// [DeviceAuth.Seal].
func (d DeviceAuth) MarshalText() ([]byte, error) { return []byte(d.String()), nil }

// Connection returns what d becomes, without its token.
func (d *DeviceAuth) Connection(mode schema.AuthMode) *connection.Connection {
	c := NewConnection(mode, d.Key, d.Fields, d.SecretFields)
	c.Metadata, c.Tags = d.Metadata, d.Tags
	return c
}

// deviceWire is DeviceAuth with its secrets in the open, for sealing.
type deviceWire struct {
	Integration, ConnectionID, UserCode, VerificationURI, VerificationURIComplete, DeviceCode string

	ExpiresAt, NextPoll  time.Time
	Interval             time.Duration
	Scopes               []string
	Fields, SecretFields map[string]string
	Metadata             map[string]any
	Tags                 map[string]string `json:",omitempty"`
}

const deviceAAD = "nango-lite pending device authorization"

// Seal encodes d as text that is safe in a cookie or a session store. Only
// [OpenDeviceAuth] with the same key reads or accepts it.
func (d *DeviceAuth) Seal(s connection.Sealer) (string, error) {
	b, err := connection.SealJSON(s, deviceAAD, deviceWire{
		Integration: d.Key.Integration, ConnectionID: d.Key.ConnectionID, UserCode: d.UserCode,
		VerificationURI: d.VerificationURI, VerificationURIComplete: d.VerificationURIComplete, DeviceCode: d.DeviceCode.Reveal(),
		ExpiresAt: d.ExpiresAt, NextPoll: d.NextPoll, Interval: d.Interval, Scopes: d.Scopes,
		Fields: d.Fields, SecretFields: mapValues(d.SecretFields, schema.Secret.Reveal), Metadata: d.Metadata, Tags: d.Tags,
	})
	if err != nil {
		return "", err
	}
	return base64.RawURLEncoding.EncodeToString(b), nil
}

// OpenDeviceAuth decodes what [DeviceAuth.Seal] made.
func OpenDeviceAuth(text string, s connection.Sealer) (*DeviceAuth, error) {
	const op = "open pending device authorization"
	b, err := base64.RawURLEncoding.DecodeString(text)
	if err != nil {
		return nil, &fault.Error{Op: op, Kind: fault.KindState, Detail: "not a sealed authorization"}
	}
	var w deviceWire
	if err := connection.OpenJSON(s, deviceAAD, b, &w); err != nil {
		return nil, &fault.Error{Op: op, Kind: fault.KindState, Detail: "not a sealed authorization, or of another key", Err: err}
	}
	return &DeviceAuth{
		Key: connection.Key{Integration: w.Integration, ConnectionID: w.ConnectionID}, UserCode: w.UserCode,
		VerificationURI: w.VerificationURI, VerificationURIComplete: w.VerificationURIComplete, DeviceCode: schema.NewSecret(w.DeviceCode),
		ExpiresAt: w.ExpiresAt, NextPoll: w.NextPoll, Interval: w.Interval, Scopes: w.Scopes,
		Fields: w.Fields, SecretFields: mapValues(w.SecretFields, schema.NewSecret), Metadata: w.Metadata, Tags: w.Tags,
	}, nil
}

// Take reads the answer of RFC 8628 3.2.
func (d *DeviceAuth) Take(op string, a *oauthwire.Answer, now time.Time) error {
	text := func(name string) string {
		s, _ := schema.TextAt(a.Doc, name)
		return s
	}
	d.DeviceCode = schema.NewSecret(text("device_code"))
	d.UserCode = text("user_code")
	d.VerificationURI, d.VerificationURIComplete = text("verification_uri"), text("verification_uri_complete")
	if d.VerificationURI == "" { // its name in early drafts
		d.VerificationURI = text("verification_url")
	}
	missing := ""
	switch {
	case d.DeviceCode.Empty():
		missing = "has no device_code"
	case !showable(d.UserCode):
		missing = "has no user_code that can be shown"
	case !isPage(d.VerificationURI):
		missing = "has no verification_uri that can be opened"
	}
	if missing != "" {
		return &fault.Error{Op: op, Key: d.Key, Kind: fault.KindInvalidResponse, Status: a.Status, Detail: "the device authorization answer " + missing + " (RFC 8628 3.2)"}
	}
	if !isPage(d.VerificationURIComplete) {
		d.VerificationURIComplete = ""
	}
	d.ExpiresAt = now.Add(secondsOf(text("expires_in"), Lifetime, math.MaxInt32*time.Second))
	d.Interval = max(leastPace, secondsOf(text("interval"), Pace, LongestPace))
	d.NextPoll = now.Add(d.Interval)
	return nil
}

// secondsOf reads a number of seconds; what is none, or not above zero, is byDefault.
func secondsOf(text string, byDefault, most time.Duration) time.Duration {
	n, err := strconv.ParseFloat(strings.TrimSpace(text), 64)
	if err != nil || math.IsNaN(n) || math.IsInf(n, 0) || n <= 0 {
		return byDefault
	}
	if n >= most.Seconds() {
		return most
	}
	return time.Duration(n * float64(time.Second))
}

// showable reports whether a user can read the text off a screen, which it does not
// play tricks with.
func showable(text string) bool {
	return text != "" && len(text) <= 128 && strings.IndexFunc(text, notPrinted) < 0
}

func notPrinted(r rune) bool { return !unicode.IsPrint(r) }

// isPage reports whether a browser can be sent to a URL that a provider has given.
func isPage(text string) bool {
	u, err := url.Parse(text)
	if err != nil || u.Host == "" || u.User != nil || len(text) > 2048 || strings.IndexFunc(text, notPrinted) >= 0 {
		return false
	}
	return u.Scheme == "https" || u.Scheme == "http" && schema.IsLoopback(u.Hostname())
}

// mapValues returns m with each value changed by f; nil stays nil.
func mapValues[V, W any](m map[string]V, f func(V) W) map[string]W {
	if m == nil {
		return nil
	}
	out := make(map[string]W, len(m))
	for k, v := range m {
		out[k] = f(v)
	}
	return out
}
