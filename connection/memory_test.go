package connection_test

import (
	"errors"
	"testing"
	"time"

	"github.com/nango-lite/nango-lite/connection"
	"github.com/nango-lite/nango-lite/store/storetest"
)

func TestMemoryStore(t *testing.T) {
	storetest.Run(t, func(*testing.T) connection.Store { return &connection.MemoryStore{} })
	storetest.RunShared(t, func(*testing.T) (a, b connection.Store) {
		s := newClocked()
		return s, s
	})
}

// clocked is a storetest.Advancer.
type clocked struct {
	*connection.MemoryStore
	offset time.Duration
}

func newClocked() *clocked {
	began := time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)
	s := &clocked{}
	s.MemoryStore = &connection.MemoryStore{Now: func() time.Time { return began.Add(s.offset) }}
	return s
}

func (s *clocked) Advance(d time.Duration) { s.offset += d }

// A lease taken before the clock was set back by an hour must not block the
// connection for an hour.
func TestMemoryStoreClockSetBack(t *testing.T) {
	s := newClocked()
	k := connection.Key{Integration: "a", ConnectionID: "1"}
	acquire := func(holder string) error { return s.Acquire(t.Context(), k, holder, 10*time.Second) }
	if err := acquire("a"); err != nil {
		t.Fatal(err)
	}
	s.Advance(-5 * time.Second) // within what a lease lasts: better to wait
	if err := acquire("b"); !errors.Is(err, connection.ErrLeased) {
		t.Errorf("clock set back a little: got %v, want %v", err, connection.ErrLeased)
	}
	s.Advance(-time.Hour)
	if err := acquire("b"); err != nil {
		t.Errorf("clock set back by an hour: %v", err)
	}
	if err := acquire("a"); !errors.Is(err, connection.ErrLeased) {
		t.Errorf("renewal of a lease that was lost: got %v, want %v", err, connection.ErrLeased)
	}
	s.Advance(2 * time.Hour)
	if err := acquire("a"); err != nil {
		t.Errorf("clock set ahead: %v", err)
	}
}

func BenchmarkMemoryStoreGet(b *testing.B) {
	s := &connection.MemoryStore{}
	k := connection.Key{Integration: "notion", ConnectionID: "user-42"}
	if err := s.Put(b.Context(), storetest.Connection(k)); err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		if _, err := s.Get(b.Context(), k); err != nil {
			b.Fatal(err)
		}
	}
}
