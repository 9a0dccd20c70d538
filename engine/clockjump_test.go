package engine_test

import (
	"testing"
	"time"

	"github.com/nango-lite/nango-lite/engine"
)

// A clock that jumps is an error of the calls that are made meanwhile. When it is right
// again, the token is as good as it was: what the clock alone says is never stored.
func TestClockThatJumpsEndsNothing_S50(t *testing.T) {
	for _, jump := range []time.Duration{-1000 * time.Hour, 12 * time.Hour, 26 * time.Hour, 20 * 365 * 24 * time.Hour} {
		began, off := time.Date(2026, 11, 29, 12, 0, 0, 0, time.UTC), time.Duration(0)
		s := &engine.MemoryStore{}
		e := newEngine(t, &provider{}, &engine.Options{Connections: s, Now: func() time.Time { return began.Add(off) }}, nil)
		given := engine.Credentials{Token: engine.Token{AccessToken: secret("a"), ExpiresAt: began.Add(time.Hour)}}
		if _, err := e.Connect(t.Context(), alice, given, nil); err != nil {
			t.Fatal(err)
		}
		off = jump
		for range 2 {
			if _, err := callAs(t, e, "/me"); (engine.ErrorKind(err) == engine.KindReauthorize) != (jump > 0) {
				t.Errorf("%v ahead: a call: got %v", jump, err)
			}
			if _, err := e.TokenSource(alice).Token(t.Context()); (engine.ErrorKind(err) == engine.KindReauthorize) != (jump > 0) {
				t.Errorf("%v ahead: a token: got %v", jump, err)
			}
		}
		off = time.Second // somebody has set it right
		if _, err := callAs(t, e, "/me"); err != nil {
			t.Errorf("%v and back: %v", jump, err)
		}
		if c, err := s.Get(t.Context(), alice); err != nil || c.Status != engine.StatusActive {
			t.Errorf("%v and back: got %+v, %v", jump, c, err)
		}
	}
}
