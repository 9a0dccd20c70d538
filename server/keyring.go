package server

import (
	"context"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/hex"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"github.com/nango-lite/nango-lite/schema"
	"github.com/nango-lite/nango-lite/store/record"
)

// environmentKey is the name, in logs, of the key that the operator gives by
// NANGO_LITE_API_KEY.
const environmentKey = "environment"

// minKey is how long a key of the operator's own must be: it is compared by a hash
// that is quick to compute.
const minKey = 32

const (
	// keysFresh is how long what was read of the store counts, so that requests cost
	// no statement: so long does a revoked key live on.
	keysFresh = time.Second
	// keysUsable is how long it counts while others are reading anew.
	keysUsable = 2 * time.Second
	// keysKept is how long it counts while the store cannot be read.
	keysKept = time.Minute
	// keysRead is how long the store may take.
	keysRead = 2 * time.Second
)

// errKeysUnread means that nobody knows whether the key is good.
var errKeysUnread = errors.New("the API keys cannot be read just now")

// A keyring knows the API keys, and asks the store for them now and then.
type keyring struct {
	records record.Store
	now     func() time.Time
	own     *ringKey // the operator's, from the environment

	reading sync.Mutex
	known   atomic.Pointer[ring]
}

// A ring is the keys as they were at a time.
type ring struct {
	at    time.Time // when the store was read
	tried time.Time // when that was tried last
	keys  map[[sha256.Size]byte]*ringKey
}

type ringKey struct {
	APIKey
	hash [sha256.Size]byte
}

func newKeyring(records record.Store, own schema.Secret, now func() time.Time) (*keyring, error) {
	r := &keyring{records: records, now: now}
	if own.Empty() {
		return r, nil
	}
	if n := len(own.Reveal()); n < minKey {
		return nil, fmt.Errorf("the API key has %d characters; it must have %d or more", n, minKey)
	}
	r.own = &ringKey{APIKey{Name: environmentKey, Scopes: Scopes}, hashKey(own.Reveal())}
	return r, nil
}

// find returns the key that was shown, or nil if there is no such key. What is looked
// up and compared is its hash, whose bits nobody outside can choose.
func (r *keyring) find(ctx context.Context, shown string) (*ringKey, error) {
	if shown == "" {
		return nil, nil
	}
	hash := hashKey(shown)
	if r.own != nil && subtle.ConstantTimeCompare(hash[:], r.own.hash[:]) == 1 {
		return r.own, nil
	}
	known, err := r.current(ctx)
	if err != nil {
		return nil, err
	}
	if k := known.keys[hash]; k != nil && subtle.ConstantTimeCompare(hash[:], k.hash[:]) == 1 {
		return k, nil
	}
	return nil, nil
}

// current returns the keys as they are, or were a moment ago.
func (r *keyring) current(ctx context.Context) (*ring, error) {
	known := r.known.Load()
	if known != nil {
		usable := keysUsable
		if !known.tried.IsZero() { // the store is away: nobody waits but whoever asks it
			usable = keysKept
		}
		switch age := r.age(known); {
		case age < keysFresh:
			return known, nil
		case age < usable && !r.reading.TryLock():
			return known, nil
		case age < usable: // we have the lock
			defer r.reading.Unlock()
			return r.read(ctx)
		}
	}
	r.reading.Lock()
	defer r.reading.Unlock()
	if known = r.known.Load(); known != nil && r.age(known) < keysFresh {
		return known, nil
	}
	return r.read(ctx)
}

// age is how old what is known is; a clock that was set back makes it old.
func (r *keyring) age(known *ring) time.Duration {
	age := r.now().Sub(known.at)
	if age < 0 {
		return keysKept
	}
	return age
}

// read asks the store. If that fails, what was known counts for a while.
func (r *keyring) read(ctx context.Context) (*ring, error) {
	now, old := r.now(), r.known.Load()
	if old != nil && !old.tried.IsZero() && now.Sub(old.tried) < keysFresh && r.age(old) < keysKept {
		return old, nil // it failed a moment ago
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), keysRead)
	defer cancel()
	stored, err := readKeys(ctx, r.records)
	if err != nil {
		if old == nil || r.age(old) >= keysKept {
			return nil, fmt.Errorf("%w: %w", errKeysUnread, err)
		}
		r.known.Store(&ring{at: old.at, tried: now, keys: old.keys})
		return old, nil
	}
	fresh := &ring{at: now, keys: map[[sha256.Size]byte]*ringKey{}}
	for _, s := range stored {
		k := &ringKey{APIKey: s.APIKey}
		hash, err := hex.DecodeString(s.Hash)
		if err != nil || copy(k.hash[:], hash) != sha256.Size || len(hash) != sha256.Size {
			return nil, fmt.Errorf("%w: the hash of %q cannot be read", errKeysUnread, s.Name)
		}
		fresh.keys[k.hash] = k
	}
	r.known.Store(fresh)
	return fresh, nil
}
