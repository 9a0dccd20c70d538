package connection

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"time"
	"unicode/utf8"
)

// Errors of a Store. Implementations may wrap them.
var (
	// ErrNoConnection means that nothing is stored under the key.
	ErrNoConnection = errors.New("no such connection")
	// ErrConflict means that the stored connection has another generation.
	ErrConflict = errors.New("connection was changed meanwhile")
	// ErrUnreadable means that something is stored under the key that cannot be read:
	// see [UnreadableError].
	ErrUnreadable = errors.New("stored connection cannot be read")
	// ErrUnknownKey is why something cannot be read where the key that sealed it is not
	// at hand. It may come back.
	ErrUnknownKey = errors.New("sealed with a key that is not in the key set")
	// ErrLeased means that another holder has the lease; see [LeasedError].
	ErrLeased = errors.New("connection is leased to another holder")
)

// A Store keeps connections. Its promises are checked by
// store/storetest, which works for stores of a host's own as well. All methods
// are safe for concurrent use, by several processes where the medium is shared;
// they neither keep a *Connection given to them nor return one that is shared.
// They return the context's error if it ends first.
//
// What they agree on, so that a host may move from one to another:
//
//   - A key has two parts of 1 to [MaxKeyPart] bytes of UTF-8 without NUL; holders
//     of leases obey the same rule. Put, Replace and Acquire refuse others; nothing
//     is stored under them, so Get and Delete return ErrNoConnection. Parts are
//     compared byte by byte: "a" and "A" are two, as are "ä" composed and decomposed.
//   - What was put comes out, empty where it was empty and nil where it was nil.
//     Times are kept to the microsecond, in UTC, and before the year 10000.
//   - Metadata is what JSON makes of it: numbers come back as float64, from 2^53 on
//     as [json.Number] with all their digits.
//   - CreatedAt and UpdatedAt are kept as the caller says. A store sets Generation
//     in Put, and nothing else.
//   - Leases are judged by one clock, the medium's where it has one, and never by
//     the caller's. One that begins further ahead than it lasts was taken before that
//     clock was set back: it has ended.
//
// A store whose writes others can follow is a [ChangeFeed] too.
type Store interface {
	// Get returns the connection of k, or ErrNoConnection. What is there and cannot be
	// read, because it was damaged or its key is gone, is an [*UnreadableError]; it can
	// be deleted, and replaced by Put.
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

	// List returns connections ordered by integration and connection id, byte by
	// byte. One that cannot be read costs nobody else: it is in its page's Unreadable.
	// Pages neither skip nor repeat what was there all the time. If q.Cursor is
	// the Next of no Page, the error is ErrCursor.
	List(ctx context.Context, q Query) (Page, error)

	// Acquire gives holder the lease of k until ttl has passed, by the store's
	// clock, or returns a [*LeasedError] that names who has it. A holder that has it
	// already has it renewed.
	// A lease needs no connection to exist. Nothing stays locked or open between
	// calls.
	Acquire(ctx context.Context, k Key, holder string, ttl time.Duration) error

	// Release ends the lease if holder has it, and does nothing otherwise.
	Release(ctx context.Context, k Key, holder string) error
}

// A ChangeFeed is a [Store] that can say what was written, so that caches
// over it learn what other processes did. Ask it every half second; see [Changes].
type ChangeFeed interface {
	// Changes returns what was put, replaced or deleted after revision since, by
	// anyone. Whoever asks first passes -1 and learns the revision that there is.
	Changes(ctx context.Context, since int64) (Changes, error)
}

// Changes are the answer of a [ChangeFeed].
type Changes struct {
	// Revision is where the next question begins. Each write has a higher one than
	// all that were done before.
	Revision int64

	// Keys are the connections concerned, oldest change first, none twice. What
	// happened to one is for the store to say: Get it, or forget it.
	Keys []Key

	// More means that there is more already: ask again at once.
	More bool

	// All means that anything may have changed, because since was negative, or so
	// long ago that deletions are forgotten, or of a database that a backup has
	// replaced. Keys is empty then.
	All bool
}

// A Query selects connections for [Store.List]. The zero Query selects
// all, a hundred at a time.
type Query struct {
	Integration string // empty: of any integration
	Status      Status // empty: of any

	// ExpiresBefore, if not zero, selects active connections whose access token
	// ends before then.
	ExpiresBefore time.Time

	Cursor string // Page.Next of the page before; empty: from the start
	Limit  int    // at most this many; 0 means 100
}

// A Page is one part of a list.
type Page struct {
	Connections []*Connection
	Unreadable  []*UnreadableError // those of this part that cannot be read
	Next        string             // cursor of the next page; empty on the last
}

// Add puts c at the end of the page, or among the unreadable ones if err is an
// [*UnreadableError]. Another error is returned.
func (p *Page) Add(c *Connection, err error) error {
	var unreadable *UnreadableError
	switch {
	case errors.As(err, &unreadable):
		p.Unreadable = append(p.Unreadable, unreadable)
	case err != nil:
		return err
	default:
		p.Connections = append(p.Connections, c)
	}
	return nil
}

// IDs returns the connection ids of the page in their order, those that cannot be read
// among them.
func (p *Page) IDs() []string {
	var keys []Key
	for _, c := range p.Connections {
		keys = append(keys, c.Key)
	}
	for _, u := range p.Unreadable {
		keys = append(keys, u.Key)
	}
	slices.SortFunc(keys, compareKeys)
	var ids []string
	for _, k := range keys {
		ids = append(ids, k.ConnectionID)
	}
	return ids
}

// An UnreadableError says which connection is stored and cannot be read, and why. It is
// [ErrUnreadable], and what its Err is.
type UnreadableError struct {
	Key Key
	Err error // names the connection, and quotes nothing of it
}

// Error says why.
func (e *UnreadableError) Error() string { return e.Err.Error() }

// Unwrap returns the reason.
func (e *UnreadableError) Unwrap() error { return e.Err }

// Is makes it an [ErrUnreadable].
func (e *UnreadableError) Is(target error) bool { return target == ErrUnreadable }

// MaxKeyPart is how many bytes each part of a [Key] may have, and a lease's holder:
// an index of PostgreSQL does not hold more than about 2,700 in all.
const MaxKeyPart = 1024

// A LeasedError is [ErrLeased], and says who has the lease: whoever waits may know that
// this one is no more, and release the lease in its name. Stores that cannot say return
// ErrLeased itself.
type LeasedError struct{ Holder string }

// Error says who has the lease.
func (e *LeasedError) Error() string { return ErrLeased.Error() + ": " + e.Holder }

// Is makes it an [ErrLeased].
func (e *LeasedError) Is(target error) bool { return target == ErrLeased }

// Check returns an error if no store keeps connections under k; the rule is
// [Store]'s.
func (k Key) Check() error {
	if !validPart(k.Integration) || !validPart(k.ConnectionID) {
		return fmt.Errorf("key %.100q: each part must be 1 to %d bytes of UTF-8 without NUL", k, MaxKeyPart)
	}
	return nil
}

// CheckHolder returns an error if holder cannot hold a lease.
func CheckHolder(holder string) error {
	if !validPart(holder) {
		return fmt.Errorf("holder %.100q: it must be 1 to %d bytes of UTF-8 without NUL", holder, MaxKeyPart)
	}
	return nil
}

func validPart(s string) bool {
	return s != "" && len(s) <= MaxKeyPart && utf8.ValidString(s) && strings.IndexByte(s, 0) < 0
}

// NewGeneration returns a generation for a connection that did not exist. It is
// random, so that a late refresh of a deleted connection cannot take a new one
// of the same key for its own.
func NewGeneration() int64 { return rand.Int64N(1 << 48) }
