package connection

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"time"
	"unicode/utf8"

	"github.com/nango-lite/nango-lite/schema"
)

// ErrEncoding means that what should be an encoded connection is not one, or
// was damaged, or was written by a newer version.
var ErrEncoding = errors.New("unreadable encoding")

// A Sealer encrypts what grants access before it is kept. The key sets of
// store/seal are Sealers. Sealers are safe for concurrent use.
type Sealer interface {
	// Seal encrypts plaintext and binds it to aad, so that it cannot be passed
	// off as the secret of something else.
	Seal(plaintext, aad []byte) ([]byte, error)

	// Open returns the plaintext, if sealed was made by Seal with the same aad.
	// Its errors never quote what is inside.
	Open(sealed, aad []byte) ([]byte, error)
}

// Encode returns c as JSON, for a store to keep. All of it is in one part that is sealed
// with s and bound to c.Key. What grants no access lies beside that part once more, for
// people to read and databases to search; [Decode] does not believe it, since it says where
// credentials go and for how long. Errors never quote content.
//
// Times are cut to the microsecond. Metadata is kept as JSON: numbers come back as
// float64, from 2^53 on as [json.Number] with all their digits.
func Encode(c *Connection, s Sealer) ([]byte, error) {
	if err := c.Key.Check(); err != nil {
		return nil, fmt.Errorf("encode connection: %w", err)
	}
	metadata, err := encodeMetadata(c.Metadata)
	if err != nil {
		return nil, fmt.Errorf("encode connection %s: %w", c.Key, err)
	}
	open, secrets := wireOpenOf(c, metadata), secretsOf(&c.Credentials)
	secrets.Open, secrets.MadeFor = &open, c.MadeFor
	sealed, err := SealJSON(s, keyAAD(wholeVersion, c.Key), secrets)
	if err != nil {
		return nil, fmt.Errorf("seal connection %s: %w", c.Key, err)
	}
	return json.Marshal(wireConnection{wholeVersion, open, sealed})
}

// Decode returns the connection that [Encode] encoded, by an older version as well. The
// error is [ErrEncoding] if b cannot be read, and otherwise the Sealer's; it names
// the connection and never quotes content. That b lay under the key it names is
// for the store to check: see [DecodeStored].
func Decode(b []byte, s Sealer) (*Connection, error) { return decode(b, s, nil) }

// decode is Decode of what says that it is as's, unless as is nil.
func decode(b []byte, s Sealer, as *Key) (*Connection, error) {
	w, err := readWire(b)
	if err != nil {
		return nil, fmt.Errorf("decode connection: %w", err)
	}
	k := Key{w.Integration, w.ConnectionID}
	if k.Check() != nil {
		return nil, fmt.Errorf("decode connection: %w", ErrEncoding)
	}
	if as != nil && *as != k {
		return nil, fmt.Errorf("%w: it is another's", ErrEncoding)
	}
	var secrets wireSecrets
	if err := OpenJSON(s, keyAAD(w.Version, k), w.Sealed, &secrets); err != nil {
		return nil, fmt.Errorf("open connection %s: %w", k, err)
	}
	open := &w.wireOpen
	if w.Version == wholeVersion {
		open = secrets.Open
	}
	if open == nil || open.Integration != k.Integration || open.ConnectionID != k.ConnectionID {
		return nil, fmt.Errorf("open connection %s: %w: another is sealed in it", k, ErrEncoding)
	}
	metadata, err := decodeMetadata(open.Metadata)
	if err != nil {
		return nil, fmt.Errorf("decode connection %s: metadata: %w", k, err)
	}
	return open.connection(k, metadata, &secrets), nil
}

// DecodeStored returns the connection that lay encoded under k, beside a generation
// that the store compares. The error is an [*UnreadableError]: what is another's, or
// has another generation than was sealed, is as unreadable as what does not open.
func DecodeStored(k Key, generation int64, encoded []byte, s Sealer) (*Connection, error) {
	c, err := decode(encoded, s, &k)
	switch {
	case errors.Is(err, ErrEncoding):
		err = fmt.Errorf("row of connection %s: %w", k, err)
	case err == nil && c.Generation != generation:
		err = fmt.Errorf("row of connection %s: %w: its generation is not the one that was sealed", k, ErrEncoding)
	}
	if err != nil {
		return nil, &UnreadableError{Key: k, Err: err}
	}
	return c, nil
}

// SealedPart returns the part of an encoded connection that a [Sealer] sealed, such
// as for asking store/seal which key that was. The error is [ErrEncoding] if encoded
// cannot be read.
func SealedPart(encoded []byte) ([]byte, error) {
	w, err := readWire(encoded)
	if err != nil || w.Sealed == nil {
		return nil, ErrEncoding
	}
	return w.Sealed, nil
}

// IsBound reports whether all of an encoded connection is sealed. Of what older versions
// wrote, what can be read is not; [Reseal] mends that.
func IsBound(encoded []byte) bool {
	w, err := readWire(encoded)
	return err == nil && w.Version == wholeVersion
}

// Reseal returns an encoded connection with its sealed part opened and
// sealed anew by s, and nothing else changed: with a key set whose active key is
// another by now, that is what rotates keys.
func Reseal(encoded []byte, s Sealer) ([]byte, error) {
	c, err := Decode(encoded, s)
	if err != nil {
		return nil, err
	}
	return Encode(c, s)
}

// Versions of the encoding. In the older one what grants no access is not sealed, and lies
// beside the seal alone.
const (
	partVersion  = 1
	wholeVersion = 2
)

// keyAAD is what the sealed part of k's connection is bound to. The length keeps a/b + c
// apart from a + b/c.
func keyAAD(version int, k Key) string {
	return fmt.Sprintf("connection/%d %d:%s/%s", version, len(k.Integration), k.Integration, k.ConnectionID)
}

type wireConnection struct {
	Version int `json:"v"`
	wireOpen
	Sealed []byte `json:"sealed"`
}

// readWire reads what can be read of an encoded connection.
func readWire(b []byte) (*wireConnection, error) {
	var w wireConnection
	if json.Unmarshal(b, &w) != nil { // its error may quote b
		return nil, ErrEncoding
	}
	switch {
	case w.Version == partVersion, w.Version == wholeVersion:
		return &w, nil
	case w.Version > wholeVersion:
		return nil, fmt.Errorf("%w: version %d, which a newer nango-lite has written", ErrEncoding, w.Version)
	}
	return nil, fmt.Errorf("%w: version %d", ErrEncoding, w.Version)
}

// A wireOpen is what anyone may read. Empty and nil maps differ in it, as do empty
// and unset secrets: what was put in comes out.
type wireOpen struct {
	Integration    string            `json:"integration"`
	ConnectionID   string            `json:"connection_id"`
	Generation     int64             `json:"generation"`
	Status         Status            `json:"status"`
	Reason         string            `json:"reason,omitzero"`
	Fields         map[string]string `json:"fields,omitzero"`
	Metadata       json.RawMessage   `json:"metadata,omitzero"`
	Tags           map[string]string `json:"tags,omitzero"`
	Warning        string            `json:"warning,omitzero"`
	RefreshStarted time.Time         `json:"refresh_started,omitzero"`
	RefreshFailed  time.Time         `json:"refresh_failed,omitzero"`
	CreatedAt      time.Time         `json:"created_at,omitzero"`
	UpdatedAt      time.Time         `json:"updated_at,omitzero"`
	Type           schema.AuthMode   `json:"type,omitzero"`
	Token          wireToken         `json:"token,omitzero"`
}

func wireOpenOf(c *Connection, metadata json.RawMessage) wireOpen {
	return wireOpen{
		Integration:    c.Key.Integration,
		ConnectionID:   c.Key.ConnectionID,
		Generation:     c.Generation,
		Status:         c.Status,
		Reason:         c.Reason,
		Fields:         c.Fields,
		Metadata:       metadata,
		Tags:           c.Tags,
		Warning:        c.Warning,
		RefreshStarted: stamp(c.RefreshStarted),
		RefreshFailed:  stamp(c.RefreshFailed),
		CreatedAt:      stamp(c.CreatedAt),
		UpdatedAt:      stamp(c.UpdatedAt),
		Type:           c.Credentials.Type,
		Token:          wireTokenOf(&c.Credentials.Token),
	}
}

func (w *wireOpen) connection(k Key, metadata map[string]any, secrets *wireSecrets) *Connection {
	return &Connection{
		Key:            k,
		Generation:     w.Generation,
		Status:         w.Status,
		Reason:         w.Reason,
		Credentials:    secrets.credentials(w.Type, &w.Token),
		Fields:         w.Fields,
		MadeFor:        secrets.MadeFor,
		Metadata:       metadata,
		Tags:           w.Tags,
		Warning:        w.Warning,
		RefreshStarted: stamp(w.RefreshStarted),
		RefreshFailed:  stamp(w.RefreshFailed),
		CreatedAt:      stamp(w.CreatedAt),
		UpdatedAt:      stamp(w.UpdatedAt),
	}
}

// A wireToken is what may be read of a [Token].
type wireToken struct {
	TokenType         string               `json:"token_type,omitzero"`
	ObtainedAt        time.Time            `json:"obtained_at,omitzero"`
	ExpiresAt         time.Time            `json:"expires_at,omitzero"`
	RefreshObtainedAt time.Time            `json:"refresh_obtained_at,omitzero"`
	Scopes            []string             `json:"scopes,omitzero"`
	Secondary         map[string]wireToken `json:"secondary,omitzero"`
}

// IsZero is asked by omitzero.
func (w wireToken) IsZero() bool {
	return w.TokenType == "" && w.ObtainedAt.IsZero() && w.ExpiresAt.IsZero() && w.RefreshObtainedAt.IsZero() && w.Scopes == nil && w.Secondary == nil
}

// wireSecrets is the plaintext of the sealed part.
type wireSecrets struct {
	Token    wireTokenSecrets      `json:"token,omitzero"`
	APIKey   wireSecret            `json:"api_key,omitzero"`
	Username wireSecret            `json:"username,omitzero"`
	Password wireSecret            `json:"password,omitzero"`
	Fields   map[string]wireSecret `json:"fields,omitzero"`

	Registration PlainRegistration `json:"registration,omitzero"`
	MadeFor      MadeFor           `json:"made_for,omitzero"`
	Open         *wireOpen         `json:"open,omitzero"` // of wholeVersion
}

type wireTokenSecrets struct {
	AccessToken  wireSecret                  `json:"access_token,omitzero"`
	TokenSecret  wireSecret                  `json:"token_secret,omitzero"`
	RefreshToken wireSecret                  `json:"refresh_token,omitzero"`
	Raw          wireSecret                  `json:"raw,omitzero"`
	Secondary    map[string]wireTokenSecrets `json:"secondary,omitzero"`
}

// IsZero is asked by omitzero.
func (w wireTokenSecrets) IsZero() bool {
	return w.AccessToken.IsZero() && w.TokenSecret.IsZero() && w.RefreshToken.IsZero() && w.Raw.IsZero() && w.Secondary == nil
}

// A wireSecret is a Secret that JSON shows. It is marshaled into the seal only.
type wireSecret struct{ schema.Secret }

// MarshalJSON writes a string, or an object if the secret is not UTF-8: some
// passwords are not, and JSON would change them.
func (w wireSecret) MarshalJSON() ([]byte, error) {
	if !w.IsSet() {
		return []byte("null"), nil
	}
	text := w.Reveal()
	if utf8.ValidString(text) {
		return json.Marshal(text)
	}
	return json.Marshal(wireBytes{[]byte(text)})
}

// UnmarshalJSON reads what MarshalJSON writes.
func (w *wireSecret) UnmarshalJSON(b []byte) error {
	if string(b) == "null" {
		return nil
	}
	if bytes.HasPrefix(b, []byte("{")) {
		var raw wireBytes
		err := json.Unmarshal(b, &raw)
		w.Secret = schema.NewSecret(string(raw.Base64))
		return err
	}
	var text string
	err := json.Unmarshal(b, &text)
	w.Secret = schema.NewSecret(text)
	return err
}

type wireBytes struct {
	Base64 []byte `json:"base64"`
}

func wireTokenOf(t *Token) wireToken {
	w := wireToken{TokenType: t.TokenType, ObtainedAt: stamp(t.ObtainedAt), ExpiresAt: stamp(t.ExpiresAt), RefreshObtainedAt: stamp(t.RefreshObtainedAt), Scopes: t.Scopes}
	w.Secondary = mapValues(t.Secondary, func(t Token) wireToken { return wireTokenOf(&t) })
	return w
}

func secretsOf(c *Credentials) wireSecrets {
	return wireSecrets{
		Token:    tokenSecretsOf(&c.Token),
		APIKey:   wireSecret{c.APIKey},
		Username: wireSecret{c.Username},
		Password: wireSecret{c.Password},
		Fields:   mapValues(c.Fields, func(s schema.Secret) wireSecret { return wireSecret{s} }),

		Registration: PlainRegistration{c.Registration},
	}
}

func tokenSecretsOf(t *Token) wireTokenSecrets {
	return wireTokenSecrets{
		AccessToken:  wireSecret{t.AccessToken},
		TokenSecret:  wireSecret{t.TokenSecret},
		RefreshToken: wireSecret{t.RefreshToken},
		Raw:          wireSecret{t.Raw},
		Secondary:    mapValues(t.Secondary, func(t Token) wireTokenSecrets { return tokenSecretsOf(&t) }),
	}
}

func (w *wireSecrets) credentials(mode schema.AuthMode, public *wireToken) Credentials {
	return Credentials{
		Type:     mode,
		Token:    w.Token.token(public),
		APIKey:   w.APIKey.Secret,
		Username: w.Username.Secret,
		Password: w.Password.Secret,
		Fields:   mapValues(w.Fields, func(s wireSecret) schema.Secret { return s.Secret }),

		Registration: w.Registration.Registration,
	}
}

func (w *wireTokenSecrets) token(public *wireToken) Token {
	t := Token{
		AccessToken:       w.AccessToken.Secret,
		TokenSecret:       w.TokenSecret.Secret,
		TokenType:         public.TokenType,
		RefreshToken:      w.RefreshToken.Secret,
		ObtainedAt:        stamp(public.ObtainedAt),
		ExpiresAt:         stamp(public.ExpiresAt),
		RefreshObtainedAt: stamp(public.RefreshObtainedAt),
		Scopes:            public.Scopes,
		Raw:               w.Raw.Secret,
	}
	if w.Secondary != nil {
		t.Secondary = make(map[string]Token, len(w.Secondary))
	}
	for name, secrets := range w.Secondary {
		p := public.Secondary[name]
		t.Secondary[name] = secrets.token(&p)
	}
	return t
}
