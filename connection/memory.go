package connection

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"sync"
	"time"
)

// ErrCursor means that a Query's Cursor is not the Next of any Page.
var ErrCursor = errors.New("invalid cursor")

// A MemoryStore keeps connections in memory, for tests and for hosts of one
// process that can do without them after a restart. The zero MemoryStore is
// ready for use; it must not be copied.
type MemoryStore struct {
	// Now returns the time by which leases are judged. If nil, time.Now is used.
	Now func() time.Time

	mu     sync.Mutex
	conns  map[Key]*Connection // never handed out
	leases map[Key]lease
}

var _ Store = (*MemoryStore)(nil)

// A lease is held from since until until.
type lease struct {
	holder       string
	since, until time.Time
}

// ended reports whether another may have the lease. One that begins further
// ahead than it lasts was taken before the clock was set back: it must not block
// the connection until the clock is there again.
func (l lease) ended(now time.Time) bool {
	return !now.Before(l.until) || l.since.Sub(now) > l.until.Sub(l.since)
}

// Get implements [Store].
func (s *MemoryStore) Get(ctx context.Context, k Key) (*Connection, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	s.mu.Lock()
	c, ok := s.conns[k]
	s.mu.Unlock()
	if !ok {
		return nil, ErrNoConnection
	}
	return c.Clone(), nil // stored connections are replaced, never changed
}

// Peek is Get without the copy: it returns the stored connection itself, which nobody
// may modify.
func (s *MemoryStore) Peek(ctx context.Context, k Key) (*Connection, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if c, ok := s.conns[k]; ok {
		return c, nil // replaced, never changed
	}
	return nil, ErrNoConnection
}

// Put implements [Store].
func (s *MemoryStore) Put(ctx context.Context, c *Connection) error {
	d, err := toKeep(ctx, c)
	if err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	d.Generation = NewGeneration()
	if old, ok := s.conns[c.Key]; ok {
		d.Generation = old.Generation + 1
	}
	s.set(d)
	c.Generation = d.Generation
	return nil
}

// Replace implements [Store].
func (s *MemoryStore) Replace(ctx context.Context, c *Connection, generation int64) error {
	d, err := toKeep(ctx, c)
	if err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	old, ok := s.conns[c.Key]
	if !ok {
		return ErrNoConnection
	}
	if old.Generation != generation {
		return ErrConflict
	}
	s.set(d)
	return nil
}

func (s *MemoryStore) set(c *Connection) {
	if s.conns == nil {
		s.conns = make(map[Key]*Connection)
	}
	s.conns[c.Key] = c
}

// Delete implements [Store].
func (s *MemoryStore) Delete(ctx context.Context, k Key) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if _, ok := s.conns[k]; !ok {
		return ErrNoConnection
	}
	delete(s.conns, k)
	return nil
}

// List implements [Store]. It looks at all connections, whatever the
// query.
func (s *MemoryStore) List(ctx context.Context, q Query) (Page, error) {
	if err := ctx.Err(); err != nil {
		return Page{}, err
	}
	after, err := DecodeCursor(q.Cursor)
	if err != nil {
		return Page{}, err
	}
	q.ExpiresBefore = stamp(q.ExpiresBefore)
	var found []*Connection
	s.mu.Lock()
	for k, c := range s.conns {
		if compareKeys(k, after) > 0 && q.selects(c) {
			found = append(found, c)
		}
	}
	s.mu.Unlock()
	slices.SortFunc(found, func(a, b *Connection) int { return compareKeys(a.Key, b.Key) })

	limit := q.Limit
	if limit <= 0 {
		limit = 100
	}
	var p Page
	if len(found) > limit {
		found = found[:limit]
		p.Next = EncodeCursor(found[limit-1].Key)
	}
	for _, c := range found {
		p.Connections = append(p.Connections, c.Clone())
	}
	return p, nil
}

func (q *Query) selects(c *Connection) bool {
	if q.Integration != "" && q.Integration != c.Key.Integration || q.Status != "" && q.Status != c.Status {
		return false
	}
	end := c.Credentials.Token.ExpiresAt
	return q.ExpiresBefore.IsZero() ||
		c.Status == StatusActive && !end.IsZero() && end.Before(q.ExpiresBefore)
}

// Acquire implements [Store].
func (s *MemoryStore) Acquire(ctx context.Context, k Key, holder string, ttl time.Duration) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	if err := errors.Join(k.Check(), CheckHolder(holder)); err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	now := s.now()
	if l, ok := s.leases[k]; ok && l.holder != holder && !l.ended(now) {
		return &LeasedError{l.holder}
	}
	if s.leases == nil {
		s.leases = make(map[Key]lease)
	}
	s.leases[k] = lease{holder, now, now.Add(ttl)}
	return nil
}

// Release implements [Store].
func (s *MemoryStore) Release(ctx context.Context, k Key, holder string) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.leases[k].holder == holder {
		delete(s.leases, k)
	}
	return nil
}

func (s *MemoryStore) now() time.Time {
	if s.Now != nil {
		return s.Now()
	}
	return time.Now()
}

// toKeep returns a copy of c as an encoding would give it back, so that a host
// that moves to another store sees no difference.
func toKeep(ctx context.Context, c *Connection) (*Connection, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	if err := c.Key.Check(); err != nil {
		return nil, err
	}
	b, err := encodeMetadata(c.Metadata)
	if err != nil {
		return nil, err
	}
	d := c.Clone()
	if d.Metadata, err = decodeMetadata(b); err != nil {
		return nil, err
	}
	d.RefreshStarted, d.CreatedAt, d.UpdatedAt = stamp(c.RefreshStarted), stamp(c.CreatedAt), stamp(c.UpdatedAt)
	d.Credentials.Token.stampTimes()
	return d, nil
}

func (t *Token) stampTimes() {
	t.ObtainedAt, t.ExpiresAt, t.RefreshObtainedAt = stamp(t.ObtainedAt), stamp(t.ExpiresAt), stamp(t.RefreshObtainedAt)
	for name, s := range t.Secondary {
		s.stampTimes()
		t.Secondary[name] = s
	}
}

func compareKeys(a, b Key) int {
	if n := strings.Compare(a.Integration, b.Integration); n != 0 {
		return n
	}
	return strings.Compare(a.ConnectionID, b.ConnectionID)
}

// EncodeCursor returns the cursor of the page after the one that ends with k. It
// is for implementations of [Store]; to others a cursor has no inside.
func EncodeCursor(k Key) string {
	b, _ := json.Marshal([2]string{k.Integration, k.ConnectionID})
	return base64.RawURLEncoding.EncodeToString(b)
}

// DecodeCursor returns the key that [EncodeCursor] was given: the page begins
// after it. The empty cursor gives the zero Key, which is before all others.
func DecodeCursor(cursor string) (Key, error) {
	if cursor == "" {
		return Key{}, nil
	}
	var k []string
	b, err := base64.RawURLEncoding.DecodeString(cursor)
	if err != nil || json.Unmarshal(b, &k) != nil || len(k) != 2 || (Key{k[0], k[1]}).Check() != nil {
		return Key{}, ErrCursor
	}
	return Key{k[0], k[1]}, nil
}
