package engine_test

import (
	"context"
	"fmt"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/nango-lite/nango-lite/engine"
	"github.com/nango-lite/nango-lite/internal/benchtest"
	"github.com/nango-lite/nango-lite/schema"
)

// manyConnections returns an engine over a store that is no MemoryStore, with n
// connections in its cache.
func manyConnections(b testing.TB, n int) (*engine.Engine, []engine.Key) {
	store := &countingStore{ConnectionStore: &engine.MemoryStore{}}
	cfg := &schema.Config{Integrations: map[string]*schema.Integration{"fjord": fjord()}}
	e, err := engine.New(cfg, &engine.Options{Connections: store, CacheSize: n, CacheTTL: time.Hour})
	if err != nil {
		b.Fatal(err)
	}
	keys := make([]engine.Key, n)
	for i := range keys {
		keys[i] = engine.Key{Integration: "fjord", ConnectionID: fmt.Sprint("user-", i)}
		c := grant("token-of-" + keys[i].ConnectionID)
		c.Key, c.Credentials.Token.ExpiresAt, c.Credentials.Token.ObtainedAt = keys[i], time.Now().Add(time.Hour), time.Now()
		c.Credentials.Token.RefreshToken = schema.NewSecret("r")
		if err := store.Put(context.Background(), c); err != nil {
			b.Fatal(err)
		}
		if _, err := e.TokenSource(keys[i]).Token(context.Background()); err != nil {
			b.Fatal(err)
		}
	}
	return e, keys
}

// A token from the cache may cost one allocation, and costs none.
func TestTokenFromTheCacheIsFree(t *testing.T) {
	e, keys := manyConnections(t, 1)
	source := e.TokenSource(keys[0])
	allocs := testing.AllocsPerRun(1000, func() {
		if _, err := source.Token(context.Background()); err != nil {
			t.Fatal(err)
		}
	})
	if allocs > 0 {
		t.Errorf("%v allocations", allocs)
	}
}

// BenchmarkToken gets the token of one connection among 1,000, beside what nobody
// can do without: a map behind a mutex. Both read the token.
func BenchmarkToken(b *testing.B) {
	const n = 1000
	e, keys := manyConnections(b, n)
	var mu sync.Mutex
	bare := map[engine.Key]*engine.Token{}
	sources := make([]engine.TokenSource, n)
	for i, k := range keys {
		bare[k], sources[i] = &engine.Token{AccessToken: schema.NewSecret(k.String())}, e.TokenSource(k)
	}
	lookup := func(i int) *engine.Token {
		mu.Lock()
		defer mu.Unlock()
		return bare[keys[i]]
	}
	used := func(b *testing.B, t *engine.Token) {
		if t.AccessToken.Empty() {
			b.Error("no token")
		}
	}
	b.Run("map", func(b *testing.B) {
		b.ReportAllocs()
		for i := 0; b.Loop(); i++ {
			used(b, lookup(i%n))
		}
	})
	b.Run("cache", func(b *testing.B) {
		b.ReportAllocs()
		ctx := context.Background()
		for i := 0; b.Loop(); i++ {
			t, err := sources[i%n].Token(ctx)
			if err != nil {
				b.Fatal(err)
			}
			used(b, t)
		}
	})
	b.Run("ratio", func(b *testing.B) {
		ctx := context.Background()
		i, j := 0, 0
		benchtest.Turns(b, 10_000, benchtest.Side{Name: "map", Do: func() { i++; used(b, lookup(i%n)) }},
			benchtest.Side{Name: "cache", Do: func() {
				j++
				t, err := sources[j%n].Token(ctx)
				if err != nil {
					b.Fatal(err)
				}
				used(b, t)
			}})
	})
	b.Run("map/parallel", func(b *testing.B) {
		b.RunParallel(func(pb *testing.PB) {
			for i := 0; pb.Next(); i++ {
				used(b, lookup(i%n))
			}
		})
	})
	b.Run("cache/parallel", func(b *testing.B) {
		b.RunParallel(func(pb *testing.PB) {
			ctx := context.Background()
			for i := 0; pb.Next(); i++ {
				t, err := sources[i%n].Token(ctx)
				if err != nil {
					b.Error(err)
					return
				}
				used(b, t)
			}
		})
	})
}

// BenchmarkWaiters refreshes one token for many who want it at once, from a provider
// that takes 200 ms. What is reported beside the time is its ratio to one call of
// the token endpoint.
func BenchmarkWaiters(b *testing.B) {
	const delay = 200 * time.Millisecond
	for _, n := range []int{1, 10_000} {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			var serial, calls atomic.Int64
			p := &provider{token: func(*tokenCall) (int, string) {
				time.Sleep(delay)
				calls.Add(1)
				return 200, fmt.Sprintf(`{"access_token":"a%d","refresh_token":"r","expires_in":3600}`, serial.Add(1))
			}}
			store := &engine.MemoryStore{}
			cfg := &schema.Config{Integrations: map[string]*schema.Integration{"fjord": fjord()}}
			e, err := engine.New(cfg, &engine.Options{Connections: store, Transport: p})
			if err != nil {
				b.Fatal(err)
			}
			for b.Loop() {
				b.StopTimer()
				c := grant("ended")
				c.Credentials.Token.RefreshToken, c.Credentials.Token.ExpiresAt = schema.NewSecret("r"), time.Now().Add(-time.Second)
				if err := store.Put(context.Background(), c); err != nil {
					b.Fatal(err)
				}
				calls.Store(0)
				b.StartTimer()
				var wg sync.WaitGroup
				for range n {
					wg.Go(func() {
						if _, err := e.TokenSource(alice).Token(context.Background()); err != nil {
							b.Error(err)
						}
					})
				}
				wg.Wait()
				if calls.Load() != 1 {
					b.Errorf("%d token calls", calls.Load())
				}
			}
			b.ReportMetric(float64(b.Elapsed())/float64(b.N)/float64(delay), "token-calls/op")
		})
	}
}

// BenchmarkCacheMemory states what 100,000 cached connections hold.
func BenchmarkCacheMemory(b *testing.B) {
	const n = 100_000
	heap := func() uint64 {
		var m runtime.MemStats
		runtime.GC()
		runtime.ReadMemStats(&m)
		return m.HeapAlloc
	}
	for b.Loop() {
		// The store is as large as the cache: what is beyond it is the cache's.
		store := &engine.MemoryStore{}
		for i := range n {
			c := grant("")
			c.Key.ConnectionID = fmt.Sprint("user-", i)
			t := &c.Credentials.Token
			t.AccessToken, t.RefreshToken = schema.NewSecret(fmt.Sprintf("access-%0100d", i)), schema.NewSecret(fmt.Sprintf("refresh-%0100d", i))
			t.Raw = schema.NewSecret(fmt.Sprintf(`{"access_token":"access-%0100d","refresh_token":"refresh-%0100d","expires_in":3600}`, i, i))
			t.ExpiresAt, t.Scopes = time.Now().Add(time.Hour), []string{"read", "write"}
			if err := store.Put(context.Background(), c); err != nil {
				b.Fatal(err)
			}
		}
		before := heap()
		cfg := &schema.Config{Integrations: map[string]*schema.Integration{"fjord": fjord()}}
		e, err := engine.New(cfg, &engine.Options{Connections: &countingStore{ConnectionStore: fresh{store}}, CacheSize: n, CacheTTL: time.Hour})
		if err != nil {
			b.Fatal(err)
		}
		for i := range n {
			if _, err := e.TokenSource(engine.Key{Integration: "fjord", ConnectionID: fmt.Sprint("user-", i)}).Token(context.Background()); err != nil {
				b.Fatal(err)
			}
		}
		b.ReportMetric(float64(heap()-before)/n, "B/connection")
		if s := e.CacheStats(); s.Size != n {
			b.Fatalf("%+v", s)
		}
		runtime.KeepAlive(store)
	}
}

// fresh gives connections whose secrets share no memory with the store's, as a
// database does.
type fresh struct{ engine.ConnectionStore }

func (f fresh) Get(ctx context.Context, k engine.Key) (*engine.Connection, error) {
	c, err := f.ConnectionStore.Get(ctx, k)
	if err != nil {
		return nil, err
	}
	t := &c.Credentials.Token
	for _, s := range []*schema.Secret{&t.AccessToken, &t.RefreshToken, &t.Raw} {
		*s = schema.NewSecret(string([]byte(s.Reveal())))
	}
	return c, nil
}
