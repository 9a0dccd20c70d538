package engine_test

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/nango-lite/nango-lite/engine"
	"github.com/nango-lite/nango-lite/schema"
)

// lapsing is a server whose refresh tokens, called user-7.3, work once and lapse
// after a day.
type lapsing struct {
	mu     sync.Mutex
	serial map[string]int
	issued map[string]time.Time
	at     []time.Time // of each refresh
	lapsed int
	reused int
	down   bool
}

func (l *lapsing) token(c *tokenCall) (int, string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.down {
		return 503, "down"
	}
	user, serial, _ := strings.Cut(c.params.Get("refresh_token"), ".")
	switch n, _ := strconv.Atoi(serial); {
	case n != l.serial[user]:
		l.reused++
		return 400, `{"error":"invalid_grant"}`
	case time.Since(l.issued[user]) > 24*time.Hour:
		l.lapsed++
		return 400, `{"error":"invalid_grant"}`
	}
	l.at = append(l.at, time.Now())
	return 200, fmt.Sprintf(`{"access_token":"a","expires_in":3600,"refresh_token":%q}`, l.issue(user))
}

func (l *lapsing) issue(user string) string {
	l.serial[user]++
	l.issued[user] = time.Now()
	return fmt.Sprintf("%s.%d", user, l.serial[user])
}

// keeping runs f with engines over one store, whose keepers run, and with
// connections that nobody uses.
func keeping(t *testing.T, engines, users int, f func(t *testing.T, e *engine.Engine, l *lapsing)) {
	t.Helper()
	keepingWithin(t, nil, engines, users, f)
}

// keepingWithin is keeping where the API allows so many requests.
func keepingWithin(t *testing.T, limit *schema.RateLimit, engines, users int, f func(t *testing.T, e *engine.Engine, l *lapsing)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		l := &lapsing{serial: map[string]int{}, issued: map[string]time.Time{}}
		p := &provider{token: l.token}
		store := &engine.MemoryStore{}
		ctx, cancel := context.WithCancel(t.Context())
		var running sync.WaitGroup
		var e *engine.Engine
		for range engines {
			one := newEngine(t, p, &engine.Options{Connections: store}, func(in *schema.Integration) {
				in.Auth.RefreshTokenLifetimeSeconds = 86400
				in.Requests.RateLimit = limit
			})
			running.Go(func() { one.Run(ctx) })
			e = one
		}
		for i := range users {
			user := fmt.Sprint("user-", i)
			_, err := e.Connect(ctx, engine.Key{Integration: "fjord", ConnectionID: user}, engine.Credentials{Token: engine.Token{
				AccessToken: schema.NewSecret("a"), RefreshToken: schema.NewSecret(l.issue(user)), ExpiresAt: time.Now().Add(time.Hour),
			}}, nil)
			if err != nil {
				t.Fatal(err)
			}
		}
		f(t, e, l)
		cancel()
		running.Wait() // and the bubble sees that nothing else runs on
	})
}

func alive(t *testing.T, e *engine.Engine) (n int) {
	t.Helper()
	for q := (engine.Query{}); ; {
		page, err := e.Connections(t.Context(), q)
		if err != nil {
			t.Fatal(err)
		}
		for _, c := range page.Connections {
			if c.Status == engine.StatusActive {
				n++
			}
		}
		if q.Cursor = page.Next; q.Cursor == "" {
			return n
		}
	}
}

// Five days, and nobody has called: all are alive, none was refreshed twice at once
// by the three processes, and the refreshes were spread out.
func TestKeeperKeepsIdleConnectionsAlive(t *testing.T) {
	keeping(t, 3, 300, func(t *testing.T, e *engine.Engine, l *lapsing) {
		time.Sleep(5 * 24 * time.Hour)
		if n := alive(t, e); n != 300 || l.lapsed+l.reused != 0 {
			t.Errorf("%d of 300 alive, %d lapsed, %d reused", n, l.lapsed, l.reused)
		}
		if n := len(l.at); n < 300*6 || n > 300*10 {
			t.Errorf("%d refreshes in five days, want some eight for each of 300", n)
		}
		perMinute := map[int64]int{}
		for _, at := range l.at {
			perMinute[at.Unix()/60]++
		}
		most := 0
		for _, n := range perMinute {
			most = max(most, n)
		}
		if most > 100 { // 25 are due in half an hour, at random
			t.Errorf("up to %d refreshes a minute", most)
		}
	})
}

// A provider that is down for five hours costs nobody the connection, and is not
// asked for each of them in every round.
func TestKeeperWaitsOutAProviderThatIsDown(t *testing.T) {
	keeping(t, 1, 100, func(t *testing.T, e *engine.Engine, l *lapsing) {
		time.Sleep(13 * time.Hour)
		l.mu.Lock()
		l.down = true
		l.mu.Unlock()
		time.Sleep(5 * time.Hour)
		l.mu.Lock()
		l.down = false
		l.mu.Unlock()
		time.Sleep(24 * time.Hour)
		if n := alive(t, e); n != 100 || l.lapsed != 0 {
			t.Errorf("%d of 100 alive, %d lapsed", n, l.lapsed)
		}
	})
}

// The keeper goes at the pace that the API allows, also where much is due at once.
func TestKeeperKeepsToTheBudget(t *testing.T) {
	limit := &schema.RateLimit{Budget: &schema.Budget{Requests: 3, PerSeconds: 60}}
	keepingWithin(t, limit, 1, 300, func(t *testing.T, e *engine.Engine, l *lapsing) {
		time.Sleep(2 * 24 * time.Hour)
		l.mu.Lock()
		defer l.mu.Unlock()
		for i, at := range l.at[1:] {
			if gap := at.Sub(l.at[i]); gap < 20*time.Second {
				t.Fatalf("refresh %d came %v after the one before it; the budget is one in 20 s", i+1, gap)
			}
		}
		if n := alive(t, e); n != 300 {
			t.Errorf("%d of 300 alive", n)
		}
	})
}

// What is dead, ended or in use is left alone.
func TestKeeperLeavesTheOthersAlone(t *testing.T) {
	keeping(t, 1, 2, func(t *testing.T, e *engine.Engine, l *lapsing) {
		l.mu.Lock()
		l.serial["user-0"] = 99 // dead at its first refresh
		l.mu.Unlock()
		for range 48 { // user-1 is in use
			time.Sleep(time.Hour)
			if _, err := e.TokenSource(engine.Key{Integration: "fjord", ConnectionID: "user-1"}).Token(t.Context()); err != nil {
				t.Fatal(err)
			}
		}
		if l.reused != 1 {
			t.Errorf("a dead connection was tried %d times, want 1", l.reused)
		}
		if n := len(l.at); n > 49 {
			t.Errorf("%d refreshes of a connection that is in use each hour", n)
		}
	})
}

func TestKeeperWithNothingToDo(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), 100*time.Hour)
		defer cancel()
		e := newEngine(t, &provider{}, nil, nil)
		start := time.Now()
		e.Run(ctx)
		if time.Since(start) != 100*time.Hour {
			t.Errorf("returned after %v", time.Since(start))
		}
	})
}
