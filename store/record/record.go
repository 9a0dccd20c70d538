// Package record says what a server keeps beside connections: its API keys, connect
// sessions, authorizations that are under way, and what is still to be told to
// somebody. Start with [Store], whose promises storetest.RunRecords checks.
package record

import (
	"context"
	"crypto/rand"
	"encoding/binary"
	"errors"
	"fmt"
	"time"
)

// Errors of a [Store]. Implementations may wrap them.
var (
	// ErrNone means that there is no such record, or that somebody has taken it.
	ErrNone = errors.New("no such record")
	// ErrExists means that there is a record of that kind and id already.
	ErrExists = errors.New("there is such a record already")
	// ErrChanged means that the stored record has another version.
	ErrChanged = errors.New("record was changed meanwhile")
	// ErrUnreadable means that what is stored cannot be believed: somebody who has no key
	// has written or changed it, it is damaged, or its key is not at hand.
	ErrUnreadable = errors.New("unreadable")
	// ErrName means that nothing is kept under that kind or id.
	ErrName = errors.New("invalid kind or id of a record")
)

// MaxName is how many bytes a kind, and an id, may have.
const MaxName = 512

// A Record is something small that is kept under a kind and an id. Values of this
// type are snapshots; a store and its callers never share one.
type Record struct {
	Kind string // such as "api_key"
	ID   string // one of its kind

	// Version names what is stored: each write gives it another. Stores set it.
	Version int64

	// Open is readable for whoever reads the database. A store that has keys binds it to
	// the seal, so that nobody else can write it. Of both parts, an empty one may come back
	// as nil.
	Open []byte

	// Sealed is encrypted by the store, where the store has keys, and bound to Kind
	// and ID.
	Sealed []byte

	ExpiresAt time.Time // after which Sweep removes it; zero: never; bound as Open is
	DueAt     time.Time // from when on Claim gives it out; zero: never; bound to nothing

	// Unreadable, an [ErrUnreadable], says why both parts and ExpiresAt are not there. Only
	// Records and ClaimRecords return such records; others return the error.
	Unreadable error
}

// Check returns an error if no store keeps r.
func (r *Record) Check() error { return CheckName(r.Kind, r.ID) }

// CheckName returns an [ErrName] if nothing can be kept under kind and id: both are
// 1 to MaxName bytes of printable ASCII.
func CheckName(kind, id string) error {
	for _, s := range []string{kind, id} {
		if s == "" || len(s) > MaxName {
			return fmt.Errorf("%w: it has %d bytes, of 1 to %d", ErrName, len(s), MaxName)
		}
		for _, c := range []byte(s) {
			if c < ' ' || c > '~' {
				return fmt.Errorf("%w: it holds something else than printable ASCII", ErrName)
			}
		}
	}
	return nil
}

// Clone returns a copy that shares nothing with r.
func (r *Record) Clone() *Record {
	c := *r
	c.Open, c.Sealed = clone(r.Open), clone(r.Sealed)
	return &c
}

func clone(b []byte) []byte {
	if b == nil {
		return nil
	}
	return append([]byte{}, b...)
}

// NewVersion returns a version that no record has had. It is random, so that a store
// whose answer was lost can tell its own write from another's.
func NewVersion() int64 {
	var b [8]byte
	_, _ = rand.Read(b[:])
	return int64(binary.BigEndian.Uint64(b[:])>>1) | 1 // never 0
}

// Bound returns what a store binds the seal of r to: all that decides what r means, but
// for DueAt, which stores change without a key. No two records give the same bytes.
func Bound(r *Record) []byte {
	b := []byte("nango-lite record 2\x00" + r.Kind + "\x00" + r.ID + "\x00")
	var ends byte
	var micros int64
	if t := instant(r.ExpiresAt); !t.IsZero() {
		if t.Year() > 9999 { // as stores keep it
			t = time.Date(9999, 12, 31, 23, 59, 59, 0, time.UTC)
		}
		ends, micros = 1, t.UnixMicro()
	}
	b = binary.BigEndian.AppendUint64(append(b, ends), uint64(micros))
	return append(b, r.Open...)
}

// Refuse makes r one that is not believed, for the reason why.
func (r *Record) Refuse(why error) {
	r.Open, r.Sealed, r.ExpiresAt = nil, nil, time.Time{}
	r.Unreadable = fmt.Errorf("record %s/%s: %w: %w", r.Kind, r.ID, ErrUnreadable, why)
}

// A Store keeps records. All methods are safe for concurrent use, by several processes
// where the medium is shared. They return the context's error if it ends first. Times
// are kept to the microsecond; which time it is says the caller, so that hosts can test
// with a clock of their own.
type Store interface {
	// CreateRecord stores r and sets its Version, or returns ErrExists and changes
	// nothing.
	CreateRecord(ctx context.Context, r *Record) error

	// Record returns the record of that kind and id, or ErrNone, or an ErrUnreadable. One
	// that has expired is still there until it is swept.
	Record(ctx context.Context, kind, id string) (*Record, error)

	// ReplaceRecord stores r and sets its Version, if the stored record still has the
	// version given. Otherwise it returns ErrChanged, or ErrNone, and changes nothing.
	ReplaceRecord(ctx context.Context, r *Record, version int64) error

	// TakeRecord returns the record and removes it: of all who ask for it, in whatever
	// process, one gets it and the others get ErrNone.
	TakeRecord(ctx context.Context, kind, id string) (*Record, error)

	// DeleteRecord removes the record, or returns ErrNone.
	DeleteRecord(ctx context.Context, kind, id string) error

	// Records returns up to limit records of a kind whose id comes after the one given,
	// in the order of their ids, byte by byte. Those that cannot be read are among them and
	// say so, so that one costs only itself; it can be deleted.
	Records(ctx context.Context, kind, after string, limit int) ([]*Record, error)

	// ClaimRecords returns up to limit records of a kind whose DueAt is not after now,
	// the one that is due longest first, and sets their DueAt to until: no other caller
	// gets them before.
	ClaimRecords(ctx context.Context, kind string, now, until time.Time, limit int) ([]*Record, error)

	// SweepRecords removes records of all kinds that expired before that time, and says
	// how many.
	SweepRecords(ctx context.Context, before time.Time) (int, error)
}
