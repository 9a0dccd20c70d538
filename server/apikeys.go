package server

import (
	"context"
	"time"

	"github.com/nango-lite/nango-lite/schema"
	"github.com/nango-lite/nango-lite/server/internal/apikey"
	"github.com/nango-lite/nango-lite/store/record"
)

// A Scope is something that an API key may do.
type Scope = apikey.Scope

// The scopes.
const (
	ScopeConnect    = apikey.ScopeConnect    // make, change and remove connections
	ScopeRead       = apikey.ScopeRead       // see connections, without what grants access
	ScopeProxy      = apikey.ScopeProxy      // call APIs through the server
	ScopeToken      = apikey.ScopeToken      // be given tokens and credentials
	ScopeOperations = apikey.ScopeOperations // do what integrations declare
	ScopeMCP        = apikey.ScopeMCP        // be offered operations as tools over HTTP
	ScopeUI         = apikey.ScopeUI         // look at the operator's pages
)

// Scopes are all scopes. DefaultScopes are those of a key for which none is said:
// it is given no token.
var (
	Scopes        = apikey.Scopes
	DefaultScopes = apikey.DefaultScopes
)

// Errors of API keys.
var (
	ErrKeyExists = apikey.ErrExists
	ErrNoKey     = apikey.ErrNone
)

// An APIKey says what whoever shows the key may do: its Scopes, on the Connections that
// match its patterns, such as notion/* and */user-42; without patterns, on all. Effects
// are those of the operations that it may do. The text of the key is nowhere in it. Check says what is wrong with one; May and Reaches say what
// it may do.
type APIKey = apikey.Key

// FirstKey is the name of the key that [EnsureFirstKey] makes.
const FirstKey = apikey.FirstKey

// ParseScopes reads scopes that are separated by commas or spaces.
func ParseScopes(text string) ([]Scope, error) { return apikey.ParseScopes(text) }

// CreateAPIKey makes a key and returns its text, which cannot be had again: only its hash is
// kept. Without scopes it has [DefaultScopes]. The error is [ErrKeyExists] if there is one
// of that name.
func CreateAPIKey(ctx context.Context, records record.Store, k APIKey) (schema.Secret, error) {
	return apikey.Create(ctx, records, k)
}

// EnsureFirstKey makes a key with all scopes if there is no key at all, and returns
// it; it is not set if there was one. Of several servers that start at once, one makes
// it.
func EnsureFirstKey(ctx context.Context, records record.Store, now time.Time) (schema.Secret, error) {
	return apikey.EnsureFirst(ctx, records, now)
}

// ListAPIKeys returns all keys, in the order of their names. If some cannot be read, the
// error is a [record.ErrUnreadable] that names them, and the others are returned all the
// same.
func ListAPIKeys(ctx context.Context, records record.Store) ([]APIKey, error) {
	return apikey.List(ctx, records)
}

// RevokeAPIKey ends a key; servers notice within a second or two. The error is
// [ErrNoKey] if there is none of that name.
func RevokeAPIKey(ctx context.Context, records record.Store, name string) error {
	return apikey.Revoke(ctx, records, name)
}
