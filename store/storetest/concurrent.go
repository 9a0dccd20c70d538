package storetest

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/nango-lite/nango-lite/connection"
)

const workers, rounds = 8, 10

// parallel calls fn from several goroutines at once.
func parallel(fn func(worker int)) {
	var wg sync.WaitGroup
	for w := range workers {
		wg.Go(func() { fn(w) })
	}
	wg.Wait()
}

func testConcurrentReplace(t *testing.T, s connection.Store) { replaceAtOnce(t, s, s) }

// replaceAtOnce checks that of several Replaces of a generation one succeeds.
func replaceAtOnce(t *testing.T, stores ...connection.Store) {
	c := Connection(key)
	mustPut(t, stores[0], c)
	var won atomic.Int64
	parallel(func(worker int) {
		s := stores[worker%len(stores)]
		for range rounds {
			d, err := s.Get(t.Context(), key)
			if err != nil {
				t.Errorf("Get: %v", err)
				return
			}
			was := d.Generation
			d.Generation++
			switch err := s.Replace(t.Context(), d, was); {
			case err == nil:
				won.Add(1)
			case !errors.Is(err, connection.ErrConflict):
				t.Errorf("Replace: %v", err)
			}
		}
	})
	if got, want := mustGet(t, stores[0], key).Generation, c.Generation+won.Load(); got != want {
		t.Errorf("%d Replaces succeeded, and the generation grew by %d", won.Load(), got-c.Generation)
	}
}

func testConcurrentPut(t *testing.T, s connection.Store) {
	first := Connection(key)
	mustPut(t, s, first)
	var seen sync.Map
	parallel(func(worker int) {
		for range rounds {
			c := Connection(key)
			if err := s.Put(t.Context(), c); err != nil {
				t.Errorf("Put: %v", err)
			}
			if _, twice := seen.LoadOrStore(c.Generation, true); twice {
				t.Errorf("generation %d was given twice", c.Generation)
			}
		}
	})
	if got, want := mustGet(t, s, key).Generation, first.Generation+workers*rounds; got != want {
		t.Errorf("got generation %d, want %d", got, want)
	}
}

func testConcurrentLease(t *testing.T, s connection.Store) { leaseAtOnce(t, s) }

// leaseAtOnce checks that one worker at a time has the lease.
func leaseAtOnce(t *testing.T, stores ...connection.Store) {
	var holders, turns atomic.Int64
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	parallel(func(worker int) {
		s, holder := stores[worker%len(stores)], fmt.Sprint("worker ", worker)
		for done := 0; done < rounds; {
			err := s.Acquire(ctx, key, holder, time.Hour)
			if errors.Is(err, connection.ErrLeased) {
				continue
			}
			if err != nil {
				t.Errorf("Acquire: %v", err)
				return
			}
			if n := holders.Add(1); n != 1 {
				t.Errorf("%d workers have the lease", n)
			}
			turns.Add(1)
			holders.Add(-1)
			if err := s.Release(ctx, key, holder); err != nil {
				t.Errorf("Release: %v", err)
				return
			}
			done++
		}
	})
	if turns.Load() != workers*rounds {
		t.Errorf("got %d turns, want %d", turns.Load(), workers*rounds)
	}
}

// Everything at once neither blocks nor fails, and what is read is whole.
func testConcurrentMix(t *testing.T, s connection.Store) {
	ctx := t.Context()
	expected := func(what string, err error) {
		if err != nil && !errors.Is(err, connection.ErrNoConnection) && !errors.Is(err, connection.ErrConflict) && !errors.Is(err, connection.ErrLeased) {
			t.Errorf("%s: %v", what, err)
		}
	}
	parallel(func(worker int) {
		k := connection.Key{Integration: "a", ConnectionID: fmt.Sprint(worker % 3)}
		want := Connection(k)
		for range rounds {
			expected("Put", s.Put(ctx, Connection(k)))
			got, err := s.Get(ctx, k)
			expected("Get", err)
			if err == nil {
				want.Generation = got.Generation
				if diff := Diff(want, got); diff != "" {
					t.Errorf("Get (-want +got):\n%s", diff)
				}
				expected("Replace", s.Replace(ctx, got, got.Generation))
			}
			_, err = s.List(ctx, connection.Query{})
			expected("List", err)
			expected("Acquire", s.Acquire(ctx, k, fmt.Sprint(worker), time.Minute))
			expected("Release", s.Release(ctx, k, fmt.Sprint(worker)))
			expected("Delete", s.Delete(ctx, k))
		}
	})
}
