package server_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/nango-lite/nango-lite/connection"
	"github.com/nango-lite/nango-lite/engine"
	"github.com/nango-lite/nango-lite/schema"
	"github.com/nango-lite/nango-lite/server"
	"github.com/nango-lite/nango-lite/store/record"
)

func TestPatterns(t *testing.T) {
	for _, c := range []struct {
		pattern, integration, id string
		want                     bool
	}{
		{"notion/user-42", "notion", "user-42", true},
		{"notion/user-42", "notion", "user-421", false},
		{"notion/user-42", "notion2", "user-42", false},
		{"notion/*", "notion", "a/b", true},
		{"notion/*", "github", "a", false},
		{"*/user-42", "github", "user-42", true},
		{"*/user-42", "github", "x/user-42", false},
		{"notion/team-*", "notion", "team-", true},
		{"notion/team-*", "notion", "teams", false},
		{"notion/*-x-*", "notion", "a-x-b", true},
		{"notion/*-x-*", "notion", "a-x", false},
		{"notion/a*a", "notion", "a", false},
		{"n*n/**", "notion", "any", true},
	} {
		k := server.APIKey{Connections: []string{c.pattern}}
		if got := k.Reaches(connection.Key{Integration: c.integration, ConnectionID: c.id}); got != c.want {
			t.Errorf("%s reaches %s/%s: got %v", c.pattern, c.integration, c.id, got)
		}
	}
	if !(&server.APIKey{}).Reaches(connection.Key{Integration: "a", ConnectionID: "b"}) {
		t.Error("a key that is not bound reaches all")
	}
}

func TestAPIKeysAreCheckedBeforeTheyAreMade(t *testing.T) {
	for want, k := range map[string]server.APIKey{
		"name":                {Name: "with space"},
		"environment":         {Name: "environment"},
		`no scope "nonsense"`: {Name: "a", Scopes: []server.Scope{"nonsense"}},
		"no pattern":          {Name: "a", Connections: []string{"notion"}},
	} {
		_, err := server.CreateAPIKey(t.Context(), &record.Memory{}, k)
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%+v: got %v, want something about %s", k, err, want)
		}
	}
	if _, err := server.New(&engine.Engine{}, &server.Options{APIKey: schema.NewSecret("too-short")}); err == nil {
		t.Error("a short key of the operator's is taken")
	}
}

// Only the hash is kept, the key is told once, and two names are two keys.
func TestAPIKeysAtRest(t *testing.T) {
	records := &record.Memory{}
	key, err := server.CreateAPIKey(t.Context(), records, server.APIKey{Name: "mine", Connections: []string{"notion/*"}})
	if err != nil {
		t.Fatal(err)
	}
	kept, err := records.Record(t.Context(), "api_key", "mine")
	if err != nil || strings.Contains(string(kept.Open), key.Reveal()[4:]) {
		t.Errorf("the key itself is kept: %s, %v", kept.Open, err)
	}
	if _, err := server.CreateAPIKey(t.Context(), records, server.APIKey{Name: "mine"}); !errors.Is(err, server.ErrKeyExists) {
		t.Errorf("a second of that name: %v", err)
	}
	keys, err := server.ListAPIKeys(t.Context(), records)
	if err != nil || len(keys) != 1 || keys[0].Name != "mine" || keys[0].May(server.ScopeToken) || !keys[0].May(server.ScopeProxy) {
		t.Errorf("listed: %+v, %v", keys, err)
	}
	if err := server.RevokeAPIKey(t.Context(), records, "mine"); err != nil {
		t.Error(err)
	}
	if err := server.RevokeAPIKey(t.Context(), records, "mine"); !errors.Is(err, server.ErrNoKey) {
		t.Errorf("revoked again: %v", err)
	}
}

func TestTheFirstKeyIsMadeOnce(t *testing.T) {
	records := &record.Memory{}
	key, err := server.EnsureFirstKey(t.Context(), records, time.Now())
	if err != nil || key.Empty() {
		t.Fatalf("got %v, %v", key, err)
	}
	if again, err := server.EnsureFirstKey(t.Context(), records, time.Now()); err != nil || !again.Empty() {
		t.Errorf("made again: %v", err)
	}
	keys, _ := server.ListAPIKeys(t.Context(), records)
	if len(keys) != 1 || len(keys[0].Scopes) != len(server.Scopes) {
		t.Errorf("the first key has %+v, want every scope", keys)
	}
}

// Keys are made and revoked while servers run.
func TestKeysAreNoticedWithoutARestart(t *testing.T) {
	s := newStage(t, nil)
	ask := func(key string) int { return s.do("GET", "/c/lamps/user-42/x", nil, bearer(key)...).StatusCode }
	key := s.key("late", nil)
	if got := ask(key); got != 200 {
		t.Errorf("made a moment ago: %d", got)
	}
	if err := server.RevokeAPIKey(t.Context(), s.records, "late"); err != nil {
		t.Fatal(err)
	}
	s.advance(time.Second)
	if got := ask(key); got != 401 {
		t.Errorf("revoked a second ago: %d", got)
	}
}

// Requests cost no statement: the store is asked once a second, whatever comes.
func TestTheStoreIsAskedOnceASecond(t *testing.T) {
	s := newStage(t, nil)
	key := s.key("mine", server.Scopes)
	before := s.records.asked.Load()
	for range 50 {
		if a := s.do("GET", "/c/lamps/user-42/x", nil, bearer(key)...); a.StatusCode != 200 {
			t.Fatalf("%d %s", a.StatusCode, a.body)
		}
		s.askToken("tides/user-42", key)
	}
	if n := s.records.asked.Load() - before; n != 1 {
		t.Errorf("the store was asked %d times in 100 requests", n)
	}
}

// A database that is away for less than a minute locks nobody out, and then the
// answer is that nobody knows, which is not that the key is bad.
func TestKeysWhileTheStoreIsAway(t *testing.T) {
	s := newStage(t, nil)
	key := s.key("mine", server.Scopes)
	ask := func() answer { return s.do("GET", "/c/lamps/user-42/x", nil, bearer(key)...) }
	ask()
	s.records.away.Store(true)
	for range 5 {
		s.advance(10 * time.Second)
		if a := ask(); a.StatusCode != 200 {
			t.Errorf("%d %s", a.StatusCode, a.body)
		}
	}
	s.advance(11 * time.Second)
	s.want(ask(), 503, "unavailable")
	s.want(s.askToken("tides/user-42", key), 503, "temporarily_unavailable")
	if a := s.do("GET", "/c/lamps/user-42/x", nil, bearer(operator)...); a.StatusCode != 200 {
		t.Errorf("the operator's key needs no store: %d", a.StatusCode)
	}
	s.records.away.Store(false)
	s.advance(2 * time.Second)
	if a := ask(); a.StatusCode != 200 {
		t.Errorf("when it is back: %d", a.StatusCode)
	}
}
