package engine_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/nango-lite/nango-lite/engine"
	"github.com/nango-lite/nango-lite/schema"
)

// rotating answers like a server that rotates refresh tokens and refuses one
// that was used. Tokens live for a hundred seconds.
type rotating struct {
	serial  int
	delay   time.Duration
	reused  int
	failing func(n int) (int, string) // answer number n of the refreshes, if not 0
	asked   int
}

func (r *rotating) token(c *tokenCall) (int, string) {
	if c.params.Get("grant_type") == "refresh_token" {
		r.asked++
		time.Sleep(r.delay)
		if r.failing != nil {
			if status, body := r.failing(r.asked); status != 0 {
				return status, body
			}
		}
		if c.params.Get("refresh_token") != fmt.Sprintf("r%d", r.serial) {
			r.reused++
			return 400, `{"error":"invalid_grant"}`
		}
	}
	r.serial++
	return 200, fmt.Sprintf(`{"access_token":"a%d","refresh_token":"r%d","expires_in":100,"workspace":"w%d"}`, r.serial, r.serial, r.serial)
}

// bubble runs f with alice connected to a rotating server.
func bubble(t *testing.T, server *rotating, change func(*schema.Integration), f func(t *testing.T, e *engine.Engine, p *provider)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		p := &provider{token: server.token}
		e := newEngine(t, p, nil, change)
		connect(t, e)
		f(t, e, p)
	})
}

func token(t *testing.T, e *engine.Engine) string {
	t.Helper()
	tok, err := e.TokenSource(alice).Token(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return tok.AccessToken.Reveal()
}

func TestRefreshAheadOfTheEnd(t *testing.T) {
	server := &rotating{}
	bubble(t, server, nil, func(t *testing.T, e *engine.Engine, _ *provider) {
		time.Sleep(74 * time.Second) // the margin is a quarter of 100 s, less than the minute by default
		if got := token(t, e); got != "a1" {
			t.Errorf("26 s before the end: token %s", got)
		}
		time.Sleep(2 * time.Second)
		if got := token(t, e); got != "a2" {
			t.Errorf("24 s before the end: token %s", got)
		}
	})
}

func TestRefreshOnceForManyCallers(t *testing.T) {
	server := &rotating{delay: 10 * time.Second}
	bubble(t, server, nil, func(t *testing.T, e *engine.Engine, _ *provider) {
		time.Sleep(99 * time.Second)
		var wg sync.WaitGroup
		for range 200 {
			wg.Go(func() {
				if got := token(t, e); got != "a2" {
					t.Errorf("token %s", got)
				}
			})
		}
		wg.Wait()
		if server.asked != 1 {
			t.Errorf("%d refreshes, want 1", server.asked)
		}
	})
}

// Two engines on one store stand for two processes: the provider takes longer
// than the lease lasts, and still the token is redeemed once.
func TestRefreshOnceForManyProcesses(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		server := &rotating{delay: 25 * time.Second}
		store := &engine.MemoryStore{}
		p := &provider{token: server.token}
		e1 := newEngine(t, p, &engine.Options{Connections: store}, nil)
		e2 := newEngine(t, p, &engine.Options{Connections: store}, nil)
		connect(t, e1)
		time.Sleep(200 * time.Second)
		var wg sync.WaitGroup
		for i := range 40 {
			wg.Go(func() {
				if got := token(t, []*engine.Engine{e1, e2}[i%2]); got != "a2" {
					t.Errorf("token %s", got)
				}
			})
		}
		wg.Wait()
		if server.asked != 1 || server.reused != 0 {
			t.Errorf("%d refreshes, %d with a used token", server.asked, server.reused)
		}
	})
}

func TestS21_MissingRefreshTokenKeepsTheOld(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := &provider{token: answers(
			`{"access_token":"a1","refresh_token":"r1","expires_in":100,"workspace":"w"}`,
			`{"access_token":"a2","expires_in":100}`,
		)}
		e := newEngine(t, p, nil, nil)
		connect(t, e)
		time.Sleep(100 * time.Second)
		token(t, e)
		time.Sleep(100 * time.Second)
		token(t, e)
		if got := p.calls[2].params.Get("refresh_token"); got != "r1" {
			t.Errorf("second refresh with %q", got)
		}
		c, _ := e.Connection(t.Context(), alice)
		if w, _ := c.Credentials.Token.RawValue("workspace"); w != "w" {
			t.Error("what the provider said once is lost")
		}
	})
}

func TestS22_RefreshAsksForNoScope(t *testing.T) {
	server := &rotating{}
	bubble(t, server, func(in *schema.Integration) {
		in.Auth.TokenParams = schema.Tree{"grant_type": "authorization_code", "audience": "x"} // bug 4 of 2022
		in.Auth.RefreshParams = schema.Tree{"extra": "1"}
	}, func(t *testing.T, e *engine.Engine, p *provider) {
		time.Sleep(100 * time.Second)
		token(t, e)
		got := p.calls[1].params
		if got.Has("scope") || got.Get("grant_type") != "refresh_token" || got.Has("audience") || got.Get("extra") != "1" {
			t.Errorf("refresh sent %v", got)
		}
	})
}

// Bug 3 of 2022: a failure was served for ever. Once the token has ended, none is
// served that is older than a second.
func TestFailedRefreshIsForgotten(t *testing.T) {
	server := &rotating{failing: func(n int) (int, string) {
		if n <= 3 { // one refresh with its attempts
			return 503, "down"
		}
		return 0, ""
	}}
	bubble(t, server, nil, func(t *testing.T, e *engine.Engine, _ *provider) {
		time.Sleep(101 * time.Second)
		if _, err := e.TokenSource(alice).Token(t.Context()); !errors.Is(err, engine.ErrUnavailable) {
			t.Fatalf("got %v", err)
		}
		time.Sleep(time.Second)
		if got := token(t, e); got != "a2" {
			t.Errorf("token %s", got)
		}
	})
}

// While the token lasts, a provider that cannot refresh hinders nobody.
func TestFailedRefreshUsesTheTokenOn(t *testing.T) {
	server := &rotating{failing: func(int) (int, string) { return 503, "" }}
	bubble(t, server, nil, func(t *testing.T, e *engine.Engine, _ *provider) {
		time.Sleep(80 * time.Second)
		if got := token(t, e); got != "a1" {
			t.Errorf("token %s", got)
		}
		c, _ := e.Connection(t.Context(), alice)
		if c.RefreshStarted.IsZero() || c.Status != engine.StatusActive {
			t.Errorf("an open outcome is not on record: %+v", c.Status)
		}
	})
}

// An answer that is lost is asked for again: if the server has not rotated, all
// is well.
func TestLostAnswerIsAskedForAgain(t *testing.T) {
	server := &rotating{failing: func(n int) (int, string) {
		if n == 1 {
			return 502, "<html>"
		}
		return 0, ""
	}}
	bubble(t, server, nil, func(t *testing.T, e *engine.Engine, _ *provider) {
		time.Sleep(100 * time.Second)
		if got := token(t, e); got != "a2" {
			t.Errorf("token %s", got)
		}
		if c, _ := e.Connection(t.Context(), alice); !c.RefreshStarted.IsZero() {
			t.Error("the intent is still on record")
		}
	})
}

func TestInvalidGrantEndsTheConnection(t *testing.T) {
	server := &rotating{failing: func(int) (int, string) { return 400, `{"error":"invalid_grant"}` }}
	bubble(t, server, nil, func(t *testing.T, e *engine.Engine, p *provider) {
		time.Sleep(100 * time.Second)
		for range 3 {
			if _, err := e.TokenSource(alice).Token(t.Context()); !errors.Is(err, engine.ErrReauthorize) {
				t.Errorf("got %v", err)
			}
		}
		if server.asked != 1 {
			t.Errorf("%d refreshes of a dead connection, want 1", server.asked)
		}
		c, _ := e.Connection(t.Context(), alice)
		if c.Status != engine.StatusNeedsReauthorization || !strings.Contains(c.Reason, "invalid_grant") {
			t.Errorf("status %s: %s", c.Status, c.Reason)
		}
		server.failing = nil
		connect(t, e) // the one way back
		if got := token(t, e); got != "a2" {
			t.Errorf("token %s", got)
		}
	})
}

// Most blueprints say that a 401 of the API means "authorise again". At the token
// endpoint a 401 says that the client's secret is wrong (RFC 6749 5.2): the operator
// mends that, and no user has to come back.
func TestWrongClientSecretEndsNoConnection(t *testing.T) {
	for _, body := range []string{`{"error":"invalid_client"}`, `{}`, `{"message":"Unauthorized"}`} {
		server := &rotating{failing: func(int) (int, string) { return 401, body }}
		bubble(t, server, func(in *schema.Integration) {
			in.Requests.Errors = &schema.Errors{Rules: []schema.ErrorRule{
				{When: schema.Condition{Status: schema.OneOrMany[int]{401}}, Kind: "reauthorize"},
			}}
		}, func(t *testing.T, e *engine.Engine, _ *provider) {
			time.Sleep(100 * time.Second)
			if _, err := e.TokenSource(alice).Token(t.Context()); !errors.Is(err, engine.ErrClient) {
				t.Errorf("%s: got %v", body, err)
			}
			server.failing = nil
			time.Sleep(time.Minute)
			if got := token(t, e); got != "a2" {
				t.Errorf("%s: token %s", body, got)
			}
		})
	}
}

// invalid_grant has two meanings; if a sibling was faster, its token is taken.
func TestInvalidGrantAfterASiblingWasFaster(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store := &engine.MemoryStore{}
		p := &provider{token: answers(`{"access_token":"a1","refresh_token":"r1","expires_in":100}`)}
		e := newEngine(t, p, &engine.Options{Connections: store}, nil)
		c := connect(t, e)
		p.token = func(*tokenCall) (int, string) {
			sibling := c.Clone()
			sibling.Generation++
			sibling.Credentials.Token.AccessToken = schema.NewSecret("a-sibling")
			sibling.Credentials.Token.ExpiresAt = time.Now().Add(time.Hour)
			if err := store.Replace(context.Background(), sibling, c.Generation); err != nil {
				t.Error(err)
			}
			return 400, `{"error":"invalid_grant"}`
		}
		time.Sleep(100 * time.Second)
		if got := token(t, e); got != "a-sibling" {
			t.Errorf("token %s", got)
		}
	})
}

// A late answer must not overwrite what the user has connected meanwhile.
func TestLateRefreshYieldsToANewConnection(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store := &engine.MemoryStore{}
		p := &provider{token: answers(`{"access_token":"a1","refresh_token":"r1","expires_in":100}`)}
		e := newEngine(t, p, &engine.Options{Connections: store}, nil)
		connect(t, e)
		time.Sleep(100 * time.Second)
		fresh := &engine.Connection{Key: alice, Status: engine.StatusActive, Credentials: engine.Credentials{
			Type: schema.OAuth2, Token: engine.Token{AccessToken: schema.NewSecret("new-user"), RefreshToken: schema.NewSecret("r9")},
		}}
		p.token = func(*tokenCall) (int, string) {
			if err := store.Put(context.Background(), fresh); err != nil {
				t.Error(err)
			}
			return 200, `{"access_token":"late","refresh_token":"r2","expires_in":100}`
		}
		if got := token(t, e); got != "new-user" {
			t.Errorf("token %s", got)
		}
	})
}

func TestEndedTokenWithoutRefreshToken(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := &provider{token: answers(`{"access_token":"a1","expires_in":100}`)}
		e := newEngine(t, p, nil, nil)
		connect(t, e)
		time.Sleep(99 * time.Second)
		token(t, e) // good to the end
		time.Sleep(time.Second)
		if _, err := e.TokenSource(alice).Token(t.Context()); !errors.Is(err, engine.ErrReauthorize) {
			t.Errorf("got %v", err)
		}
	})
}

// One waiter that leaves spoils nothing for the others.
func TestCallerMayLeave(t *testing.T) {
	server := &rotating{delay: 10 * time.Second}
	bubble(t, server, nil, func(t *testing.T, e *engine.Engine, _ *provider) {
		time.Sleep(100 * time.Second)
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		start := time.Now()
		if _, err := e.TokenSource(alice).Token(ctx); !errors.Is(err, context.DeadlineExceeded) || time.Since(start) != time.Second {
			t.Errorf("after %v: %v", time.Since(start), err)
		}
		if got := token(t, e); got != "a2" || server.asked != 1 {
			t.Errorf("token %s after %d refreshes", got, server.asked)
		}
	})
}

// brokenStore fails the first n writes after a refresh.
type brokenStore struct {
	engine.ConnectionStore
	armed atomic.Bool
	left  atomic.Int32
}

func (s *brokenStore) Replace(ctx context.Context, c *engine.Connection, generation int64) error {
	if s.armed.Load() && c.Generation != generation && s.left.Add(-1) >= 0 {
		return errors.New("disk full")
	}
	return s.ConnectionStore.Replace(ctx, c, generation)
}

func TestRotatedTokenIsNotLetGo(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		server := &rotating{}
		p := &provider{token: server.token}
		store := &brokenStore{ConnectionStore: &engine.MemoryStore{}}
		e := newEngine(t, p, &engine.Options{Connections: store}, nil)
		connect(t, e)
		time.Sleep(100 * time.Second)
		store.left.Store(3)
		store.armed.Store(true)
		if got := token(t, e); got != "a2" || server.asked != 1 {
			t.Errorf("token %s after %d refreshes", got, server.asked)
		}
	})
}

func TestRefreshEvents(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var got []string
		server := &rotating{}
		e := newEngine(t, &provider{token: server.token}, &engine.Options{Observe: func(_ context.Context, ev engine.Event) {
			got = append(got, string(ev.Kind)+": "+ev.Reason)
		}}, nil)
		connect(t, e)
		time.Sleep(90 * time.Second)
		token(t, e)
		want := []string{
			"authorize: sending the user to consent, asking for read write, with PKCE S256",
			"exchange: the code was exchanged for a token good for 1m40s",
			"refresh: the token ends in 10s: got a new token good for 1m40s",
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Error(diff)
		}
	})
}

// Whoever watches hears once that a connection has died, and why.
func TestDeathIsTold(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var got []string
		server := &rotating{failing: func(int) (int, string) { return 400, `{"error":"invalid_grant"}` }}
		e := newEngine(t, &provider{token: server.token}, &engine.Options{Observe: func(_ context.Context, ev engine.Event) {
			if ev.Kind == engine.EventStatus {
				got = append(got, ev.Reason)
			}
		}}, nil)
		connect(t, e)
		time.Sleep(100 * time.Second)
		for range 3 {
			if _, err := e.TokenSource(alice).Token(t.Context()); !errors.Is(err, engine.ErrReauthorize) {
				t.Errorf("got %v", err)
			}
		}
		want := []string{"needs reauthorization: the provider no longer takes the refresh token (invalid_grant)"}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Error(diff)
		}
	})
}
