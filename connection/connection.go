// Package connection holds what users grant: the [Connection] under its [Key], and the
// promises of a [Store] that keeps connections.
//
// A store of a host's own implements [Store], and [ChangeFeed] if it can. [Encode] and
// [Decode] turn a connection into bytes whose secrets a [Sealer] has sealed. [MemoryStore]
// is the store for tests; others are below store/.
package connection

import (
	"encoding/json"
	"maps"
	"slices"
	"strings"
	"time"

	"golang.org/x/oauth2"

	"github.com/nango-lite/nango-lite/schema"
)

// A Key names a connection: one end user's grant for one integration.
type Key struct {
	Integration  string
	ConnectionID string
}

// String returns "integration/connection".
func (k Key) String() string { return k.Integration + "/" + k.ConnectionID }

// A Status says whether a connection can be used.
type Status string

// The states of a connection.
const (
	StatusActive               Status = "active"
	StatusNeedsReauthorization Status = "needs_reauthorization" // until someone connects again
)

// A Connection is a grant that is kept: what its user gave us, and what the
// provider said. Values of this type are snapshots; a store and its callers
// never share one.
type Connection struct {
	Key Key

	// Generation names the credentials: it changes whenever they do, and with
	// nothing else. See [Store.Replace]. A refresh token may be another as
	// soon as RefreshStarted says that a refresh is under way.
	Generation int64

	Status Status
	Reason string // why Status is not active; safe to show

	// Warning says what is amiss although the connection works; safe to show. It is about
	// the latest token, and goes with it.
	Warning string

	Credentials Credentials

	// Fields are the values of ${connection.<name>} that grant no access. Those
	// declared secret are in Credentials.Fields.
	Fields map[string]string

	// MadeFor says what the credentials are for. The engine sets it with each write, and
	// uses the connection for nothing else.
	MadeFor MadeFor

	// Metadata belongs to the host; the engine keeps it and looks away.
	Metadata map[string]any

	// Tags belong to the host as well: whose the connection is, in words that a list can
	// be searched by.
	Tags map[string]string

	// RefreshStarted is when a refresh of this generation was begun and not yet
	// concluded: its outcome is unknown until the refresh token is tried again.
	RefreshStarted time.Time

	// RefreshFailed is when a refresh of this generation ended without an outcome: whoever
	// has waited for it meanwhile need not find out for himself.
	RefreshFailed time.Time

	CreatedAt time.Time
	UpdatedAt time.Time
}

// MadeFor says where the credentials of a connection may go, and which client got them.
// What is empty is not known: the connection was made before it was kept, or by a host
// itself. A host that moves to another origin or client on purpose clears it and stores
// the connection ([Store.Replace]): it is set again with the next write.
type MadeFor struct {
	Origin      string `json:"origin,omitzero"`       // of calls: scheme, host and port of base_url
	TokenOrigin string `json:"token_origin,omitzero"` // of the token endpoint
	ClientID    string `json:"client_id,omitzero"`    // the integration's, where it is not the connection's own
}

// Credentials are what grants access. Which fields are set depends on Type.
type Credentials struct {
	Type schema.AuthMode

	Token Token // of modes that have one

	APIKey schema.Secret // API_KEY

	Username schema.Secret // USERNAME_PASSWORD: some APIs take their key as user name
	Password schema.Secret

	// Registration says where tokens come from, and as whom (MCP_OAUTH2).
	Registration Registration

	// Fields are the values of ${credentials.<name>}, and of secret
	// ${connection.<name>}.
	Fields map[string]schema.Secret
}

// Field returns a credential by the name that blueprints give it: api_key, username,
// password, or one of Fields.
func (c *Credentials) Field(name string) schema.Secret {
	switch name {
	case "api_key":
		return c.APIKey
	case "username":
		return c.Username
	case "password":
		return c.Password
	}
	return c.Fields[name]
}

// SetField sets what [Credentials.Field] returns.
func (c *Credentials) SetField(name string, v schema.Secret) {
	switch name {
	case "api_key":
		c.APIKey = v
	case "username":
		c.Username = v
	case "password":
		c.Password = v
	default:
		if c.Fields == nil {
			c.Fields = map[string]schema.Secret{}
		}
		c.Fields[name] = v
	}
}

// A Token is what a token endpoint gave. The zero ExpiresAt means that no end
// is known.
type Token struct {
	AccessToken  schema.Secret
	TokenSecret  schema.Secret // OAUTH1: what requests are signed with
	TokenType    string
	RefreshToken schema.Secret
	ObtainedAt   time.Time // when the provider answered last
	ExpiresAt    time.Time
	Scopes       []string // as granted; as asked for where the answer says nothing (RFC 6749 5.1)

	// RefreshObtainedAt is when RefreshToken came; a refresh that brings no other
	// leaves it as it is. Zero: not known.
	RefreshObtainedAt time.Time

	// Secondary holds further tokens of the same answer, by the name that
	// token_response.secondary gives them.
	Secondary map[string]Token

	// Raw is the first token answer overlaid, key by key, by the latest, as
	// JSON. What a provider says only once is thereby kept.
	Raw schema.Secret
}

// OAuth2 returns t for use with golang.org/x/oauth2. Unlike t, the result
// prints itself.
func (t *Token) OAuth2() *oauth2.Token {
	return &oauth2.Token{
		AccessToken:  t.AccessToken.Reveal(),
		TokenType:    t.TokenType,
		RefreshToken: t.RefreshToken.Reveal(),
		Expiry:       t.ExpiresAt,
	}
}

// RawValue returns the value at a dotted path of the raw token answer as text,
// or false if there is none. It may be a secret.
func (t *Token) RawValue(path string) (string, bool) {
	var doc any
	if t.Raw.Empty() || json.Unmarshal([]byte(t.Raw.Reveal()), &doc) != nil {
		return "", false
	}
	return schema.TextAt(doc, path)
}

// RawJSON returns the value at a dotted path of the raw token answer as JSON has it,
// numbers as [json.Number], or false if there is none or null. It may be a secret.
func (t *Token) RawJSON(path string) (any, bool) {
	var doc any
	d := json.NewDecoder(strings.NewReader(t.Raw.Reveal()))
	d.UseNumber()
	if t.Raw.Empty() || d.Decode(&doc) != nil {
		return nil, false
	}
	v, ok := schema.At(doc, path)
	return v, ok && v != nil
}

// Clone returns a copy that shares nothing with c. Of Metadata, maps of type
// map[string]any and slices of type []any are copied, as deep as they go: all that
// JSON gives.
func (c *Connection) Clone() *Connection {
	d := *c
	d.Fields = maps.Clone(c.Fields)
	d.Metadata = mapValues(c.Metadata, copyValue)
	d.Tags = maps.Clone(c.Tags)
	d.Credentials.Fields = maps.Clone(c.Credentials.Fields)
	d.Credentials.Token = c.Credentials.Token.Clone()
	return &d
}

// copyValue returns a deep copy of what JSON gives.
func copyValue(v any) any {
	switch v := v.(type) {
	case map[string]any:
		return mapValues(v, copyValue)
	case []any:
		if v == nil {
			return v
		}
		out := make([]any, len(v))
		for i := range v {
			out[i] = copyValue(v[i])
		}
		return out
	}
	return v
}

// Clone returns a copy that shares nothing with t.
func (t Token) Clone() Token {
	t.Scopes = slices.Clone(t.Scopes)
	t.Secondary = maps.Clone(t.Secondary)
	for name, s := range t.Secondary {
		t.Secondary[name] = s.Clone()
	}
	return t
}
