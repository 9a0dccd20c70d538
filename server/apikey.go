package server

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/nango-lite/nango-lite/connection"
	"github.com/nango-lite/nango-lite/internal/lazyregexp"
	"github.com/nango-lite/nango-lite/schema"
	"github.com/nango-lite/nango-lite/store/record"
)

// A Scope is something that an API key may do.
type Scope string

// The scopes.
const (
	ScopeConnect    Scope = "connect"    // remove connections
	ScopeRead       Scope = "read"       // see connections, without what grants access
	ScopeProxy      Scope = "proxy"      // call APIs through the server
	ScopeToken      Scope = "token"      // be given tokens and credentials
	ScopeOperations Scope = "operations" // do what integrations declare
	ScopeMCP        Scope = "mcp"        // reserved for operations as tools
)

// Scopes are all scopes. DefaultScopes are those of a key for which none is said:
// it is not given a token.
var (
	Scopes        = []Scope{ScopeConnect, ScopeRead, ScopeProxy, ScopeToken, ScopeOperations, ScopeMCP}
	DefaultScopes = []Scope{ScopeConnect, ScopeRead, ScopeProxy}
)

// Errors of API keys.
var (
	ErrKeyExists = errors.New("there is an API key of that name already")
	ErrNoKey     = errors.New("there is no API key of that name")
)

// An APIKey says what whoever shows the key may do. The key itself is nowhere in it.
type APIKey struct {
	Name        string    `json:"name"`
	Scopes      []Scope   `json:"scopes"`
	Connections []string  `json:"connections,omitempty"` // patterns such as notion/* and */user-42; none: all connections
	CreatedAt   time.Time `json:"created_at"`
}

// FirstKey is the name of the key that [EnsureFirstKey] makes.
const FirstKey = "first"

// keyPrefix makes a key recognisable, for people and for programs that look for keys
// in places where none belong.
const keyPrefix = "nlk_"

const apiKeyKind = "api_key"

// storedKey is what is kept of a key. The hash is plain SHA-256: a key is 256 random
// bits, so there is nothing to guess that would have to be made slow.
type storedKey struct {
	APIKey
	Hash string `json:"sha256"`
}

// Check says what is wrong with k.
func (k *APIKey) Check() error {
	if !keyName().MatchString(k.Name) || k.Name == environmentKey {
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
	for _, p := range k.Connections {
		if !keyPattern().MatchString(p) {
			return fmt.Errorf("%.80q is no pattern of connections, such as notion/user-42, notion/* or */user-42", p)
		}
	}
	return nil
}

var (
	keyName    = lazyregexp.New(`^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$`)
	keyPattern = lazyregexp.New(`^[A-Za-z0-9._~*-]+/[^\x00]+$`)
)

// ParseScopes reads scopes that are separated by commas or spaces.
func ParseScopes(text string) ([]Scope, error) {
	var scopes []Scope
	for word := range strings.FieldsFuncSeq(text, func(r rune) bool { return r == ',' || r == ' ' }) {
		if !slices.Contains(Scopes, Scope(word)) {
			return nil, fmt.Errorf("there is no scope %.40q; there are %s", word, joinScopes(Scopes))
		}
		if !slices.Contains(scopes, Scope(word)) {
			scopes = append(scopes, Scope(word))
		}
	}
	return scopes, nil
}

func joinScopes(scopes []Scope) string {
	var words []string
	for _, s := range scopes {
		words = append(words, string(s))
	}
	return strings.Join(words, " ")
}

// May reports whether k has the scope.
func (k *APIKey) May(s Scope) bool { return slices.Contains(k.Scopes, s) }

// Reaches reports whether k may act on a connection.
func (k *APIKey) Reaches(c connection.Key) bool {
	return len(k.Connections) == 0 || slices.ContainsFunc(k.Connections, func(p string) bool {
		integration, id, _ := strings.Cut(p, "/")
		return matches(integration, c.Integration) && matches(id, c.ConnectionID)
	})
}

// ReachesIntegration reports whether k may act on some connection of an integration.
func (k *APIKey) ReachesIntegration(name string) bool {
	return len(k.Connections) == 0 || slices.ContainsFunc(k.Connections, func(p string) bool {
		integration, _, _ := strings.Cut(p, "/")
		return matches(integration, name)
	})
}

// matches reports whether text is of the pattern, in which * stands for any text.
func matches(pattern, text string) bool {
	head, rest, wild := strings.Cut(pattern, "*")
	if !wild {
		return pattern == text
	}
	if !strings.HasPrefix(text, head) {
		return false
	}
	text = text[len(head):]
	parts := strings.Split(rest, "*")
	last := parts[len(parts)-1]
	for _, part := range parts[:len(parts)-1] {
		i := strings.Index(text, part)
		if i < 0 {
			return false
		}
		text = text[i+len(part):]
	}
	return strings.HasSuffix(text, last)
}

// CreateAPIKey makes a key and returns it: nobody can be told it again, for only its
// hash is kept. Without scopes it has [DefaultScopes]. The error is [ErrKeyExists] if
// there is one of that name.
func CreateAPIKey(ctx context.Context, records record.Store, k APIKey) (schema.Secret, error) {
	if len(k.Scopes) == 0 {
		k.Scopes = DefaultScopes
	}
	if err := k.Check(); err != nil {
		return schema.Secret{}, err
	}
	b := make([]byte, 32)
	_, _ = rand.Read(b) // never fails: crypto/rand ends the program instead
	key := schema.NewSecret(keyPrefix + base64.RawURLEncoding.EncodeToString(b))
	sum := hashKey(key.Reveal())
	kept, err := json.Marshal(storedKey{k, hex.EncodeToString(sum[:])})
	if err != nil {
		return schema.Secret{}, err
	}
	err = records.CreateRecord(ctx, &record.Record{Kind: apiKeyKind, ID: k.Name, Open: kept})
	if errors.Is(err, record.ErrExists) {
		return schema.Secret{}, ErrKeyExists
	}
	return key, err
}

// EnsureFirstKey makes a key with all scopes if there is no key at all, and returns
// it; it is not set if there was one. Of several servers that start at once, one makes
// it.
func EnsureFirstKey(ctx context.Context, records record.Store, now time.Time) (schema.Secret, error) {
	there, err := records.Records(ctx, apiKeyKind, "", 1)
	if err != nil || len(there) > 0 {
		return schema.Secret{}, err
	}
	key, err := CreateAPIKey(ctx, records, APIKey{Name: FirstKey, Scopes: Scopes, CreatedAt: now.UTC()})
	if errors.Is(err, ErrKeyExists) {
		return schema.Secret{}, nil
	}
	return key, err
}

// ListAPIKeys returns all keys, in the order of their names.
func ListAPIKeys(ctx context.Context, records record.Store) ([]APIKey, error) {
	stored, err := readKeys(ctx, records)
	var keys []APIKey
	for _, k := range stored {
		keys = append(keys, k.APIKey)
	}
	return keys, err
}

func readKeys(ctx context.Context, records record.Store) ([]storedKey, error) {
	const page = 500
	var keys []storedKey
	for after := ""; ; {
		found, err := records.Records(ctx, apiKeyKind, after, page)
		if err != nil {
			return nil, err
		}
		for _, r := range found {
			var k storedKey
			if err := json.Unmarshal(r.Open, &k); err != nil || k.Name != r.ID {
				return nil, fmt.Errorf("the API key %q is stored in a way that cannot be read", r.ID)
			}
			keys = append(keys, k)
		}
		if len(found) < page {
			return keys, nil
		}
		after = found[len(found)-1].ID
	}
}

// RevokeAPIKey ends a key; servers notice within a second or two. The error is
// [ErrNoKey] if there is none of that name.
func RevokeAPIKey(ctx context.Context, records record.Store, name string) error {
	err := records.DeleteRecord(ctx, apiKeyKind, name)
	if errors.Is(err, record.ErrNone) {
		return ErrNoKey
	}
	return err
}

func hashKey(text string) [sha256.Size]byte { return sha256.Sum256([]byte(text)) }
