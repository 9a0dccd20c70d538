package main

import (
	"context"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/nango-lite/nango-lite/connection"
	"github.com/nango-lite/nango-lite/engine"
	"github.com/nango-lite/nango-lite/schema"
)

func TestMain(m *testing.M) {
	if isWorker() {
		os.Exit(worker())
	}
	os.Exit(m.Run())
}

const serverEnv = "NANGO_LITE_TEST_POSTGRES"

// onBoth runs f on a SQLite file and on PostgreSQL.
func onBoth(t *testing.T, f func(t *testing.T, at *place)) {
	for _, name := range []string{"SQLite", "PostgreSQL"} {
		server := ""
		if name == "PostgreSQL" {
			server = os.Getenv(serverEnv)
		}
		t.Run(name, func(t *testing.T) {
			if server == "" && name == "PostgreSQL" {
				t.Skipf("%s is not set: %[1]s=$(.ci/postgres start /tmp/postgres) go test ./store/soak", serverEnv)
			}
			at, err := newPlace(t.Context(), server)
			if err != nil {
				t.Fatal(err)
			}
			defer func() {
				if err := at.close(); err != nil {
					t.Error(err)
				}
			}()
			f(t, at)
		})
	}
}

// publish logs the counts, and has .ci/verdict.go print the last line of them.
func publish(t *testing.T, text string) {
	t.Log(text)
	lines := strings.Split(strings.TrimSpace(text), "\n")
	t.Attr("counts", lines[len(lines)-1])
}

// The promise in full: 1,000 callers in each of 4 processes.
func TestExactlyOnce(t *testing.T) {
	onBoth(t, func(t *testing.T, at *place) {
		text, err := once(t.Context(), at, fullSize)
		publish(t, text)
		if err != nil {
			t.Error(err)
		}
	})
}

func TestNothingLost(t *testing.T) {
	onBoth(t, func(t *testing.T, at *place) {
		text, err := lost(t.Context(), at, lostSize{Runs: 50, AtOnce: 8, Seed: time.Now().UnixNano()})
		publish(t, text)
		if err != nil {
			t.Error(err)
		}
	})
}

// What another process writes is in force here half a second later, and meanwhile
// the database is asked one question for all connections.
func TestCacheFollowsTheStore(t *testing.T) {
	onBoth(t, func(t *testing.T, at *place) {
		ctx := t.Context()
		ours, closeOurs, err := at.open(ctx)
		if err != nil {
			t.Fatal(err)
		}
		defer closeOurs()
		theirs, closeTheirs, err := at.open(ctx)
		if err != nil {
			t.Fatal(err)
		}
		defer closeTheirs()
		if _, ok := ours.(connection.ChangeFeed); !ok {
			t.Fatal("the store is no ChangeFeed")
		}
		put := func(id, token string) {
			t.Helper()
			c := &connection.Connection{Key: connection.Key{Integration: name, ConnectionID: id}, Status: connection.StatusActive}
			c.Credentials = connection.Credentials{Type: schema.OAuth2, Token: connection.Token{AccessToken: schema.NewSecret(token)}}
			if err := theirs.Put(ctx, c); err != nil {
				t.Fatal(err)
			}
		}
		cfg := &schema.Config{Integrations: map[string]*schema.Integration{name: integration(0)}}
		e, err := engine.New(cfg, &engine.Options{Connections: ours})
		if err != nil {
			t.Fatal(err)
		}
		token := func(id string) string {
			tok, err := e.TokenSource(connection.Key{Integration: name, ConnectionID: id}).Token(ctx)
			if err != nil {
				return string(engine.ErrorKind(err))
			}
			return tok.AccessToken.Reveal()
		}
		put("a", "a1")
		put("b", "b1")
		got := []string{token("a"), token("b")}
		time.Sleep(600 * time.Millisecond)
		token("a") // learns the revision
		before := e.CacheStats()
		put("a", "a2")
		if err := theirs.Delete(ctx, connection.Key{Integration: name, ConnectionID: "b"}); err != nil {
			t.Fatal(err)
		}
		for wait := 0; wait < 50 && token("a") != "a2"; wait++ {
			time.Sleep(20 * time.Millisecond)
		}
		got = append(got, token("a"), token("b"))
		if want := []string{"a1", "b1", "a2", string(engine.KindNotFound)}; !slices.Equal(got, want) {
			t.Errorf("got %q, want %q; %+v, then %+v", got, want, before, e.CacheStats())
		}
	})
}

// While a provider is talked to, nothing of the database is held: its one connection
// does other things.
func TestNothingIsHeldDuringARequest(t *testing.T) {
	onBoth(t, func(t *testing.T, at *place) {
		ctx := t.Context()
		narrow := *at
		if at.postgres() {
			narrow.Store += "&pool_max_conns=1"
		}
		store, closeStore, err := narrow.open(ctx)
		if err != nil {
			t.Fatal(err)
		}
		defer closeStore()
		p, err := startProvider(0)
		if err != nil {
			t.Fatal(err)
		}
		defer p.close()
		rt, err := transport(p.base, p.in)
		if err != nil {
			t.Fatal(err)
		}
		e, err := newEngine(store, rt, p.in)
		if err != nil {
			t.Fatal(err)
		}
		c, err := connectEnded(ctx, e, store, rt, "a")
		if err != nil {
			t.Fatal(err)
		}
		other := c.Clone()
		other.Key.ConnectionID = "b"
		asked := 0
		meanwhile := func() {
			asked++
			ctx, cancel := context.WithTimeout(ctx, 20*time.Second)
			defer cancel()
			if err := store.Put(ctx, other); err != nil {
				t.Errorf("Put: %v", err)
			}
			if _, err := store.Get(ctx, c.Key); err != nil {
				t.Errorf("Get: %v", err)
			}
		}
		p.onToken.Store(&meanwhile)
		if _, err := e.TokenSource(c.Key).Token(ctx); err != nil || asked != 1 {
			t.Errorf("%d token calls, %v", asked, err)
		}
	})
}
