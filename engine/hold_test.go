package engine_test

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/nango-lite/nango-lite/engine"
	"github.com/nango-lite/nango-lite/schema"
)

// Two processes over one store, whose token has ended. The first one's store has
// faults.
func twoProcesses(t *testing.T, f func(t *testing.T, first, second *engine.Engine, s *faultyStore, server *rotating)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		server := &rotating{}
		memory := &engine.MemoryStore{}
		s := &faultyStore{ConnectionStore: memory}
		p := &provider{token: server.token}
		first := newEngine(t, p, &engine.Options{Connections: s}, nil)
		second := newEngine(t, p, &engine.Options{Connections: memory}, nil)
		connect(t, second)
		time.Sleep(101 * time.Second)
		f(t, first, second, s, server)
		for _, e := range []*engine.Engine{first, second} { // nothing may be under way when the bubble ends
			if err := e.Wait(t.Context()); err != nil {
				t.Error(err)
			}
		}
		if server.asked != 1 || server.reused != 0 {
			t.Errorf("%d refreshes, %d with a used token", server.asked, server.reused)
		}
	})
}

// The database is out of reach, or starves this process, from the moment when the
// request is on its way until long after the lease would have ended. The provider has
// got the token: nobody else may send it.
func TestLeaseOutlastsTheRequest(t *testing.T) {
	for _, answer := range []time.Duration{25 * time.Second, 29 * time.Second} {
		twoProcesses(t, func(t *testing.T, first, second *engine.Engine, s *faultyStore, server *rotating) {
			server.delay = answer
			var n atomic.Int32
			s.acquire = func(context.Context) error {
				if n.Add(1) > 2 {
					return errors.New("out of reach")
				}
				return nil
			}
			var wg sync.WaitGroup
			for i, e := range []*engine.Engine{first, second} {
				wg.Go(func() {
					if got := token(t, e); got != "a2" {
						t.Errorf("process %d has %s", i, got)
					}
				})
				time.Sleep(time.Second)
			}
			wg.Wait()
		})
	}
}

// The disk is full for a minute: the new token cannot be stored, and the old one is
// gone. The lease is kept all the while.
func TestLeaseIsKeptUntilTheTokenIsStored(t *testing.T) {
	twoProcesses(t, func(t *testing.T, first, second *engine.Engine, s *faultyStore, server *rotating) {
		var full atomic.Bool
		server.failing = func(int) (int, string) { full.Store(true); return 0, "" }
		s.replace = func(context.Context) error {
			if full.Load() {
				return errors.New("disk full")
			}
			return nil
		}
		if got := token(t, first); got != "a2" {
			t.Errorf("the first has %s", got)
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute) // longer than any lease
		defer cancel()
		if _, err := second.TokenSource(alice).Token(ctx); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("the second: got %v", err)
		}
		full.Store(false)
		if got := token(t, second); got != "a2" {
			t.Errorf("the second has %s", got)
		}
	})
}

// A lease that could not be made to last is no ground to send the token on.
func TestNothingIsSentUnderALeaseThatEnds(t *testing.T) {
	faultyBubble(t, func(t *testing.T, e *engine.Engine, s *faultyStore, server *rotating) {
		var slow atomic.Bool
		slow.Store(true)
		s.acquire = func(context.Context) error {
			if slow.Load() {
				time.Sleep(16 * time.Second)
			}
			return nil
		}
		if _, err := e.TokenSource(alice).Token(t.Context()); !errors.Is(err, engine.ErrUnavailable) {
			t.Errorf("got %v", err)
		}
		if server.asked != 0 {
			t.Errorf("%d requests were sent", server.asked)
		}
		slow.Store(false)
		time.Sleep(20 * time.Second)
		if got := token(t, e); got != "a2" || server.asked != 1 {
			t.Errorf("afterwards: token %s after %d refreshes", got, server.asked)
		}
	})
}

// A process slept after it had recorded its intent. Meanwhile the other one has taken
// the lease, redeemed the token, and given the lease back: it is there to be had, and
// still the token is not.
func TestLeaseThatWasAnothersMeanwhile(t *testing.T) {
	twoProcesses(t, func(t *testing.T, first, second *engine.Engine, s *faultyStore, server *rotating) {
		var asleep atomic.Bool
		s.acquire = func(context.Context) error {
			if asleep.Load() {
				return errors.New("asleep")
			}
			return nil
		}
		s.replaced = func() {
			asleep.Store(true)
			time.Sleep(time.Minute)
			asleep.Store(false)
		}
		var wg sync.WaitGroup
		wg.Go(func() {
			if got := token(t, first); got != "a2" {
				t.Errorf("the sleeper has %s", got)
			}
		})
		time.Sleep(30 * time.Second)
		if got := token(t, second); got != "a2" {
			t.Errorf("the other has %s", got)
		}
		wg.Wait()
	})
}

// A process that slept between its intent and its request has lost the lease, looks
// again, and takes what the other one got.
func TestLeaseThatWasLostBeforeTheRequest(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		server := &rotating{delay: time.Second}
		memory := &engine.MemoryStore{}
		slow := &faultyStore{ConnectionStore: memory}
		p := &provider{token: server.token}
		sleeper := newEngine(t, p, &engine.Options{Connections: slow}, nil)
		other := newEngine(t, p, &engine.Options{Connections: memory}, nil)
		connect(t, other)
		time.Sleep(101 * time.Second)
		var asleep atomic.Int32
		nap := func(context.Context) error { // the whole process sleeps, renewals too
			if asleep.Add(1) <= 2 {
				time.Sleep(11 * time.Second)
			}
			return nil
		}
		sleeperGet := sync.OnceFunc(func() { slow.get, slow.replace = nap, nap })
		var n atomic.Int32
		slow.acquire = func(context.Context) error {
			sleeperGet()
			if n.Add(1) > 1 && n.Load() < 6 {
				return errors.New("asleep")
			}
			return nil
		}
		var wg sync.WaitGroup
		wg.Go(func() {
			if got := token(t, sleeper); got != "a2" {
				t.Errorf("the sleeper has %s", got)
			}
		})
		time.Sleep(20500 * time.Millisecond) // its lease has ended
		server.delay = 5 * time.Second
		wg.Go(func() {
			if got := token(t, other); got != "a2" {
				t.Errorf("the other has %s", got)
			}
		})
		wg.Wait()
		if server.asked != 1 || server.reused != 0 {
			t.Errorf("%d refreshes, %d with a used token", server.asked, server.reused)
		}
	})
}

// The provider takes its time to refuse the client, and the database is out of reach:
// by then the lease is no ground to send the token with the other secret.
func TestOtherSecretIsSentUnderTheLease(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		server := &rotating{delay: 20 * time.Second}
		memory := &engine.MemoryStore{}
		s := &faultyStore{ConnectionStore: memory}
		p := &provider{token: func(c *tokenCall) (int, string) {
			if _, secret, _ := c.BasicAuth(); secret == "new" && c.params.Get("grant_type") == "refresh_token" {
				time.Sleep(29 * time.Second)
				return 401, `{"error":"invalid_client"}`
			}
			return server.token(c)
		}}
		rotated := func(in *schema.Integration) {
			in.OAuthClientSecret, in.OAuthClientSecretPrevious = secret("new"), secret("old")
		}
		first := newEngine(t, p, &engine.Options{Connections: s}, rotated)
		connect(t, newEngine(t, p, &engine.Options{Connections: memory}, nil))
		time.Sleep(101 * time.Second)
		var n atomic.Int32
		s.acquire = func(context.Context) error {
			if n.Add(1) > 2 {
				return errors.New("out of reach")
			}
			return nil
		}
		if _, err := first.TokenSource(alice).Token(t.Context()); !errors.Is(err, engine.ErrUnavailable) || server.asked != 0 {
			t.Errorf("got %v after %d refreshes", err, server.asked)
		}
		s.acquire = nil
		time.Sleep(time.Minute)
		if got := token(t, first); got != "a2" || server.asked != 1 {
			t.Errorf("afterwards: token %s after %d refreshes", got, server.asked)
		}
	})
}
