package server_test

import (
	"testing"
	"time"

	"github.com/nango-lite/nango-lite/engine"
	"github.com/nango-lite/nango-lite/schema"
	"github.com/nango-lite/nango-lite/server"
)

func TestAShortKeyOfTheOperatorsIsRefused(t *testing.T) {
	if _, err := server.New(&engine.Engine{}, &server.Options{APIKey: schema.NewSecret("too-short")}); err == nil {
		t.Error("it is taken")
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
