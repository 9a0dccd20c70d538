package engine

import (
	"context"
	"errors"
	"math/rand/v2"
	"time"
)

// Errors of a ConnectionStore. Implementations may wrap them.
var (
	// ErrNoConnection means that nothing is stored under the key.
	ErrNoConnection = errors.New("no such connection")
	// ErrConflict means that the stored connection has another generation.
	ErrConflict = errors.New("connection was changed meanwhile")
	// ErrLeased means that another holder has the lease.
	ErrLeased = errors.New("connection is leased to another holder")
)

// A ConnectionStore keeps connections. Its promises are checked by
// store/storetest, which works for stores of a host's own as well. All methods
// are safe for concurrent use, by several processes where the medium is shared;
// they neither keep a *Connection given to them nor return one that is shared.
// They return the context's error if it ends first.
//
// Times are kept to the microsecond, in UTC.
type ConnectionStore interface {
	// Get returns the connection of k, or ErrNoConnection.
	Get(ctx context.Context, k Key) (*Connection, error)

	// Put stores c whatever is there: a user has connected (again). It sets
	// c.Generation to one that this key has not had: the stored one plus one, or
	// [NewGeneration] if there is none.
	Put(ctx context.Context, c *Connection) error

	// Replace stores c, with the Generation it carries, if the stored connection
	// still has the given generation. Otherwise it returns ErrConflict, or
	// ErrNoConnection if there is none, and changes nothing. Whether the caller
	// holds the lease does not matter: whoever redeemed the refresh token of that
	// generation has the only good one.
	Replace(ctx context.Context, c *Connection, generation int64) error

	// Delete removes the connection of k, or returns ErrNoConnection.
	Delete(ctx context.Context, k Key) error

	// List returns connections ordered by integration and connection id.
	List(ctx context.Context, q Query) (Page, error)

	// Acquire gives holder the lease of k until ttl has passed, by the store's
	// clock, or returns ErrLeased. A holder that has it already has it renewed.
	// A lease needs no connection to exist. Nothing stays locked or open between
	// calls.
	Acquire(ctx context.Context, k Key, holder string, ttl time.Duration) error

	// Release ends the lease if holder has it, and does nothing otherwise.
	Release(ctx context.Context, k Key, holder string) error
}

// A Query selects connections for [ConnectionStore.List]. The zero Query selects
// all, a hundred at a time.
type Query struct {
	Integration string // empty: of any integration

	// ExpiresBefore, if not zero, selects active connections whose access token
	// ends before then.
	ExpiresBefore time.Time

	Cursor string // Page.Next of the page before; empty: from the start
	Limit  int    // at most this many; 0 means 100
}

// A Page is one part of a list.
type Page struct {
	Connections []*Connection
	Next        string // cursor of the next page; empty on the last
}

// NewGeneration returns a generation for a connection that did not exist. It is
// random, so that a late refresh of a deleted connection cannot take a new one
// of the same key for its own.
func NewGeneration() int64 { return rand.Int64N(1 << 48) }
