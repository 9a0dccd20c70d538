package storetest

import (
	"errors"
	"testing"
	"time"

	"github.com/nango-lite/nango-lite/connection"
	"github.com/nango-lite/nango-lite/schema"
)

// RunShared checks what a store promises to several processes: open returns two
// handles on one empty medium, as two processes would have them. (A medium that
// is the process's own memory may give the same handle twice.)
func RunShared(t *testing.T, open func(t *testing.T) (a, b connection.Store)) {
	for name, test := range map[string]func(t *testing.T, a, b connection.Store){
		"writes of one are read by the other":     testShared,
		"lease excludes":                          testSharedLease,
		"lease renews":                            testSharedRenew,
		"lease of a dead holder ends":             testSharedDead,
		"late holder does not overwrite":          testSharedLate,
		"late holder does not lose its own":       testSharedKept,
		"connected anew while a refresh goes on":  testSharedDeleted,
		"of replaces at once one succeeds":        func(t *testing.T, a, b connection.Store) { replaceAtOnce(t, a, b) },
		"of many workers one at a time has lease": func(t *testing.T, a, b connection.Store) { leaseAtOnce(t, a, b) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			a, b := open(t)
			test(t, a, b)
		})
	}
}

func testShared(t *testing.T, a, b connection.Store) {
	c := Connection(key)
	mustPut(t, a, c)
	checkKept(t, b, c)
	c.Reason = "changed"
	checkError(t, "Replace", b.Replace(t.Context(), c, c.Generation), nil)
	checkKept(t, a, c)
	p, err := a.List(t.Context(), connection.Query{})
	if err != nil || len(p.Connections) != 1 || p.Connections[0].Reason != "changed" {
		t.Errorf("List: got %d connections, %v", len(p.Connections), err)
	}
	checkError(t, "Delete", b.Delete(t.Context(), key), nil)
	_, err = a.Get(t.Context(), key)
	checkError(t, "Get of what the other deleted", err, connection.ErrNoConnection)
}

func testSharedLease(t *testing.T, a, b connection.Store) {
	ctx := t.Context()
	checkError(t, "Acquire", a.Acquire(ctx, key, "a", time.Hour), nil)
	err := b.Acquire(ctx, key, "b", time.Hour)
	checkError(t, "Acquire by the other", err, connection.ErrLeased)
	if leased := new(connection.LeasedError); !errors.As(err, &leased) || leased.Holder != "a" {
		t.Errorf("Acquire by the other: got %v, want one that names the holder", err)
	}
	checkError(t, "Release of what it has not", b.Release(ctx, key, "b"), nil)
	checkError(t, "Acquire by the other", b.Acquire(ctx, key, "b", time.Hour), connection.ErrLeased)
	checkError(t, "Release", a.Release(ctx, key, "a"), nil)
	checkError(t, "Acquire of what was released", b.Acquire(ctx, key, "b", time.Hour), nil)
	checkError(t, "Acquire", a.Acquire(ctx, key, "a", time.Hour), connection.ErrLeased)
}

// ttl is how long leases last that are left to end.
const ttl = 50 * time.Millisecond

func testSharedRenew(t *testing.T, a, b connection.Store) {
	ctx := t.Context()
	checkError(t, "Acquire", a.Acquire(ctx, key, "a", time.Hour), nil)
	checkError(t, "Acquire for longer", a.Acquire(ctx, key, "a", 2*time.Hour), nil)
	if clock, ok := a.(Advancer); ok {
		clock.Advance(90 * time.Minute)
		checkError(t, "Acquire of what was renewed", b.Acquire(ctx, key, "b", time.Hour), connection.ErrLeased)
	}
	// To renew is also to shorten: the lease is what was asked for last.
	checkError(t, "Acquire for shorter", a.Acquire(ctx, key, "a", ttl), nil)
	acquireEnded(t, b, "b")
}

func testSharedDead(t *testing.T, a, b connection.Store) {
	ctx := t.Context()
	began := time.Now()
	checkError(t, "Acquire", a.Acquire(ctx, key, "dead", ttl), nil)
	acquireEnded(t, b, "b")
	_, moved := b.(Advancer)
	if took := time.Since(began); !moved && took < ttl-5*time.Millisecond { // clocks may tick coarsely
		t.Errorf("the lease ended after %v, want %v", took, ttl)
	}
	// The dead one wakes: it has lost the lease, and ending it does nothing.
	checkError(t, "renewal of a lease that was lost", a.Acquire(ctx, key, "dead", time.Hour), connection.ErrLeased)
	checkError(t, "Release of a lease that was lost", a.Release(ctx, key, "dead"), nil)
	checkError(t, "Acquire", a.Acquire(ctx, key, "c", time.Hour), connection.ErrLeased)
}

// acquireEnded acquires for an hour what ends after ttl.
func acquireEnded(t *testing.T, s connection.Store, holder string) {
	t.Helper()
	if clock, ok := s.(Advancer); ok {
		checkError(t, "Acquire before the end", s.Acquire(t.Context(), key, holder, time.Hour), connection.ErrLeased)
		clock.Advance(ttl)
		checkError(t, "Acquire after the end", s.Acquire(t.Context(), key, holder, time.Hour), nil)
		return
	}
	for deadline := time.Now().Add(10 * time.Second); ; time.Sleep(ttl / 10) {
		err := s.Acquire(t.Context(), key, holder, time.Hour)
		if err == nil {
			return
		}
		if !errors.Is(err, connection.ErrLeased) || time.Now().After(deadline) {
			t.Fatalf("Acquire of a lease that should end: %v", err)
		}
	}
}

// refreshed returns what a refresh of c stores.
func refreshed(c *connection.Connection, token string) *connection.Connection {
	d := c.Clone()
	d.Generation++
	d.Credentials.Token.RefreshToken = schema.NewSecret(token)
	return d
}

func testSharedLate(t *testing.T, a, b connection.Store) {
	ctx := t.Context()
	c := Connection(key)
	mustPut(t, a, c)
	checkError(t, "Acquire", a.Acquire(ctx, key, "a", ttl), nil)
	acquireEnded(t, b, "b")
	newer := refreshed(c, "of b")
	checkError(t, "Replace by the new holder", b.Replace(ctx, newer, c.Generation), nil)
	checkError(t, "Replace by the late holder", a.Replace(ctx, refreshed(c, "of a"), c.Generation), connection.ErrConflict)
	checkKept(t, a, newer)
}

func testSharedKept(t *testing.T, a, b connection.Store) {
	ctx := t.Context()
	c := Connection(key)
	mustPut(t, a, c)
	checkError(t, "Acquire", a.Acquire(ctx, key, "a", ttl), nil)
	acquireEnded(t, b, "b")
	// The answer comes when the lease is another's already: it has the only good
	// token, and must not be thrown away.
	late := refreshed(c, "of a")
	checkError(t, "Replace by the late holder", a.Replace(ctx, late, c.Generation), nil)
	checkKept(t, b, late)
	checkError(t, "Replace by the new holder", b.Replace(ctx, refreshed(c, "of b"), c.Generation), connection.ErrConflict)
	checkKept(t, a, late)
}

func testSharedDeleted(t *testing.T, a, b connection.Store) {
	ctx := t.Context()
	c := Connection(key)
	mustPut(t, a, c)
	checkError(t, "Delete", b.Delete(ctx, key), nil)
	checkError(t, "Replace of what is gone", a.Replace(ctx, refreshed(c, "of a"), c.Generation), connection.ErrNoConnection)
	anew := Connection(key)
	mustPut(t, b, anew)
	checkError(t, "late Replace", a.Replace(ctx, refreshed(c, "of a"), c.Generation), connection.ErrConflict)
	checkKept(t, a, anew)
}
