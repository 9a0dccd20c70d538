// Package apikey knows what an API key may do, and where keys are kept: with their hash
// alone, so that nobody can read one back. [Key] is what is known of a key, [Ring] finds
// the key that a request shows. It knows nothing of HTTP.
package apikey

import (
	"cmp"
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/nango-lite/nango-lite/internal/lazyregexp"
	"github.com/nango-lite/nango-lite/schema"
	"github.com/nango-lite/nango-lite/store/record"
)

// Errors of API keys.
var (
	ErrExists = errors.New("there is an API key of that name already")
	ErrNone   = errors.New("there is no API key of that name")
)

// A Key says what whoever shows the key may do. The text of the key is nowhere in it.
type Key struct {
	Name        string    `json:"name"`
	Scopes      []Scope   `json:"scopes"`
	Connections []string  `json:"connections,omitempty"` // patterns such as notion/* and */user-42; none: all connections
	CreatedAt   time.Time `json:"created_at"`

	// Effects are those that operations may have which the key does. None: the scope
	// operations does all, and the scope mcp offers what only reads.
	Effects []schema.Effect `json:"effects,omitempty"`
}

// FirstKey is the name of the key that [EnsureFirst] makes.
const FirstKey = "first"

// prefix makes a key recognisable, for people and for programs that look for keys
// in places where none belong.
const prefix = "nlk_"

// RecordKind is the kind of the records that keys are kept in.
const RecordKind = "api_key"

// storedKey is what is kept of a key. The hash is plain SHA-256: a key is 256 random
// bits, so there is nothing to guess that would have to be made slow.
type storedKey struct {
	Key
	Hash string `json:"sha256"`
}

// Check says what is wrong with k.
func (k *Key) Check() error {
	if !namePattern().MatchString(k.Name) || k.Name == environmentKey {
		return fmt.Errorf("an API key's name is 1 to 64 letters, digits, dots, dashes and underscores, and not %q: %.80q is not", environmentKey, k.Name)
	}
	if len(k.Scopes) == 0 {
		return errors.New("an API key without a scope could do nothing")
	}
	for _, s := range k.Scopes {
		if !slices.Contains(Scopes, s) {
			return fmt.Errorf("there is no scope %.40q; there are %s", s, joinScopes(Scopes))
		}
	}
	for _, e := range k.Effects {
		if !slices.Contains(effects, e) {
			return fmt.Errorf("there is no effect %.40q; there are read, write and destroy", e)
		}
	}
	for _, p := range k.Connections {
		if !connectionPattern().MatchString(p) {
			return fmt.Errorf("%.80q is no pattern of connections, such as notion/user-42, notion/* or */user-42", p)
		}
	}
	return nil
}

var (
	namePattern       = lazyregexp.New(`^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$`)
	connectionPattern = lazyregexp.New(`^[A-Za-z0-9._~*-]+/[^\x00]+$`)
)

// Create makes a key and returns its text, which cannot be had again: only its hash is
// kept. Without scopes it has [DefaultScopes]. The error is [ErrExists] if
// there is one of that name.
func Create(ctx context.Context, records record.Store, k Key) (schema.Secret, error) {
	if len(k.Scopes) == 0 {
		k.Scopes = DefaultScopes
	}
	if err := k.Check(); err != nil {
		return schema.Secret{}, err
	}
	b := make([]byte, 32)
	_, _ = rand.Read(b) // never fails: crypto/rand ends the program instead
	key := schema.NewSecret(prefix + base64.RawURLEncoding.EncodeToString(b))
	sum := hashOf(key.Reveal())
	kept, err := json.Marshal(storedKey{k, hex.EncodeToString(sum[:])})
	if err != nil {
		return schema.Secret{}, err
	}
	err = records.CreateRecord(ctx, &record.Record{Kind: RecordKind, ID: k.Name, Open: kept})
	if errors.Is(err, record.ErrExists) {
		return schema.Secret{}, ErrExists
	}
	return key, err
}

// EnsureFirst makes a key with all scopes if there is no key at all, and returns
// it; it is not set if there was one. Of several servers that start at once, one makes
// it.
func EnsureFirst(ctx context.Context, records record.Store, now time.Time) (schema.Secret, error) {
	there, err := records.Records(ctx, RecordKind, "", 1)
	if err != nil || len(there) > 0 {
		return schema.Secret{}, err
	}
	key, err := Create(ctx, records, Key{Name: FirstKey, Scopes: Scopes, CreatedAt: now.UTC()})
	if errors.Is(err, ErrExists) {
		return schema.Secret{}, nil
	}
	return key, err
}

// List returns all keys, in the order of their names. If some cannot be read, the error is
// a [record.ErrUnreadable] that names them, and the others are returned all the same.
func List(ctx context.Context, records record.Store) ([]Key, error) {
	stored, unread, err := readAll(ctx, records)
	var keys []Key
	for _, k := range stored {
		keys = append(keys, k.Key)
	}
	return keys, cmp.Or(err, errors.Join(unread...))
}

// readAll returns the keys that can be read, and why others cannot.
func readAll(ctx context.Context, records record.Store) (keys []*ringKey, unread []error, err error) {
	const page = 500
	for after := ""; ; {
		found, err := records.Records(ctx, RecordKind, after, page)
		if err != nil {
			return nil, nil, err
		}
		for _, r := range found {
			if k := read(r); k != nil {
				keys = append(keys, k)
			} else {
				unread = append(unread, r.Unreadable)
			}
		}
		if len(found) < page {
			return keys, unread, nil
		}
		after = found[len(found)-1].ID
	}
}

// read returns the key that a record holds, or nil, and refuses the record.
func read(r *record.Record) *ringKey {
	if r.Unreadable != nil {
		return nil
	}
	var s storedKey
	if json.Unmarshal(r.Open, &s) != nil || s.Name != r.ID {
		r.Refuse(errors.New("it is no API key of this version"))
		return nil
	}
	k := &ringKey{Key: s.Key}
	hash, err := hex.DecodeString(s.Hash)
	if err != nil || len(hash) != len(k.hash) {
		r.Refuse(errors.New("its hash is none"))
		return nil
	}
	copy(k.hash[:], hash)
	return k
}

// Revoke ends a key; servers notice within a second or two. The error is
// [ErrNone] if there is none of that name.
func Revoke(ctx context.Context, records record.Store, name string) error {
	err := records.DeleteRecord(ctx, RecordKind, name)
	if errors.Is(err, record.ErrNone) {
		return ErrNone
	}
	return err
}

// Hash returns what stands for a key where the key itself must not be kept.
func Hash(text string) string {
	sum := hashOf(text)
	return hex.EncodeToString(sum[:])
}

func hashOf(text string) [sha256.Size]byte { return sha256.Sum256([]byte(text)) }
