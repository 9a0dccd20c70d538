package refresh_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/nango-lite/nango-lite/connection"
	"github.com/nango-lite/nango-lite/engine/internal/event"
	"github.com/nango-lite/nango-lite/engine/internal/fault"
	"github.com/nango-lite/nango-lite/engine/internal/refresh"
	"github.com/nango-lite/nango-lite/internal/pace"
	"github.com/nango-lite/nango-lite/schema"
)

var alice = connection.Key{Integration: "fjord", ConnectionID: "alice"}

// A grant is a provider that rotates: it takes the latest refresh token alone. It is a
// Renewer, and knows no HTTP.
type grant struct {
	delay time.Duration
	fail  func(n int) error // of the request number n, from 1; nil: it is granted

	mu    sync.Mutex
	sent  int // requests that redeemed, or tried to
	last  int // number of the latest refresh token
	lost  []bool
	ended connection.Token // what Complete learns; zero: nothing
}

func (g *grant) Renewable(c *connection.Connection) bool {
	return !c.Credentials.Token.RefreshToken.Empty()
}

func (g *grant) Renew(ctx context.Context, c *connection.Connection, a *refresh.Attempt) (*connection.Connection, error) {
	if err := a.Cover(ctx); err != nil {
		return nil, err
	}
	g.mu.Lock()
	g.sent++
	n := g.sent
	g.mu.Unlock()
	time.Sleep(g.delay)
	if g.fail != nil {
		if err := g.fail(n); err != nil {
			return nil, err
		}
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	if c.Credentials.Token.RefreshToken.Reveal() != fmt.Sprint("r", g.last) {
		return nil, &fault.Error{Op: "refresh", Kind: fault.KindReauthorize, Code: "invalid_grant"}
	}
	g.last++
	next := c.Clone()
	next.Credentials.Token = token(g.last)
	return next, nil
}

func (g *grant) Complete(_ context.Context, c *connection.Connection) (*connection.Connection, error) {
	if g.ended.ExpiresAt.IsZero() {
		return c, nil
	}
	next := c.Clone()
	next.Credentials.Token.ExpiresAt = g.ended.ExpiresAt
	return next, nil
}

func (g *grant) Gone(refusal error, lost bool) string {
	g.lost = append(g.lost, lost)
	return "gone"
}

func token(n int) connection.Token {
	now := time.Now()
	return connection.Token{
		AccessToken: schema.NewSecret(fmt.Sprint("a", n)), RefreshToken: schema.NewSecret(fmt.Sprint("r", n)),
		ObtainedAt: now, RefreshObtainedAt: now, ExpiresAt: now.Add(time.Hour),
	}
}

func unavailable(int) error { return &fault.Error{Op: "refresh", Kind: fault.KindUnavailable} }

// A stage is a store with alice's connection, and a provider for it.
type stage struct {
	t      *testing.T
	store  connection.Store
	grant  grant
	source refresh.Source

	mu     sync.Mutex
	events []event.Event
}

// play runs f in a bubble, where time passes when everybody waits.
func play(t *testing.T, f func(t *testing.T, s *stage)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		s := &stage{t: t, store: &connection.MemoryStore{}}
		s.source = refresh.Source{Renewer: &s.grant, Integration: "fjord", Margin: time.Minute}
		c := &connection.Connection{Key: alice, Status: connection.StatusActive, Credentials: connection.Credentials{Type: schema.OAuth2, Token: token(0)}}
		if err := s.store.Put(t.Context(), c); err != nil {
			t.Fatal(err)
		}
		f(t, s)
	})
}

// process returns a Refresher as another process has one.
func (s *stage) process(holder string) *refresh.Refresher {
	return refresh.New(refresh.Options{Store: s.store, Pace: pace.Default, Holder: holder, Notify: func(_ context.Context, ev event.Event) {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.events = append(s.events, ev)
	}})
}

func (s *stage) stored() *connection.Connection {
	s.t.Helper()
	c, err := s.store.Get(s.t.Context(), alice)
	if err != nil {
		s.t.Fatal(err)
	}
	return c
}

func access(c *connection.Connection) string { return c.Credentials.Token.AccessToken.Reveal() }

// However many goroutines of however many processes ask, the provider is asked once,
// and all get what it gave.
func TestManyCallersRedeemOnce(t *testing.T) {
	play(t, func(t *testing.T, s *stage) {
		s.grant.delay = 25 * time.Second // longer than the lease would last unless it were renewed
		c := s.stored()
		var wg sync.WaitGroup
		for n := range 3 {
			r := s.process(fmt.Sprint("process ", n))
			for range 20 {
				wg.Go(func() {
					if next, err := r.Refresh(t.Context(), &s.source, c, "asked for"); err != nil || access(next) != "a1" {
						t.Errorf("got %v, %v; want a1", next, err)
					}
				})
			}
		}
		wg.Wait()
		if s.grant.sent != 1 {
			t.Errorf("%d requests, want 1", s.grant.sent)
		}
		if c := s.stored(); access(c) != "a1" || !c.RefreshStarted.IsZero() {
			t.Errorf("stored %s, begun at %v", access(c), c.RefreshStarted)
		}
	})
}

// The intent says since when the outcome of a refresh is open. Trying again is no news:
// the first time counts until the provider has answered.
func TestTheIntentKeepsItsFirstTime(t *testing.T) {
	play(t, func(t *testing.T, s *stage) {
		r := s.process("a")
		s.grant.fail = unavailable
		began := time.Now().UTC()
		for range 3 {
			if _, err := r.Refresh(t.Context(), &s.source, s.stored(), "asked for"); !errors.Is(err, fault.ErrUnavailable) {
				t.Fatalf("got %v, want unavailable", err)
			}
			if got := s.stored().RefreshStarted; !got.Equal(began) {
				t.Errorf("the refresh began at %v, want %v", got, began)
			}
			time.Sleep(time.Minute)
		}
		s.grant.fail = nil
		if _, err := r.Refresh(t.Context(), &s.source, s.stored(), "asked for"); err != nil {
			t.Fatal(err)
		}
		if got := s.stored().RefreshStarted; !got.IsZero() {
			t.Errorf("the outcome is known, and the refresh still counts as begun at %v", got)
		}
	})
}

// A request that the provider refused has redeemed nothing: the connection is as it was.
// Where an answer was lost before, that is not known.
func TestARefusalTakesTheIntentBack(t *testing.T) {
	refused := func(int) error { return &fault.Error{Op: "refresh", Kind: fault.KindClient, Code: "invalid_client"} }
	for name, row := range map[string]struct {
		fail func(int) error
		open bool
	}{
		"refused at once": {refused, false},
		"refused after a lost answer": {func(n int) error {
			if n == 1 {
				return unavailable(n)
			}
			return refused(n)
		}, true},
	} {
		t.Run(name, func(t *testing.T) {
			play(t, func(t *testing.T, s *stage) {
				s.grant.fail = row.fail
				if _, err := s.process("a").Refresh(t.Context(), &s.source, s.stored(), "asked for"); !errors.Is(err, fault.ErrClient) {
					t.Fatalf("got %v, want client", err)
				}
				if c := s.stored(); c.RefreshStarted.IsZero() == row.open || c.Status != connection.StatusActive {
					t.Errorf("stored: begun at %v, %s", c.RefreshStarted, c.Status)
				}
			})
		})
	}
}

// Only the provider's word ends a connection, and it is said whether an answer is
// missing that may have held the next token.
func TestAGoneGrantEndsTheConnection(t *testing.T) {
	play(t, func(t *testing.T, s *stage) {
		s.grant.last = 7 // it has rotated, and nobody here has heard of it
		s.grant.fail = func(n int) error {
			if n == 1 {
				return unavailable(n)
			}
			return nil
		}
		_, err := s.process("a").Refresh(t.Context(), &s.source, s.stored(), "asked for")
		if !errors.Is(err, fault.ErrReauthorize) || !strings.Contains(err.Error(), "gone") {
			t.Errorf("got %v, want reauthorize and why", err)
		}
		if c := s.stored(); c.Status != connection.StatusNeedsReauthorization || c.Reason != "gone" {
			t.Errorf("stored %s: %s", c.Status, c.Reason)
		}
		if !slices.Equal(s.grant.lost, []bool{true}) {
			t.Errorf("lost: %v, want that an answer is missing", s.grant.lost)
		}
	})
}

// leasedOnce tells the holder once, at its second question, that another has the lease.
type leasedOnce struct {
	connection.Store
	asked int
}

func (s *leasedOnce) Acquire(ctx context.Context, k connection.Key, holder string, ttl time.Duration) error {
	if s.asked++; s.asked == 2 {
		return connection.ErrLeased
	}
	return s.Store.Acquire(ctx, k, holder, ttl)
}

// Whoever has lost the lease sends nothing: another may be redeeming the same token.
func TestNothingIsSentWithoutTheLease(t *testing.T) {
	play(t, func(t *testing.T, s *stage) {
		store := &leasedOnce{Store: s.store}
		s.store = store
		next, err := s.process("a").Refresh(t.Context(), &s.source, s.stored(), "asked for")
		if err != nil || access(next) != "a1" {
			t.Fatalf("got %v, %v", next, err)
		}
		if s.grant.sent != 1 || store.asked < 4 {
			t.Errorf("%d requests after %d questions for the lease, want 1 and a lease taken anew", s.grant.sent, store.asked)
		}
	})
}

// A write of another kind and a refresh take turns.
func TestALockKeepsARefreshAway(t *testing.T) {
	play(t, func(t *testing.T, s *stage) {
		r := s.process("a")
		unlock, err := r.Lock(t.Context(), "set fields", alice)
		if err != nil {
			t.Fatal(err)
		}
		began := time.Now()
		time.AfterFunc(10*time.Second, unlock)
		if _, err := r.Refresh(t.Context(), &s.source, s.stored(), "asked for"); err != nil || time.Since(began) < 10*time.Second {
			t.Errorf("refreshed after %v, %v; want after the lock", time.Since(began), err)
		}
		if err := s.store.Acquire(t.Context(), alice, "else", time.Hour); err != nil {
			t.Fatal(err)
		}
		if _, err := r.Lock(t.Context(), "set fields", alice); !errors.Is(err, fault.ErrUnavailable) || !strings.Contains(err.Error(), "set fields") {
			t.Errorf("got %v, want unavailable", err)
		}
	})
}

// A token that is still good is not held back by a provider that is slow.
func TestAGoodTokenWaitsForNobody(t *testing.T) {
	play(t, func(t *testing.T, s *stage) {
		r := s.process("a")
		s.grant.delay = 20 * time.Second
		c := s.stored()
		time.Sleep(59*time.Minute + 30*time.Second)
		if !s.source.Stale(c, time.Now()) || refresh.Ended(c, time.Now()) {
			t.Fatal("the token should be stale, and good yet")
		}
		began := time.Now()
		if next, err := r.Fresh(t.Context(), &s.source, c); err != nil || access(next) != "a0" || time.Since(began) > 5*time.Second {
			t.Errorf("after %v got %v, %v; want the old token within 5 s", time.Since(began), next, err)
		}
		if err := r.Wait(t.Context()); err != nil || access(s.stored()) != "a1" {
			t.Errorf("stored %s, %v; want that the refresh went on", access(s.stored()), err)
		}
	})
}

// What is learned of a token only when it is stored is stored as well.
func TestWhatIsLearnedLaterIsStored(t *testing.T) {
	play(t, func(t *testing.T, s *stage) {
		end := time.Now().Add(7 * time.Minute).UTC().Truncate(time.Microsecond)
		s.grant.ended.ExpiresAt = end
		next, err := s.process("a").Refresh(t.Context(), &s.source, s.stored(), "asked for")
		if err != nil || !next.Credentials.Token.ExpiresAt.Equal(end) || !s.stored().Credentials.Token.ExpiresAt.Equal(end) {
			t.Errorf("got %v, %v; want the end %v", next, err, end)
		}
	})
}

// Idle connections are refreshed once about half the life of their refresh token is
// over, and those that somebody uses are left alone.
func TestIdleConnectionsAreKept(t *testing.T) {
	play(t, func(t *testing.T, s *stage) {
		r := s.process("a")
		s.source.RefreshLife = 30 * 24 * time.Hour
		sources := slices.Values([]*refresh.Source{&s.source})
		if next := r.KeepAlive(t.Context(), sources); s.grant.sent != 0 || next <= 0 || next > 6*time.Hour*11/10 {
			t.Errorf("%d requests for a new token, next round in %v", s.grant.sent, next)
		}
		time.Sleep(23 * 24 * time.Hour)
		r.KeepAlive(t.Context(), sources)
		r.KeepAlive(t.Context(), sources)
		if s.grant.sent != 1 || access(s.stored()) != "a1" {
			t.Errorf("%d requests, stored %s; want one refresh", s.grant.sent, access(s.stored()))
		}
		if n := len(s.events); n == 0 || s.events[n-1].Kind != event.Keep {
			t.Errorf("nobody was told of the round: %v", s.events)
		}
	})
}

// Nobody is held while an endpoint that hangs is asked again, and who waits in another
// process for a holder that has failed meanwhile shares the outcome: the provider is
// asked as often as one process asks it.
func TestWhoWaitsForAHangingEndpoint(t *testing.T) {
	play(t, func(t *testing.T, s *stage) {
		s.grant.delay, s.grant.fail = 30*time.Second, unavailable
		c, start := s.stored(), time.Now()
		took := make([]time.Duration, 4)
		var wg sync.WaitGroup
		processes := []*refresh.Refresher{s.process("first"), s.process("second")}
		for n := range took {
			r := processes[n/2]
			wg.Go(func() {
				if _, err := r.Refresh(t.Context(), &s.source, c, "asked for"); !errors.Is(err, fault.ErrUnavailable) {
					t.Errorf("got %v, want unavailable", err)
				}
				took[n] = time.Since(start)
			})
			synctest.Wait() // the first process has the lease
		}
		wg.Wait()
		if took[0] > 31*time.Second || took[1] > 31*time.Second {
			t.Errorf("the first callers were held for %v", took)
		}
		if took[3] > 95*time.Second || s.grant.sent != 3 {
			t.Errorf("the others were held for %v, and the provider was asked %d times", took, s.grant.sent)
		}
		s.grant.delay, s.grant.fail = 0, nil
		time.Sleep(time.Minute)
		if next, err := s.process("third").Refresh(t.Context(), &s.source, s.stored(), "asked for"); err != nil || access(next) != "a1" || !next.RefreshFailed.IsZero() {
			t.Errorf("afterwards: %v, %v", next, err)
		}
	})
}
