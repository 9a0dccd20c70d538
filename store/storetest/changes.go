package storetest

import (
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/nango-lite/nango-lite/connection"
	"github.com/nango-lite/nango-lite/store/seal"
)

// A Feed is a store whose writes others can follow.
type Feed interface {
	connection.Store
	connection.ChangeFeed
}

// RunChanges checks what an [connection.ChangeFeed] promises: open returns two handles
// on one empty medium, as two processes would have them.
func RunChanges(t *testing.T, open func(t *testing.T) (a, b Feed)) {
	for name, test := range map[string]func(t *testing.T, a, b Feed){
		"what one writes the other hears of": testHeard,
		"what is no change is not told":      testNoChange,
		"who knows nothing starts over":      testStartOver,
		"many changes come in parts":         testManyChanges,
		"nothing is missed":                  testNothingMissed,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			a, b := open(t)
			test(t, a, b)
		})
	}
}

// now returns the revision that there is.
func now(t *testing.T, f Feed) int64 {
	t.Helper()
	return changes(t, f, -1).Revision
}

func changes(t *testing.T, f Feed, since int64) connection.Changes {
	t.Helper()
	c, err := f.Changes(t.Context(), since)
	if err != nil {
		t.Fatalf("Changes since %d: %v", since, err)
	}
	return c
}

func testHeard(t *testing.T, a, b Feed) {
	ctx := t.Context()
	since := now(t, b)
	other := connection.Key{Integration: "a", ConnectionID: "other"}
	heard := func(what string, want ...connection.Key) {
		t.Helper()
		c := changes(t, b, since)
		if !slices.Equal(c.Keys, want) || c.All || c.More || c.Revision <= since {
			t.Errorf("%s: got %+v since %d, want the keys %v", what, c, since, want)
		}
		since = c.Revision
		if c := changes(t, b, since); len(c.Keys) != 0 || c.All || c.Revision != since {
			t.Errorf("%s, asked again: got %+v, want nothing new", what, c)
		}
	}
	c := Connection(key)
	mustPut(t, a, c)
	heard("Put", key)
	mustPut(t, a, c)
	heard("Put again", key)
	checkError(t, "Replace", a.Replace(ctx, c, c.Generation), nil)
	heard("Replace", key)
	mustPut(t, a, Connection(other))
	mustPut(t, b, c)
	mustPut(t, a, c)
	heard("two connections", other, key)
	checkError(t, "Delete", a.Delete(ctx, key), nil)
	heard("Delete", key)
	mustPut(t, a, Connection(key))
	checkError(t, "Delete", a.Delete(ctx, key), nil)
	checkError(t, "Delete", a.Delete(ctx, other), nil)
	mustPut(t, a, Connection(key))
	heard("deleted and connected anew", key, other)
}

func testNoChange(t *testing.T, a, b Feed) {
	ctx := t.Context()
	c := Connection(key)
	mustPut(t, a, c)
	since := now(t, b)
	absent := connection.Key{Integration: "a", ConnectionID: "absent"}
	checkError(t, "Acquire", a.Acquire(ctx, key, "a", time.Minute), nil)
	checkError(t, "Release", a.Release(ctx, key, "a"), nil)
	checkError(t, "Replace of another generation", a.Replace(ctx, c, c.Generation-1), connection.ErrConflict)
	checkError(t, "Replace of none", a.Replace(ctx, Connection(absent), 1), connection.ErrNoConnection)
	checkError(t, "Delete of none", a.Delete(ctx, absent), connection.ErrNoConnection)
	mustGet(t, a, key)
	if rows, ok := a.(seal.Rows); ok {
		r := row(t, rows, key)
		checkError(t, "SwapRow", rows.SwapRow(ctx, r, r.Data), nil)
	}
	if got := changes(t, b, since); len(got.Keys) != 0 || got.All || got.Revision != since {
		t.Errorf("got %+v since %d, want nothing", got, since)
	}
}

func testStartOver(t *testing.T, a, b Feed) {
	mustPut(t, a, Connection(key))
	at := now(t, b)
	for _, since := range []int64{-1, -1 << 62, at + 1, 1 << 62} {
		if c := changes(t, b, since); !c.All || len(c.Keys) != 0 || c.More || c.Revision != at {
			t.Errorf("since %d: got %+v, want all and revision %d", since, c, at)
		}
	}
}

func testManyChanges(t *testing.T, a, b Feed) {
	const gone, kept = 60, 1100
	since := now(t, b)
	want := map[connection.Key]bool{}
	var conns []*connection.Connection
	for i := range gone + kept {
		c := &connection.Connection{Key: numbered(i)}
		want[c.Key] = true
		conns = append(conns, c)
	}
	addAll(t, a, conns)
	for _, c := range conns[:gone] {
		checkError(t, "Delete", a.Delete(t.Context(), c.Key), nil)
	}
	for range 10 {
		c := changes(t, b, since)
		if c.Revision <= since || c.All {
			t.Fatalf("got %+v since %d", c, since)
		}
		since = c.Revision
		for _, k := range c.Keys {
			delete(want, k)
		}
		if !c.More {
			break
		}
	}
	if len(want) > 0 || since != now(t, b) {
		t.Errorf("%d connections were not told, at revision %d of %d", len(want), since, now(t, b))
	}
}

// testNothingMissed asks while many write: revisions become visible in their order.
func testNothingMissed(t *testing.T, a, b Feed) {
	since := now(t, b)
	heard := map[connection.Key]int{}
	listen := func() {
		for {
			c := changes(t, b, since)
			since = c.Revision
			for _, k := range c.Keys {
				heard[k]++
			}
			if !c.More {
				return
			}
		}
	}
	var writers sync.WaitGroup
	done := make(chan struct{})
	for w := range workers {
		writers.Go(func() {
			for i := range rounds {
				k := connection.Key{Integration: "a", ConnectionID: fmt.Sprint(w, "-", i)}
				if err := []Feed{a, b}[w%2].Put(t.Context(), &connection.Connection{Key: k}); err != nil {
					t.Errorf("Put: %v", err)
				}
			}
		})
	}
	go func() { writers.Wait(); close(done) }()
	for running := true; running; {
		select {
		case <-done:
			running = false
		default:
		}
		listen()
	}
	for w := range workers {
		for i := range rounds {
			k := connection.Key{Integration: "a", ConnectionID: fmt.Sprint(w, "-", i)}
			if heard[k] != 1 {
				t.Errorf("heard of %s %d times, want once", k, heard[k])
			}
		}
	}
}

// addAll keeps many, at once if the store can.
func addAll(t *testing.T, s connection.Store, conns []*connection.Connection) {
	t.Helper()
	if adder, ok := s.(Adder); ok {
		checkError(t, "Add", adder.Add(t.Context(), conns), nil)
		return
	}
	for _, c := range conns {
		mustPut(t, s, c)
	}
}

// row returns the row of k.
func row(t *testing.T, s seal.Rows, k connection.Key) seal.Row {
	t.Helper()
	for after := (connection.Key{}); ; {
		rows, err := s.RowsAfter(t.Context(), after, 10)
		if err != nil || len(rows) == 0 {
			t.Fatalf("RowsAfter %s: got %d rows, %v; want that of %s", after, len(rows), err, k)
		}
		for _, r := range rows {
			if after = r.Key; after == k {
				return r
			}
		}
	}
}
