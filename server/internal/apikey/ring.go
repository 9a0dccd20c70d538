package apikey

import (
	"context"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/hex"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"github.com/nango-lite/nango-lite/schema"
	"github.com/nango-lite/nango-lite/store/record"
)

// environmentKey is the name, in logs, of the key that the operator gives by
// NANGO_LITE_API_KEY.
const environmentKey = "environment"

// MinLength is how many characters a key of the operator's own must have: it is compared
// by a hash that is quick to compute, so it must be too long to guess.
const MinLength = 32

const (
	// keysFresh is how long the keys that were read count, so that requests cost no
	// statement. A revoked key lives on for so long.
	keysFresh = time.Second
	// keysUsable is how long they count while another request reads them anew.
	keysUsable = 2 * time.Second
	// keysKept is how long they count while the store cannot be read.
	keysKept = time.Minute
	// keysRead is how long reading them may take.
	keysRead = 2 * time.Second
)

// errKeysUnread says that it is not known whether a key is valid.
var errKeysUnread = errors.New("the API keys cannot be read just now")

// errSomeUnread says so where others can be read. It does not name them: nobody has shown
// a key.
var errSomeUnread = errors.New("there is no such API key among those that can be read, and some cannot")

// A Ring knows the API keys, and reads them from the store again every second, if it is
// asked. It is safe for concurrent use.
type Ring struct {
	records record.Store
	now     func() time.Time
	own     *ringKey // the operator's, from the environment; nil: none
	logger  *slog.Logger

	turn  sync.Mutex      // of the one who reads
	told  map[string]bool // of keys that cannot be read, why; whoever reads has it
	known atomic.Pointer[reading]
}

// A reading is the keys as they were at a time.
type reading struct {
	at    time.Time // when the store was read
	tried time.Time // when that was tried last
	keys  map[[sha256.Size]byte]*ringKey
	some  bool // there are keys that cannot be read
}

type ringKey struct {
	Key
	hash [sha256.Size]byte
}

// NewRing returns the keys in records, and one of the operator's own beside them, which has
// all scopes. It may be unset; the error says that it is too short. What cannot be read is
// logged, unless logger is nil.
func NewRing(records record.Store, own schema.Secret, now func() time.Time, logger *slog.Logger) (*Ring, error) {
	r := &Ring{records: records, now: now, logger: logger, told: map[string]bool{}}
	if own.Empty() {
		return r, nil
	}
	if n := len(own.Reveal()); n < MinLength {
		return nil, fmt.Errorf("the API key has %d characters; it must have %d or more", n, MinLength)
	}
	r.own = &ringKey{Key{Name: environmentKey, Scopes: Scopes}, hashOf(own.Reveal())}
	return r, nil
}

// Find returns the key of that text, or nil if there is none. The error means that the
// keys cannot be read just now; it is safe to show. The hash is what is looked up and
// compared, for nobody outside can choose its bits.
func (r *Ring) Find(ctx context.Context, shown string) (*Key, error) {
	if shown == "" {
		return nil, nil
	}
	return r.find(ctx, hashOf(shown))
}

// ByHash is [Ring.Find] for whoever has kept [Hash] of a key in place of the key.
func (r *Ring) ByHash(ctx context.Context, text string) (*Key, error) {
	var hash [sha256.Size]byte
	if n, err := hex.Decode(hash[:], []byte(text[:min(len(text), 2*sha256.Size)])); err != nil || n != sha256.Size {
		return nil, nil
	}
	return r.find(ctx, hash)
}

func (r *Ring) find(ctx context.Context, hash [sha256.Size]byte) (*Key, error) {
	if r.own != nil && subtle.ConstantTimeCompare(hash[:], r.own.hash[:]) == 1 {
		return &r.own.Key, nil
	}
	known, err := r.current(ctx)
	if err != nil {
		return nil, err
	}
	if k := known.keys[hash]; k != nil && subtle.ConstantTimeCompare(hash[:], k.hash[:]) == 1 {
		return &k.Key, nil
	}
	if known.some { // it may be one of those: nobody may be told that a good key is bad
		return nil, errSomeUnread
	}
	return nil, nil
}

// current returns the keys as they are, or were a moment ago.
func (r *Ring) current(ctx context.Context) (*reading, error) {
	known := r.known.Load()
	if known != nil {
		usable := keysUsable
		if !known.tried.IsZero() { // the store is away: only one request waits for it
			usable = keysKept
		}
		switch age := r.age(known); {
		case age < keysFresh:
			return known, nil
		case age < usable && !r.turn.TryLock():
			return known, nil
		case age < usable: // we have the lock
			defer r.turn.Unlock()
			return r.read(ctx)
		}
	}
	r.turn.Lock()
	defer r.turn.Unlock()
	if known = r.known.Load(); known != nil && r.age(known) < keysFresh {
		return known, nil
	}
	return r.read(ctx)
}

// age returns how long ago the keys were read. If the clock was set back, they count as
// old.
func (r *Ring) age(known *reading) time.Duration {
	age := r.now().Sub(known.at)
	if age < 0 {
		return keysKept
	}
	return age
}

// read asks the store. If that fails, the keys that were read before count for a while.
func (r *Ring) read(ctx context.Context) (*reading, error) {
	now, old := r.now(), r.known.Load()
	if old != nil && !old.tried.IsZero() && now.Sub(old.tried) < keysFresh && r.age(old) < keysKept {
		return old, nil // it failed a moment ago
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), keysRead)
	defer cancel()
	stored, unread, err := readAll(ctx, r.records)
	if err != nil {
		if old == nil || r.age(old) >= keysKept {
			return nil, fmt.Errorf("%w: %w", errKeysUnread, err)
		}
		r.known.Store(&reading{at: old.at, tried: now, keys: old.keys})
		return old, nil
	}
	r.tell(ctx, unread)
	fresh := &reading{at: now, keys: map[[sha256.Size]byte]*ringKey{}, some: len(unread) > 0}
	for _, k := range stored {
		fresh.keys[k.hash] = k
	}
	r.known.Store(fresh)
	return fresh, nil
}

// tell logs what cannot be read, once for each reason.
func (r *Ring) tell(ctx context.Context, unread []error) {
	for _, err := range unread {
		if text := err.Error(); r.logger != nil && !r.told[text] {
			r.told[text] = true
			r.logger.ErrorContext(ctx, "an API key cannot be read and counts for nothing; 'apikeys revoke' removes it", "why", text)
		}
	}
}
