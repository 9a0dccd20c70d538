package engine_test

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/nango-lite/nango-lite/engine"
	"github.com/nango-lite/nango-lite/schema"
)

// A provider that is down is not asked by every call: while the token lives, the
// pauses double from one second to thirty, and only the first call waits at all.
func TestProviderDownIsNotAskedByEveryCall(t *testing.T) {
	server := &rotating{failing: func(int) (int, string) { return 503, "down" }}
	bubble(t, server, func(in *schema.Integration) {
		margin := 25.0
		in.Auth.RefreshMarginSeconds = &margin
	}, func(t *testing.T, e *engine.Engine, _ *provider) {
		time.Sleep(76 * time.Second)
		delayed := 0
		for range 100 { // ten a second
			start := time.Now()
			if got := token(t, e); got != "a1" {
				t.Fatalf("token %s", got)
			}
			if time.Since(start) > 0 {
				delayed++
			}
			time.Sleep(100 * time.Millisecond)
		}
		if server.asked > 15 || delayed > 5 {
			t.Errorf("100 calls asked %d times, and %d of them waited", server.asked, delayed)
		}
	})
}

// A provider that takes its time hinders nobody whose token is still good.
func TestSlowRefreshLetsCallersGoOn(t *testing.T) {
	server := &rotating{delay: 20 * time.Second}
	bubble(t, server, nil, func(t *testing.T, e *engine.Engine, _ *provider) {
		time.Sleep(76 * time.Second)
		for i, most := range []time.Duration{5 * time.Second, 0, 0} {
			start := time.Now()
			if got := token(t, e); got != "a1" || time.Since(start) > most {
				t.Errorf("call %d: token %s after %v", i, got, time.Since(start))
			}
		}
		time.Sleep(16 * time.Second)
		if got := token(t, e); got != "a2" || server.asked != 1 {
			t.Errorf("token %s after %d refreshes", got, server.asked)
		}
	})
}

// A program that is done waits for what nobody else waits for.
func TestWaitForRefreshesUnderWay(t *testing.T) {
	server := &rotating{delay: 20 * time.Second}
	bubble(t, server, nil, func(t *testing.T, e *engine.Engine, _ *provider) {
		time.Sleep(76 * time.Second)
		token(t, e) // the old one, after five seconds
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if err := e.Wait(ctx); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("got %v", err)
		}
		start := time.Now()
		if err := e.Wait(t.Context()); err != nil || time.Since(start) != 14*time.Second {
			t.Errorf("after %v: %v", time.Since(start), err)
		}
		if c, _ := e.Connection(t.Context(), alice); c.Credentials.Token.AccessToken.Reveal() != "a2" {
			t.Error("the new token is not stored")
		}
		if err := e.Wait(t.Context()); err != nil {
			t.Error(err)
		}
	})
}

// A client secret that is wrong is not tried by every call, also when nothing is
// left to call with.
func TestRefusedClientIsNotAskedByEveryCall(t *testing.T) {
	server := &rotating{failing: func(int) (int, string) { return 401, `{"error":"invalid_client"}` }}
	bubble(t, server, nil, func(t *testing.T, e *engine.Engine, _ *provider) {
		time.Sleep(101 * time.Second)
		for range 100 {
			if _, err := e.TokenSource(alice).Token(t.Context()); !errors.Is(err, engine.ErrClient) {
				t.Fatal(err)
			}
			time.Sleep(100 * time.Millisecond)
		}
		if server.asked > 11 {
			t.Errorf("asked %d times in ten seconds", server.asked)
		}
		if c, _ := e.Connection(t.Context(), alice); !c.RefreshStarted.IsZero() {
			t.Error("a refresh that was refused is on record as open")
		}
		server.failing = nil // somebody runs `connections refresh`
		if _, err := e.Refresh(t.Context(), alice); err != nil {
			t.Error(err)
		}
	})
}

func TestRateLimitOfTheTokenEndpointIsHeeded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		server := &rotating{}
		limited := true
		p := &provider{token: server.token}
		e := newEngine(t, p, &engine.Options{Transport: nil}, nil)
		connect(t, e)
		p.token = func(c *tokenCall) (int, string) {
			server.asked++
			if limited {
				return 429, `{"error":"slow_down"}`
			}
			return server.token(c)
		}
		time.Sleep(101 * time.Second)
		_, err := e.TokenSource(alice).Token(t.Context())
		if !errors.Is(err, engine.ErrRateLimited) {
			t.Fatal(err)
		}
		limited = false
		time.Sleep(2 * time.Second)
		if got := token(t, e); got != "a2" {
			t.Errorf("token %s", got)
		}
	})
}

// Some APIs answer 401 to what the user may not do. A new token does not help, and
// to fetch one for every call would wear the grant out.
func TestNewTokensThatAreRefusedTooAreNotFetchedForEver(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		server := &rotating{}
		p := &provider{token: server.token, api: func(*http.Request) (int, string) { return 401, `{}` }}
		e := newEngine(t, p, nil, nil)
		connect(t, e)
		c := client(t, e)
		get := func() {
			resp, err := c.Get("/forbidden")
			if err != nil {
				t.Fatal(err)
			}
			resp.Body.Close()
			if resp.StatusCode != 401 {
				t.Errorf("status %d", resp.StatusCode)
			}
		}
		for range 50 {
			get()
		}
		if server.asked != 1 {
			t.Errorf("%d refreshes for 50 calls in a row, want 1", server.asked)
		}
		time.Sleep(11 * time.Second)
		get()
		if server.asked != 2 {
			t.Errorf("%d refreshes after a while, want 2", server.asked)
		}
	})
}

// The clock alone ends no connection: it may be wrong.
func TestClockThatJumpsEndsNoConnection(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var jump atomic.Int64
		now := func() time.Time { return time.Now().Add(time.Duration(jump.Load())) }
		p := &provider{token: answers(`{"access_token":"a1","expires_in":3000}`)}
		e := newEngine(t, p, &engine.Options{Now: now}, nil)
		connect(t, e)
		jump.Store(int64(time.Hour))
		if _, err := e.TokenSource(alice).Token(t.Context()); !errors.Is(err, engine.ErrReauthorize) {
			t.Errorf("got %v", err)
		}
		jump.Store(-int64(time.Hour))
		token(t, e)
		jump.Store(0)
		token(t, e)
		if c, _ := e.Connection(t.Context(), alice); c.Status != engine.StatusActive {
			t.Errorf("status %s", c.Status)
		}
		jump.Store(int64(26 * time.Hour)) // nor where it says so by a day
		if _, err := e.TokenSource(alice).Token(t.Context()); !errors.Is(err, engine.ErrReauthorize) {
			t.Errorf("got %v", err)
		}
		if c, _ := e.Connection(t.Context(), alice); c.Status != engine.StatusActive {
			t.Errorf("status %s", c.Status)
		}
		jump.Store(0)
		token(t, e)
	})
}

// With a refresh token, a clock that jumps costs a refresh at most.
func TestClockThatJumpsWithARefreshToken(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var jump atomic.Int64
		server := &rotating{}
		e := newEngine(t, &provider{token: server.token}, &engine.Options{Now: func() time.Time { return time.Now().Add(time.Duration(jump.Load())) }}, nil)
		connect(t, e)
		for _, j := range []time.Duration{time.Hour, -time.Hour, 0, time.Hour} {
			jump.Store(int64(j))
			token(t, e)
		}
		if server.reused != 0 || server.asked > 3 {
			t.Errorf("%d refreshes, %d with a used token", server.asked, server.reused)
		}
	})
}

// An answer without an access token may still have rotated the refresh token.
func TestRefreshTokenOfAUselessAnswerIsKept(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := &provider{token: answers(
			`{"access_token":"a1","refresh_token":"r1","expires_in":100}`,
			`{"refresh_token":"r2","expires_in":100}`,
			`{"access_token":"a3","refresh_token":"r3","expires_in":100}`,
		)}
		e := newEngine(t, p, nil, nil)
		connect(t, e)
		time.Sleep(101 * time.Second)
		if _, err := e.TokenSource(alice).Token(t.Context()); !errors.Is(err, engine.ErrInvalidResponse) {
			t.Errorf("got %v", err)
		}
		time.Sleep(2 * time.Second)
		if got := token(t, e); got != "a3" {
			t.Errorf("token %s", got)
		}
		if got := p.calls[2].params.Get("refresh_token"); got != "r2" {
			t.Errorf("second refresh with %q", got)
		}
	})
}

// What a refresh says of connection fields must not cost the tokens beside it.
func TestMisfitFieldDoesNotCostTheTokens(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := &provider{token: answers(
			`{"access_token":"a1","refresh_token":"r1","expires_in":100,"region":"eu"}`,
			`{"access_token":"a2","refresh_token":"r2","expires_in":100,"region":"!"}`,
		)}
		e := newEngine(t, p, nil, func(in *schema.Integration) {
			in.Connection = map[string]schema.ConnectionField{"region": {From: schema.FromTokenResponse, Field: schema.Field{Pattern: "^[a-z]+$"}}}
		})
		connect(t, e)
		time.Sleep(101 * time.Second)
		if got := token(t, e); got != "a2" {
			t.Errorf("token %s", got)
		}
		if c, _ := e.Connection(t.Context(), alice); c.Fields["region"] != "eu" {
			t.Errorf("region %q", c.Fields["region"])
		}
	})
}

// Rotated, and the answer lost, without a grace window: nobody can help, and the
// reason says what happened.
func TestLostAnswerOfARotatingProvider(t *testing.T) {
	server := &rotating{}
	server.failing = func(n int) (int, string) {
		if n == 1 {
			server.serial++ // rotated
			return 502, "bad gateway"
		}
		return 0, ""
	}
	bubble(t, server, nil, func(t *testing.T, e *engine.Engine, _ *provider) {
		time.Sleep(101 * time.Second)
		if _, err := e.TokenSource(alice).Token(t.Context()); !errors.Is(err, engine.ErrReauthorize) {
			t.Errorf("got %v", err)
		}
		c, _ := e.Connection(t.Context(), alice)
		if c.Status != engine.StatusNeedsReauthorization || !strings.Contains(c.Reason, "was lost") {
			t.Errorf("%s: %s", c.Status, c.Reason)
		}
	})
}

// faultyStore does as it is told before the real thing.
type faultyStore struct {
	engine.ConnectionStore
	get, replace, acquire func(context.Context) error

	replaced func() // after a Replace
}

func call(ctx context.Context, f func(context.Context) error) error {
	if f == nil {
		return nil
	}
	return f(ctx)
}

func (s *faultyStore) Get(ctx context.Context, k engine.Key) (*engine.Connection, error) {
	if err := call(ctx, s.get); err != nil {
		return nil, err
	}
	return s.ConnectionStore.Get(ctx, k)
}

func (s *faultyStore) Replace(ctx context.Context, c *engine.Connection, generation int64) error {
	if err := call(ctx, s.replace); err != nil {
		return err
	}
	err := s.ConnectionStore.Replace(ctx, c, generation)
	if s.replaced != nil {
		s.replaced()
	}
	return err
}

func (s *faultyStore) Acquire(ctx context.Context, k engine.Key, holder string, ttl time.Duration) error {
	if err := call(ctx, s.acquire); err != nil {
		return err
	}
	return s.ConnectionStore.Acquire(ctx, k, holder, ttl)
}

// faultyBubble runs f with alice connected over a store with faults; her token has
// ended.
func faultyBubble(t *testing.T, f func(t *testing.T, e *engine.Engine, s *faultyStore, server *rotating)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		server := &rotating{}
		store := &faultyStore{ConnectionStore: &engine.MemoryStore{}}
		e := newEngine(t, &provider{token: server.token}, &engine.Options{Connections: store}, nil)
		connect(t, e)
		time.Sleep(101 * time.Second)
		f(t, e, store, server)
	})
}

// The disk is full for a day: callers have the new token at once, it is stored when
// there is room, and the provider was asked once.
func TestTokenThatCannotBeStoredIsUsedAndKept(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		server := &rotating{}
		memory := &engine.MemoryStore{}
		store := &brokenStore{ConnectionStore: memory}
		store.left.Store(100)
		e := newEngine(t, &provider{token: server.token}, &engine.Options{Connections: store}, nil)
		connect(t, e)
		time.Sleep(101 * time.Second)
		store.armed.Store(true)
		for range 5 {
			if got := token(t, e); got != "a2" {
				t.Errorf("token %s", got)
			}
		}
		if c, _ := memory.Get(t.Context(), alice); c.Credentials.Token.AccessToken.Reveal() != "a1" {
			t.Fatal("the store is not broken")
		}
		store.armed.Store(false)
		time.Sleep(6 * time.Second)
		if c, _ := memory.Get(t.Context(), alice); c.Credentials.Token.AccessToken.Reveal() != "a2" {
			t.Error("the token was never stored")
		}
		if server.asked != 1 || server.reused != 0 {
			t.Errorf("%d refreshes, %d with a used token", server.asked, server.reused)
		}
	})
}

func TestStoreThatFailsIsATypedError(t *testing.T) {
	down := func(context.Context) error { return errors.New("connection refused") }
	for name, set := range map[string]func(*faultyStore){
		"get":     func(s *faultyStore) { s.get = down },
		"intent":  func(s *faultyStore) { s.replace = down },
		"acquire": func(s *faultyStore) { s.acquire = down },
	} {
		t.Run(name, func(t *testing.T) {
			faultyBubble(t, func(t *testing.T, e *engine.Engine, s *faultyStore, server *rotating) {
				set(s)
				if _, err := e.TokenSource(alice).Token(t.Context()); !errors.Is(err, engine.ErrUnavailable) {
					t.Errorf("got %v", err)
				}
				s.get, s.replace, s.acquire = nil, nil, nil
				time.Sleep(time.Second)
				if got := token(t, e); got != "a2" || server.asked != 1 {
					t.Errorf("afterwards: token %s after %d refreshes", got, server.asked)
				}
			})
		})
	}
}

// A store that does not even heed its context costs callers minutes, not for ever.
func TestStoreThatHangs(t *testing.T) {
	for name, set := range map[string]func(*faultyStore, func(context.Context) error){
		"get":     func(s *faultyStore, f func(context.Context) error) { s.get = f },
		"intent":  func(s *faultyStore, f func(context.Context) error) { s.replace = f },
		"acquire": func(s *faultyStore, f func(context.Context) error) { s.acquire = f },
	} {
		t.Run(name, func(t *testing.T) {
			faultyBubble(t, func(t *testing.T, e *engine.Engine, s *faultyStore, server *rotating) {
				free := make(chan struct{})
				var once sync.Once
				c, err := e.Connection(t.Context(), alice) // read before it hangs
				if err != nil || c == nil {
					t.Fatal(err)
				}
				token := func() error {
					ctx, cancel := context.WithTimeout(t.Context(), time.Hour)
					defer cancel()
					_, err := e.TokenSource(alice).Token(ctx)
					return err
				}
				if name != "get" {
					set(s, func(context.Context) error { <-free; return nil })
				} else {
					s.acquire = func(context.Context) error { // the reads after the first
						once.Do(func() { s.get = func(context.Context) error { <-free; return nil } })
						return nil
					}
				}
				start := time.Now()
				if err := token(); !errors.Is(err, engine.ErrUnavailable) || time.Since(start) > 5*time.Minute {
					t.Errorf("after %v: %v", time.Since(start), err)
				}
				close(free)
				time.Sleep(time.Minute)
				if err := token(); err != nil || server.reused != 0 {
					t.Errorf("afterwards: %v, %d reused", err, server.reused)
				}
			})
		})
	}
}

func TestPanicsAreBounded(t *testing.T) {
	boom := func(context.Context) error { panic("boom") }
	for name, set := range map[string]func(*faultyStore){
		"intent":  func(s *faultyStore) { s.replace = boom },
		"acquire": func(s *faultyStore) { s.acquire = boom },
	} {
		t.Run(name, func(t *testing.T) {
			faultyBubble(t, func(t *testing.T, e *engine.Engine, s *faultyStore, server *rotating) {
				set(s)
				if _, err := e.TokenSource(alice).Token(t.Context()); !errors.Is(err, engine.ErrUnavailable) {
					t.Errorf("got %v", err)
				}
				s.replace, s.acquire = nil, nil
				time.Sleep(21 * time.Second) // the lease is not given back
				if got := token(t, e); got != "a2" {
					t.Errorf("token %s", got)
				}
			})
		})
	}
	t.Run("renewal", func(t *testing.T) {
		faultyBubble(t, func(t *testing.T, e *engine.Engine, s *faultyStore, server *rotating) {
			server.delay = 12 * time.Second
			var n atomic.Int32
			s.acquire = func(context.Context) error {
				if n.Add(1) > 2 { // after those before the request
					panic("boom")
				}
				return nil
			}
			if got := token(t, e); got != "a2" {
				t.Errorf("token %s", got)
			}
		})
	})
}
