package engine_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/nango-lite/nango-lite/engine"
	"github.com/nango-lite/nango-lite/schema"
)

// countingStore counts the reads of a store that others write to directly, as other
// processes would.
type countingStore struct {
	engine.ConnectionStore
	reads atomic.Int32
	fail  error
}

func (s *countingStore) Get(ctx context.Context, k engine.Key) (*engine.Connection, error) {
	s.reads.Add(1)
	if s.fail != nil {
		return nil, s.fail
	}
	return s.ConnectionStore.Get(ctx, k)
}

// feedStore is a countingStore that tells what changed; its writes are seen.
type feedStore struct {
	countingStore
	asked atomic.Int32

	mu   sync.Mutex
	keys []engine.Key // of each revision
}

func (s *feedStore) note(k engine.Key) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.keys = append(s.keys, k)
}

func (s *feedStore) Put(ctx context.Context, c *engine.Connection) error {
	defer s.note(c.Key)
	return s.ConnectionStore.Put(ctx, c)
}

func (s *feedStore) Delete(ctx context.Context, k engine.Key) error {
	defer s.note(k)
	return s.ConnectionStore.Delete(ctx, k)
}

func (s *feedStore) Changes(_ context.Context, since int64) (engine.Changes, error) {
	s.asked.Add(1)
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.fail != nil {
		return engine.Changes{}, s.fail
	}
	ch := engine.Changes{Revision: int64(len(s.keys)), All: since < 0}
	if !ch.All {
		ch.Keys = slices.Clone(s.keys[since:])
	}
	return ch, nil
}

func grant(text string) *engine.Connection {
	return &engine.Connection{Key: alice, Status: engine.StatusActive, Credentials: engine.Credentials{
		Type: schema.OAuth2, Token: engine.Token{AccessToken: schema.NewSecret(text)},
	}}
}

// cached runs f with an engine over store, in which alice has the token "a1".
func cached(t *testing.T, store engine.ConnectionStore, opts engine.Options, f func(t *testing.T, e *engine.Engine)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		opts.Connections = store
		e := newEngine(t, &provider{}, &opts, nil)
		if err := store.Put(t.Context(), grant("a1")); err != nil {
			t.Fatal(err)
		}
		f(t, e)
	})
}

func TestCacheAsksAgainAfterTheTTL(t *testing.T) {
	store := &countingStore{ConnectionStore: &engine.MemoryStore{}}
	cached(t, store, engine.Options{}, func(t *testing.T, e *engine.Engine) {
		for range 100 { // for one second
			token(t, e)
			time.Sleep(10 * time.Millisecond)
		}
		if n := store.reads.Load(); n != 2 {
			t.Errorf("%d reads in a second, want 2", n)
		}
		if got := e.CacheStats(); got.Size != 1 || got.Capacity != 10_000 || got.Hits != 98 || got.Misses != 2 {
			t.Errorf("stats %+v", got)
		}
		_ = store.Put(t.Context(), grant("a2")) // by another process
		time.Sleep(500 * time.Millisecond)
		if got := token(t, e); got != "a2" {
			t.Errorf("token %s", got)
		}
		_ = store.Delete(t.Context(), alice)
		time.Sleep(500 * time.Millisecond)
		if _, err := e.TokenSource(alice).Token(t.Context()); !errors.Is(err, engine.ErrNotFound) {
			t.Errorf("got %v", err)
		}
	})
}

// However many callers there are, one of them asks.
func TestCacheAsksOnceForAll(t *testing.T) {
	store := &countingStore{ConnectionStore: &engine.MemoryStore{}}
	cached(t, store, engine.Options{}, func(t *testing.T, e *engine.Engine) {
		token(t, e)
		time.Sleep(600 * time.Millisecond)
		var wg sync.WaitGroup
		for range 1000 {
			wg.Go(func() { token(t, e) })
		}
		wg.Wait()
		if n := store.reads.Load(); n != 2 {
			t.Errorf("%d reads, want 2", n)
		}
	})
}

// A feed is asked one question for all connections.
func TestCacheFollowsAFeed(t *testing.T) {
	store := &feedStore{countingStore: countingStore{ConnectionStore: &engine.MemoryStore{}}}
	cached(t, store, engine.Options{}, func(t *testing.T, e *engine.Engine) {
		var keys []engine.Key
		for i := range 50 {
			c := grant("a")
			c.Key.ConnectionID = fmt.Sprint("user-", i)
			keys = append(keys, c.Key)
			_ = store.Put(t.Context(), c)
		}
		all := func() {
			for _, k := range keys {
				if _, err := e.TokenSource(k).Token(t.Context()); err != nil {
					t.Fatal(err)
				}
			}
		}
		all()
		time.Sleep(500 * time.Millisecond)
		all() // the first question: anything may have changed
		store.reads.Store(0)
		for range 20 { // ten seconds
			time.Sleep(500 * time.Millisecond)
			all()
		}
		if n, asked := store.reads.Load(), store.asked.Load(); n != 0 || asked != 21 {
			t.Errorf("%d reads and %d questions to the feed, want 0 and 21", n, asked)
		}
		c := grant("new")
		c.Key = keys[7]
		_ = store.Put(t.Context(), c)
		_ = store.Delete(t.Context(), keys[8])
		time.Sleep(500 * time.Millisecond)
		if tok, err := e.TokenSource(keys[7]).Token(t.Context()); err != nil || tok.AccessToken.Reveal() != "new" {
			t.Errorf("got %v, %v", tok, err)
		}
		if _, err := e.TokenSource(keys[8]).Token(t.Context()); !errors.Is(err, engine.ErrNotFound) {
			t.Errorf("got %v", err)
		}
		if n := store.reads.Load(); n != 2 {
			t.Errorf("%d reads, want 2", n)
		}
	})
}

// A store that is down is noticed within two seconds, and then for what it is.
func TestCacheOverAStoreThatIsDown(t *testing.T) {
	down := errors.New("connection refused")
	feed := &feedStore{countingStore: countingStore{ConnectionStore: &engine.MemoryStore{}}}
	plain := &countingStore{ConnectionStore: &engine.MemoryStore{}}
	for name, x := range map[string]struct {
		store engine.ConnectionStore
		count *countingStore
	}{"ttl": {plain, plain}, "feed": {feed, &feed.countingStore}} {
		t.Run(name, func(t *testing.T) {
			cached(t, x.store, engine.Options{}, func(t *testing.T, e *engine.Engine) {
				token(t, e)
				x.count.fail = down
				time.Sleep(400 * time.Millisecond)
				token(t, e)
				time.Sleep(2 * time.Second)
				for range 3 {
					if _, err := e.TokenSource(alice).Token(t.Context()); !errors.Is(err, engine.ErrUnavailable) || !errors.Is(err, down) {
						t.Errorf("got %v", err)
					}
				}
				x.count.fail = nil
				time.Sleep(500 * time.Millisecond)
				token(t, e)
			})
		})
	}
}

func TestCacheIsBounded(t *testing.T) {
	store := &countingStore{ConnectionStore: &engine.MemoryStore{}}
	cached(t, store, engine.Options{CacheSize: 10, CacheTTL: time.Hour}, func(t *testing.T, e *engine.Engine) {
		key := func(i int) engine.Key { return engine.Key{Integration: "fjord", ConnectionID: fmt.Sprint(i)} }
		use := func(i int) {
			t.Helper()
			if _, err := e.TokenSource(key(i)).Token(t.Context()); err != nil {
				t.Fatal(err)
			}
		}
		for i := range 20 {
			c := grant("a")
			c.Key = key(i)
			_ = store.Put(t.Context(), c)
			use(i)
			use(0) // always in use
		}
		if s := e.CacheStats(); s.Size != 10 || s.Evictions != 10 {
			t.Errorf("stats %+v", s)
		}
		store.reads.Store(0)
		use(0)
		use(19)
		if n := store.reads.Load(); n != 0 {
			t.Errorf("what was used last is gone: %d reads", n)
		}
		use(1)
		if n := store.reads.Load(); n != 1 {
			t.Errorf("%d reads of what was used first, want 1", n)
		}
	})
}

func TestCacheCanBeSwitchedOff(t *testing.T) {
	for name, opts := range map[string]engine.Options{"size": {CacheSize: -1}, "ttl": {CacheTTL: -1}} {
		t.Run(name, func(t *testing.T) {
			store := &countingStore{ConnectionStore: &engine.MemoryStore{}}
			cached(t, store, opts, func(t *testing.T, e *engine.Engine) {
				for range 5 {
					token(t, e)
				}
				if n, s := store.reads.Load(), e.CacheStats(); n != 5 || s.Capacity != 0 {
					t.Errorf("%d reads, %+v", n, s)
				}
			})
		})
	}
}

// What this engine writes counts at once.
func TestCacheSeesOwnWrites(t *testing.T) {
	store := &countingStore{ConnectionStore: &engine.MemoryStore{}}
	cached(t, store, engine.Options{CacheTTL: time.Hour}, func(t *testing.T, e *engine.Engine) {
		token(t, e)
		c, err := e.Connect(t.Context(), alice, engine.Credentials{Token: engine.Token{AccessToken: schema.NewSecret("a2")}}, nil)
		if err != nil {
			t.Fatal(err)
		}
		c.Credentials.Token.AccessToken = schema.NewSecret("the host's own affair")
		if got := token(t, e); got != "a2" {
			t.Errorf("token %s", got)
		}
		if err := e.Revoke(t.Context(), alice); err != nil {
			t.Fatal(err)
		}
		if _, err := e.TokenSource(alice).Token(t.Context()); !errors.Is(err, engine.ErrNotFound) {
			t.Errorf("got %v", err)
		}
	})
}

// A clock that is set back must not make entries last.
func TestCacheClockSetBack(t *testing.T) {
	store := &countingStore{ConnectionStore: &engine.MemoryStore{}}
	var back atomic.Int64
	cached(t, store, engine.Options{Now: func() time.Time { return time.Now().Add(-time.Duration(back.Load())) }}, func(t *testing.T, e *engine.Engine) {
		token(t, e)
		_ = store.Put(t.Context(), grant("a2"))
		back.Store(int64(time.Hour))
		if got := token(t, e); got != "a2" {
			t.Errorf("token %s", got)
		}
	})
}

// A dead connection is asked about each time: someone may have connected it at
// another process a moment ago.
func TestCacheKeepsNoDeadConnections(t *testing.T) {
	store := &countingStore{ConnectionStore: &engine.MemoryStore{}}
	cached(t, store, engine.Options{}, func(t *testing.T, e *engine.Engine) {
		dead := grant("a1")
		dead.Status = engine.StatusNeedsReauthorization
		_ = store.Put(t.Context(), dead)
		if _, err := e.TokenSource(alice).Token(t.Context()); !errors.Is(err, engine.ErrReauthorize) {
			t.Errorf("got %v", err)
		}
		_ = store.Put(t.Context(), grant("a2"))
		if got := token(t, e); got != "a2" {
			t.Errorf("token %s", got)
		}
	})
}

// A refusal by the API is reason to look again, whatever the cache says: another
// process may have stored a new key.
func TestRefusedKeyIsReadAgain(t *testing.T) {
	store := &countingStore{ConnectionStore: &engine.MemoryStore{}}
	synctest.Test(t, func(t *testing.T) {
		api := &script{replies: []reply{{status: 200}, {status: 401}, {status: 200}}}
		e := keyedEngine(t, api, &engine.Options{Connections: store, CacheTTL: time.Hour}, nil)
		get := func() {
			t.Helper()
			resp, err := client(t, e).Get("/users")
			if err != nil || resp.StatusCode != 200 {
				t.Fatalf("%v, %v", resp, err)
			}
			resp.Body.Close()
		}
		get()
		c, err := store.Get(t.Context(), alice)
		if err != nil {
			t.Fatal(err)
		}
		c.Credentials.APIKey = schema.NewSecret("k-2")
		_ = store.Put(t.Context(), c)
		get()
		if got := api.sent[len(api.sent)-1].Header.Get("Authorization"); got != "Bearer k-2" {
			t.Errorf("sent %q", got)
		}
	})
}
