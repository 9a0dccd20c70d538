// Package storetest holds the promises of [connection.Store] as suites
// that each implementation runs, a host's own as well. Every store runs [Run];
// one whose medium several processes share runs [RunShared] and [RunProcesses] too,
// and one that seals runs [RunSealed].
//
//	func TestStore(t *testing.T) {
//		storetest.Run(t, func(t *testing.T) connection.Store { return mystore.New(t.TempDir()) })
//	}
package storetest

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/nango-lite/nango-lite/connection"
)

// Run checks what every store promises. open returns an empty store; it closes
// it in t.Cleanup if need be.
func Run(t *testing.T, open func(t *testing.T) connection.Store) {
	for name, test := range map[string]func(*testing.T, connection.Store){
		"round trip":            testRoundTrip,
		"times":                 testTimes,
		"metadata":              testMetadata,
		"ids":                   testIDs,
		"keys and holders":      testKeyRules,
		"not found":             testNotFound,
		"snapshots":             testSnapshots,
		"put again":             testPutAgain,
		"replace":               testReplace,
		"deleted is gone":       testDeleted,
		"list order and pages":  testListPages,
		"list filters":          testListFilters,
		"list by the hundred":   testListDefault,
		"list invalid cursor":   testListCursor,
		"context":               testContext,
		"lease":                 testLease,
		"concurrent replace":    testConcurrentReplace,
		"concurrent put":        testConcurrentPut,
		"concurrent lease":      testConcurrentLease,
		"concurrent everything": testConcurrentMix,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			test(t, open(t))
		})
	}
}

// An Advancer is a store whose clock a test can move. For others the suites wait
// the short while that a lease takes to end.
type Advancer interface {
	Advance(d time.Duration)
}

func mustPut(t *testing.T, s connection.Store, c *connection.Connection) {
	t.Helper()
	if err := s.Put(t.Context(), c); err != nil {
		t.Fatalf("Put %s: %v", c.Key, err)
	}
}

func mustGet(t *testing.T, s connection.Store, k connection.Key) *connection.Connection {
	t.Helper()
	c, err := s.Get(t.Context(), k)
	if err != nil {
		t.Fatalf("Get %s: %v", k, err)
	}
	return c
}

// checkKept checks that s keeps want, and nothing but.
func checkKept(t *testing.T, s connection.Store, want *connection.Connection) {
	t.Helper()
	if diff := Diff(want, mustGet(t, s, want.Key)); diff != "" {
		t.Errorf("kept connection differs (-want +got):\n%s", diff)
	}
}

func checkError(t *testing.T, what string, got, want error) {
	t.Helper()
	if !errors.Is(got, want) {
		t.Errorf("%s: got error %v, want %v", what, got, want)
	}
}

func testContext(t *testing.T, s connection.Store) {
	c := Connection(connection.Key{Integration: "github", ConnectionID: "1"})
	mustPut(t, s, c)
	cancelled, cancel := context.WithCancel(t.Context())
	cancel()
	late, cancelLate := context.WithDeadline(t.Context(), time.Unix(1, 0))
	defer cancelLate()
	for ctx, want := range map[context.Context]error{cancelled: context.Canceled, late: context.DeadlineExceeded} {
		d := c.Clone()
		d.Reason = "changed"
		_, err := s.Get(ctx, c.Key)
		checkError(t, "Get", err, want)
		checkError(t, "Put", s.Put(ctx, d), want)
		if d.Generation != c.Generation {
			t.Errorf("Put failed, and changed the generation")
		}
		checkError(t, "Replace", s.Replace(ctx, d, c.Generation), want)
		checkError(t, "Delete", s.Delete(ctx, c.Key), want)
		_, err = s.List(ctx, connection.Query{})
		checkError(t, "List", err, want)
		checkError(t, "Acquire", s.Acquire(ctx, c.Key, "a", time.Minute), want)
		checkError(t, "Release", s.Release(ctx, c.Key, "a"), want)
	}
	checkKept(t, s, c)
	checkError(t, "Acquire after one that failed", s.Acquire(t.Context(), c.Key, "b", time.Minute), nil)
}

func testLease(t *testing.T, s connection.Store) {
	ctx := t.Context()
	k := connection.Key{Integration: "github", ConnectionID: "no connection needed"}
	other := connection.Key{Integration: "github", ConnectionID: "2"}
	checkError(t, "Acquire", s.Acquire(ctx, k, "a", time.Minute), nil)
	checkError(t, "Acquire by another", s.Acquire(ctx, k, "b", time.Minute), connection.ErrLeased)
	checkError(t, "Acquire again", s.Acquire(ctx, k, "a", time.Minute), nil)
	checkError(t, "Acquire another key", s.Acquire(ctx, other, "b", time.Minute), nil)
	checkError(t, "Release by another", s.Release(ctx, k, "b"), nil)
	checkError(t, "Acquire by another", s.Acquire(ctx, k, "b", time.Minute), connection.ErrLeased)
	checkError(t, "Release", s.Release(ctx, k, "a"), nil)
	checkError(t, "Release again", s.Release(ctx, k, "a"), nil)
	checkError(t, "Acquire what was released", s.Acquire(ctx, k, "b", time.Minute), nil)
	checkError(t, "Acquire by the holder before", s.Acquire(ctx, k, "a", time.Minute), connection.ErrLeased)
	_, err := s.Get(ctx, k)
	checkError(t, "Get of a lease without connection", err, connection.ErrNoConnection)
}
