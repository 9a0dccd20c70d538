package engine_test

import (
	"context"
	"errors"
	"fmt"
	"os/exec"
	"runtime"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/nango-lite/nango-lite/connection"
	"github.com/nango-lite/nango-lite/engine"
	"github.com/nango-lite/nango-lite/engine/internal/holder"
	"github.com/nango-lite/nango-lite/schema"
)

// A damagedStore has a connection that cannot be read, until it is stored anew or
// removed.
type damagedStore struct {
	*engine.MemoryStore
	mu  sync.Mutex
	bad map[engine.Key]error
}

func (s *damagedStore) broken(k engine.Key) *connection.UnreadableError {
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := s.bad[k]; err != nil {
		return &connection.UnreadableError{Key: k, Err: err}
	}
	return nil
}

func (s *damagedStore) Get(ctx context.Context, k engine.Key) (*engine.Connection, error) {
	if err := s.broken(k); err != nil {
		return nil, err
	}
	return s.MemoryStore.Get(ctx, k)
}

func (s *damagedStore) List(ctx context.Context, q engine.Query) (engine.Page, error) {
	p, err := s.MemoryStore.List(ctx, q)
	out := engine.Page{Next: p.Next}
	for _, c := range p.Connections {
		if bad := s.broken(c.Key); bad != nil {
			out.Unreadable = append(out.Unreadable, bad)
		} else {
			out.Connections = append(out.Connections, c)
		}
	}
	return out, err
}

func (s *damagedStore) mend(k engine.Key) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.bad, k)
}

func (s *damagedStore) Put(ctx context.Context, c *engine.Connection) error {
	err := s.MemoryStore.Put(ctx, c)
	if err == nil {
		s.mend(c.Key)
	}
	return err
}

func (s *damagedStore) Delete(ctx context.Context, k engine.Key) error {
	err := s.MemoryStore.Delete(ctx, k)
	if err == nil {
		s.mend(k)
	}
	return err
}

// S42: of a connection that cannot be read its user can connect again, by consent or with
// what they have; it can be removed; and using it says which of the two is needed.
func TestUnreadableConnectionIsReplacedAndRemoved_S42(t *testing.T) {
	damaged := errors.New("open connection fjord/alice: sealed data does not open: key k-1")
	lost := fmt.Errorf("open connection fjord/alice: %w: k-1", connection.ErrUnknownKey)
	for reason, kind := range map[error]engine.Kind{damaged: engine.KindReauthorize, lost: engine.KindClient} {
		var events []engine.Event
		s := &damagedStore{MemoryStore: &engine.MemoryStore{}, bad: map[engine.Key]error{}}
		e := newEngine(t, &provider{token: answers(`{"access_token":"a","refresh_token":"r","expires_in":3600}`)}, &engine.Options{
			Connections: s, Observe: func(_ context.Context, ev engine.Event) { events = append(events, ev) },
		}, nil)
		connect(t, e)
		spoil := func() { s.bad[alice] = reason }

		spoil()
		if _, err := e.TokenSource(alice).Token(t.Context()); engine.ErrorKind(err) != kind || !strings.Contains(err.Error(), "connect again") {
			t.Errorf("a token: got %v, want the kind %s and the advice to connect again", err, kind)
		}
		connect(t, e)
		if got := token(t, e); got != "a" {
			t.Errorf("connected again: got the token %q", got)
		}
		if !told(events, engine.EventStatus, "could not be read") {
			t.Errorf("nobody was told that something was replaced: %v", events)
		}

		spoil()
		given := engine.Credentials{Token: engine.Token{AccessToken: secret("b")}}
		if _, err := e.Connect(t.Context(), alice, given, nil); err != nil {
			t.Errorf("Connect: %v", err)
		}

		spoil()
		if err := e.Revoke(t.Context(), alice); engine.ErrorKind(err) != kind {
			t.Errorf("Revoke: got %v, want the reason why nobody could be told", err)
		}
		if _, err := e.Connection(t.Context(), alice); engine.ErrorKind(err) != engine.KindNotFound {
			t.Errorf("after Revoke: got %v, want that it is gone", err)
		}
	}
}

func told(events []engine.Event, kind engine.EventKind, text string) bool {
	for _, ev := range events {
		if ev.Kind == kind && strings.Contains(ev.Reason, text) {
			return true
		}
	}
	return false
}

// S42: those that can be read are listed, and kept alive, as if there were no other.
func TestUnreadableConnectionKeepsNobodyFromBeingKept_S42(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := &lapsing{serial: map[string]int{}, issued: map[string]time.Time{}}
		s := &damagedStore{MemoryStore: &engine.MemoryStore{}, bad: map[engine.Key]error{}}
		var mu sync.Mutex
		var events []engine.Event
		e := newEngine(t, &provider{token: l.token}, &engine.Options{Connections: s, Observe: func(_ context.Context, ev engine.Event) {
			mu.Lock()
			defer mu.Unlock()
			events = append(events, ev)
		}}, func(in *schema.Integration) { in.Auth.RefreshTokenLifetimeSeconds = 86400 })
		for i := range 4 {
			user := fmt.Sprint("user-", i)
			given := engine.Credentials{Token: engine.Token{AccessToken: secret("a"), RefreshToken: secret(l.issue(user)), ExpiresAt: time.Now().Add(time.Hour)}}
			if _, err := e.Connect(t.Context(), engine.Key{Integration: "fjord", ConnectionID: user}, given, nil); err != nil {
				t.Fatal(err)
			}
		}
		bad := engine.Key{Integration: "fjord", ConnectionID: "user-1"}
		s.bad[bad] = errors.New("open connection fjord/user-1: sealed data does not open: key k-1")
		runFor(t, e, 23*time.Hour)
		if l.serial["user-0"] < 2 || l.serial["user-2"] < 2 || l.serial["user-3"] < 2 || l.serial["user-1"] != 1 || l.lapsed > 0 {
			t.Errorf("got the refreshes %v, %d lapsed; want all but those of user-1", l.serial, l.lapsed)
		}
		if !told(events, engine.EventKeep, "1 cannot be read") {
			t.Errorf("nobody was told: %v", events)
		}
		p, err := e.Connections(t.Context(), engine.Query{Integration: "fjord"})
		if err != nil || len(p.Connections) != 3 || len(p.Unreadable) != 1 || p.Unreadable[0].Key != bad {
			t.Errorf("Connections: got %+v, %v; want 3, and %s among the unreadable", p, err, bad)
		}
	})
}

// S47: the lease of a process of this machine that was killed in a refresh is broken by
// whoever waits for it. That of one that lives, or may live, is waited for.
func TestLeaseOfAKilledProcessIsBroken_S47(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("only on Linux does a lease name its process; elsewhere it ends by its time. .ci/run tests it")
	}
	dead := exec.Command("true")
	if err := dead.Run(); err != nil {
		t.Fatal(err)
	}
	living := holder.New()
	parts := strings.Split(living, " ")
	parts[1] = fmt.Sprint(dead.Process.Pid)
	killed := strings.Join(parts, " ")
	for _, c := range []struct {
		holder string
		breaks bool
	}{{killed, true}, {killed + " and more", true}, {living, false}, {"somebody else", false}} {
		synctest.Test(t, func(t *testing.T) {
			server, s := &rotating{}, &engine.MemoryStore{}
			e := newEngine(t, &provider{token: server.token}, &engine.Options{Connections: s}, nil)
			connect(t, e)
			time.Sleep(101 * time.Second) // the token has ended
			if err := s.Acquire(t.Context(), alice, c.holder, 46*time.Second); err != nil {
				t.Fatal(err)
			}
			began := time.Now()
			if got := token(t, e); got != "a2" {
				t.Errorf("%q: got the token %q", c.holder, got)
			}
			if took := time.Since(began); (took < time.Second) != c.breaks {
				t.Errorf("%q: it took %v", c.holder, took)
			}
			if err := s.Acquire(t.Context(), alice, c.holder, 46*time.Second); err != nil {
				t.Fatal(err)
			}
			began = time.Now()
			if _, err := e.SetFields(t.Context(), alice, nil); err != nil {
				t.Errorf("%q: SetFields: %v", c.holder, err)
			}
			if took := time.Since(began); (took < time.Second) != c.breaks {
				t.Errorf("%q: SetFields took %v", c.holder, took)
			}
		})
	}
}

// runFor runs e's keeper for a while.
func runFor(t *testing.T, e *engine.Engine, d time.Duration) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan struct{})
	go func() { defer close(done); e.Run(ctx) }()
	time.Sleep(d)
	cancel()
	<-done
}
