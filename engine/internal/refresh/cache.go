package refresh

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/nango-lite/nango-lite/connection"
	"github.com/nango-lite/nango-lite/internal/pace"
)

const (
	defaultCacheSize = 10_000
	defaultCacheTTL  = 500 * time.Millisecond

	// staleFactor bounds what is served while somebody else is asking: this many
	// times the TTL, and the store is asked whatever it takes.
	staleFactor = 4

	maxPulse = nanos(500 * time.Millisecond)
)

// CacheStats say how a [Cache] does, for metrics.
type CacheStats struct {
	Size      int // connections in it
	Capacity  int // of these at most; 0: nothing is cached
	Hits      uint64
	Misses    uint64
	Evictions uint64 // to make room
}

// A Cache is a store, with the connections used last in front of it. What it returns is
// shared; nobody may modify it.
//
// An entry is good for the TTL. After that one caller asks what has become of it,
// and the others go on with it meanwhile. Where the store is a ChangeFeed, that one
// question is about all entries at once.
type Cache struct {
	Store connection.Store // itself

	memory *connection.MemoryStore // Store, if it is one: nothing is nearer
	feed   connection.ChangeFeed   // Store, if it is one
	clock  func() nanos
	ttl    nanos
	pulse  nanos // for so long is vouched; 0: not at all
	size   int   // 0: nothing is cached

	mu       sync.Mutex
	entries  map[connection.Key]*entry
	root     entry  // of the ring: root.next came last
	epoch    uint64 // moves when something has changed
	asking   nanos  // since when somebody asks the feed
	asked    nanos  // when the feed was asked last, with success
	revision int64  // what it said
	counts   CacheStats
	tick     uint64 // moves with each pulse, while there is something to end; not 0
	ticking  bool   // it will
}

// nanos are a point in time, or a time, in nanoseconds. Reading the clock for one is
// half the work of [time.Now].
type nanos int64

const never nanos = -1 << 62

type entry struct {
	conn *connection.Connection
	used bool // since it was last considered for eviction

	// Until the next tick, and while config is in force, conn's token can be used
	// without a look at the clock.
	config any
	tick   uint64

	key        connection.Key
	read       nanos // when the store was asked
	claimed    nanos // when somebody began to ask it again
	prev, next *entry
}

func newCache(o *Options) *Cache {
	clock := o.Now
	s := &Cache{Store: o.Store, size: o.CacheSize, ttl: nanos(o.CacheTTL), entries: map[connection.Key]*entry{}, asking: never, asked: never, revision: -1}
	s.memory, _ = o.Store.(*connection.MemoryStore)
	s.feed, _ = o.Store.(connection.ChangeFeed)
	if s.ttl == 0 {
		s.ttl = nanos(defaultCacheTTL)
	}
	if s.size == 0 {
		s.size = defaultCacheSize
	}
	if s.ttl < 0 || s.size < 0 || s.memory != nil {
		s.ttl, s.size = 0, 0
	}
	s.tick = 1
	if clock != nil {
		s.clock = func() nanos { return nanos(clock().UnixNano()) } // and only it knows when time is up
	} else {
		start := time.Now()
		s.clock = func() nanos { return nanos(time.Since(start)) }
		s.pulse = min(s.ttl/4, maxPulse)
	}
	s.root.prev, s.root.next = &s.root, &s.root
	return s
}

// Hot returns the connection of k if [Cache.Vouch] said a moment ago that its
// token can be used as it is, else nil. To read the clock here would cost as much as
// the rest.
func (s *Cache) Hot(k connection.Key, config any) *connection.Connection {
	s.mu.Lock()
	defer s.mu.Unlock()
	e := s.entries[k]
	if e == nil || e.tick != s.tick || e.config != config {
		return nil
	}
	e.used = true
	s.counts.Hits++
	return e.conn
}

// Vouch says that c's token is good for that long under config.
func (s *Cache) Vouch(c *connection.Connection, config any, long time.Duration) {
	if s.pulse == 0 || nanos(long) <= s.pulse {
		return
	}
	now := s.clock()
	s.mu.Lock()
	defer s.mu.Unlock()
	e := s.entries[c.Key]
	if e == nil || e.conn != c || now+s.pulse > s.known(e)+s.ttl {
		return
	}
	e.config, e.tick = config, s.tick
	if !s.ticking {
		s.ticking = true
		time.AfterFunc(time.Duration(s.pulse), s.next)
	}
}

// next ends what was vouched for.
func (s *Cache) next() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.tick++
	s.ticking = false
}

// known returns when e was the same as what is stored, for certain.
func (s *Cache) known(e *entry) nanos {
	if s.feed != nil {
		return max(e.read, s.asked)
	}
	return e.read
}

// Get returns the connection of k, not older than the TTL, or the store's error.
func (s *Cache) Get(ctx context.Context, k connection.Key) (*connection.Connection, error) {
	if s.memory != nil {
		return s.memory.Peek(ctx, k)
	}
	if s.size == 0 {
		return s.Store.Get(ctx, k)
	}
	now := s.clock()
	c, follow, epoch := s.look(k, now)
	if follow {
		s.follow(ctx, now)
		c, _, epoch = s.look(k, now)
	}
	if c != nil {
		return c, nil
	}
	c, err := s.Store.Get(ctx, k)
	switch {
	case err == nil && c.Status == connection.StatusActive: // a dead one is asked about each time: someone may have connected
		s.insert(c, epoch, now)
	case err == nil || errors.Is(err, connection.ErrNoConnection):
		s.Drop(k)
	}
	return c, err
}

// look returns the entry of k if it is good; otherwise, or if the caller is the one
// that has to ask the feed, it says so. A question to the store is only answered for
// the epoch in which it was asked.
func (s *Cache) look(k connection.Key, now nanos) (c *connection.Connection, follow bool, epoch uint64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	e := s.entries[k]
	if e == nil {
		s.counts.Misses++
		return nil, false, s.epoch
	}
	claimed := &e.claimed
	if s.feed != nil {
		claimed = &s.asking
	}
	free := now-*claimed >= s.ttl || now < *claimed
	switch age := now - s.known(e); {
	case age >= 0 && age < s.ttl:
	case age < 0, age >= staleFactor*s.ttl && !free: // the clock was set back; or nobody could say
		s.counts.Misses++
		return nil, false, s.epoch
	case free:
		*claimed = now
		if s.feed == nil {
			s.counts.Misses++
			return nil, false, s.epoch
		}
		return nil, true, s.epoch
	}
	s.counts.Hits++
	e.used = true
	return e.conn, false, s.epoch
}

// follow asks the feed and forgets what has changed.
func (s *Cache) follow(ctx context.Context, now nanos) {
	ctx, cancel := context.WithTimeout(ctx, pace.Default.StoreCall)
	defer cancel()
	s.mu.Lock()
	since := s.revision
	s.mu.Unlock()
	for {
		ch, err := s.feed.Changes(ctx, since)
		if !s.learn(ctx, ch, err, now) || ch.Revision == since {
			return
		}
		since = ch.Revision
	}
}

// learn applies an answer of the feed and reports whether to go on asking.
func (s *Cache) learn(ctx context.Context, ch connection.Changes, err error, now nanos) (more bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if err != nil {
		if errors.Is(ctx.Err(), context.Canceled) {
			s.asking = never // the next caller may have more time
		}
		return false
	}
	if ch.All {
		s.clear()
	}
	for _, k := range ch.Keys {
		s.remove(k)
	}
	if ch.All || ch.Revision > s.revision {
		s.revision = ch.Revision
	}
	if !ch.More {
		s.asked = now // older than another's, if the clock was set back
	}
	return ch.More
}

// insert remembers c, which the store was asked for at that time, unless something
// has been dropped since then: c may be what it was before.
func (s *Cache) insert(c *connection.Connection, epoch uint64, read nanos) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.size == 0 || s.epoch != epoch {
		return
	}
	if e := s.entries[c.Key]; e != nil {
		e.conn, e.read, e.tick = c, read, 0
		return
	}
	if len(s.entries) >= s.size {
		s.evict()
	}
	e := &entry{key: c.Key, conn: c, read: read, claimed: never}
	s.entries[c.Key] = e
	e.link(&s.root)
}

// evict makes room: what was used since the last look gets another turn, so that
// using an entry need not move it.
func (s *Cache) evict() {
	last := s.root.prev
	for ; last.used; last = s.root.prev {
		last.used = false
		last.unlink()
		last.link(&s.root)
	}
	delete(s.entries, last.key)
	last.unlink()
	s.counts.Evictions++
}

// Drop forgets k.
func (s *Cache) Drop(k connection.Key) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.remove(k)
}

func (s *Cache) remove(k connection.Key) {
	s.epoch++
	if e := s.entries[k]; e != nil {
		delete(s.entries, k)
		e.unlink()
	}
}

func (s *Cache) clear() {
	s.epoch++
	clear(s.entries)
	s.root.prev, s.root.next = &s.root, &s.root
}

func (e *entry) unlink() { e.prev.next, e.next.prev = e.next, e.prev }

func (e *entry) link(root *entry) {
	e.prev, e.next = root, root.next
	e.prev.next, e.next.prev = e, e
}

// Put is the store's Put. Whoever gave c may go on to modify it, so it is read
// again when it is needed.
func (s *Cache) Put(ctx context.Context, c *connection.Connection) error {
	defer s.Drop(c.Key) // also after an error: it may have happened
	return s.Store.Put(ctx, c)
}

// Replace is the store's Replace. Nobody may modify c from now on.
func (s *Cache) Replace(ctx context.Context, c *connection.Connection, generation int64) error {
	now := s.clock()
	s.mu.Lock()
	before := s.epoch
	s.mu.Unlock()
	err := s.Store.Replace(ctx, c, generation)
	s.mu.Lock()
	quiet := s.epoch == before
	s.remove(c.Key)
	epoch := s.epoch
	s.mu.Unlock()
	if err == nil && c.Status == connection.StatusActive && quiet {
		s.insert(c, epoch, now)
	}
	return err
}

// Delete is the store's Delete.
func (s *Cache) Delete(ctx context.Context, k connection.Key) error {
	defer s.Drop(k)
	return s.Store.Delete(ctx, k)
}

// Stats returns the counts since the cache was made.
func (s *Cache) Stats() CacheStats {
	s.mu.Lock()
	defer s.mu.Unlock()
	c := s.counts
	c.Size, c.Capacity = len(s.entries), s.size
	return c
}
