package sqlite

// Trouble that only the inside can make.

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/nango-lite/nango-lite/connection"
	"github.com/nango-lite/nango-lite/store/seal"
	"github.com/nango-lite/nango-lite/store/storetest"
)

func open(t *testing.T, path string, opts *Options) *Store {
	t.Helper()
	s, err := Open(t.Context(), path, seal.NewKeys(), opts)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return s
}

var key = connection.Key{Integration: "notion", ConnectionID: "user-42"}

// Another process that writes for too long gives an error of a type, in time;
// reading goes on; and when it is done, so does writing.
func TestBusy(t *testing.T) {
	path := filepath.Join(t.TempDir(), "db")
	s, other := open(t, path, &Options{BusyTimeout: 50 * time.Millisecond}), open(t, path, nil)
	c := storetest.Connection(key)
	if err := s.Put(t.Context(), c); err != nil {
		t.Fatal(err)
	}
	tx, err := other.write.Begin()
	if err != nil {
		t.Fatal(err)
	}
	for what, err := range map[string]error{
		"Put": s.Put(t.Context(), c), "Replace": s.Replace(t.Context(), c, c.Generation), "Delete": s.Delete(t.Context(), key),
		"Acquire": s.Acquire(t.Context(), key, "a", time.Minute), "Release": s.Release(t.Context(), key, "a"),
	} {
		if !errors.Is(err, ErrBusy) {
			t.Errorf("%s: got %v, want %v", what, err, ErrBusy)
		}
	}
	if _, err := s.Get(t.Context(), key); err != nil {
		t.Errorf("Get while another writes: %v", err)
	}

	// A context that ends sooner than the patience of the store.
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	patient, began := open(t, path, &Options{BusyTimeout: time.Hour}), time.Now()
	if err := patient.Put(ctx, c.Clone()); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("Put: got %v, want %v", err, context.DeadlineExceeded)
	}
	if took := time.Since(began); took > 5*time.Second {
		t.Errorf("the context's end was noticed after %v", took)
	}
	if err := tx.Rollback(); err != nil {
		t.Fatal(err)
	}
	if err := s.Put(t.Context(), c); err != nil {
		t.Errorf("Put afterwards: %v", err)
	}
}

// S44: before a key is said to be needed by nothing, writes that are under way are waited
// for: they may be sealed with it.
func TestIdleKeysWaitForWriters_S44(t *testing.T) {
	path := filepath.Join(t.TempDir(), "db")
	s, other := open(t, path, &Options{BusyTimeout: 50 * time.Millisecond}), open(t, path, nil)
	tx, err := other.write.Begin()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := other.put(tx, storetest.Connection(key)); err != nil {
		t.Fatal(err)
	}
	ids := other.keys.(*seal.Keys).IDs()
	if idle, _, err := seal.Idle(t.Context(), s, ids); !errors.Is(err, ErrBusy) {
		t.Errorf("while another writes: got %v, %v; want %v", idle, err, ErrBusy)
	}
	if err := tx.Commit(); err != nil {
		t.Fatal(err)
	}
	if idle, _, err := seal.Idle(t.Context(), s, ids); err != nil || len(idle) != 0 {
		t.Errorf("when it is written: got %v, %v; want that the key is needed", idle, err)
	}
}

// S45: where others read for so long that the log cannot be emptied, rotating keys says
// that something may be left there.
func TestReadersKeepTheLog_S45(t *testing.T) {
	path := filepath.Join(t.TempDir(), "db")
	s, other := open(t, path, &Options{BusyTimeout: 50 * time.Millisecond}), open(t, path, nil)
	if err := s.Put(t.Context(), storetest.Connection(key)); err != nil {
		t.Fatal(err)
	}
	tx, err := other.read.BeginTx(t.Context(), &sql.TxOptions{ReadOnly: true})
	if err == nil {
		defer func() { _ = tx.Rollback() }()
		var n int
		err = tx.QueryRow("SELECT count(*) FROM connection").Scan(&n)
	}
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Compact(t.Context()); !errors.Is(err, ErrBusy) {
		t.Errorf("while another reads: got %v, want %v", err, ErrBusy)
	}
	if err := tx.Rollback(); err != nil {
		t.Fatal(err)
	}
	if err := s.Compact(t.Context()); err != nil {
		t.Errorf("afterwards: %v", err)
	}
}

// Whoever asks for a lease in vain does not get in the way of those who write.
func TestLeasedWhileOthersWrite(t *testing.T) {
	s := open(t, filepath.Join(t.TempDir(), "db"), &Options{BusyTimeout: time.Hour})
	if err := s.Acquire(t.Context(), key, "a", time.Hour); err != nil {
		t.Fatal(err)
	}
	conn, err := s.write.Conn(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	if err := s.Acquire(t.Context(), key, "b", time.Minute); !errors.Is(err, connection.ErrLeased) {
		t.Errorf("got %v, want %v", err, connection.ErrLeased)
	}
}

// Writers of one process wait in line, and their contexts are heeded there.
func TestWaitInLine(t *testing.T) {
	s := open(t, filepath.Join(t.TempDir(), "db"), nil)
	conn, err := s.write.Conn(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	ctx, cancel := context.WithTimeout(t.Context(), time.Millisecond)
	defer cancel()
	if err := s.Acquire(ctx, key, "a", time.Minute); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("got %v, want %v", err, context.DeadlineExceeded)
	}
}

func TestDiskFull(t *testing.T) {
	s := open(t, filepath.Join(t.TempDir(), "db"), nil)
	limit := func(pages int) {
		if _, err := s.write.Exec(fmt.Sprintf("PRAGMA max_page_count = %d", pages)); err != nil {
			t.Fatal(err)
		}
	}
	first := storetest.Connection(key)
	if err := s.Put(t.Context(), first); err != nil {
		t.Fatal(err)
	}
	limit(1) // no less than it has
	large := storetest.Connection(connection.Key{Integration: "a", ConnectionID: "large"})
	large.Reason = strings.Repeat("x", 100_000)
	if err := s.Put(t.Context(), large); !errors.Is(err, ErrFull) || strings.Contains(err.Error(), storetest.Marker) {
		t.Errorf("got %v, want %v", err, ErrFull)
	}
	got, err := s.Get(t.Context(), key)
	if err != nil || storetest.Diff(first, got) != "" {
		t.Errorf("what was there before: %v", err)
	}
	if _, err := s.Get(t.Context(), large.Key); !errors.Is(err, connection.ErrNoConnection) {
		t.Errorf("what found no room: got %v, want %v", err, connection.ErrNoConnection)
	}
	limit(1 << 30)
	if err := s.Put(t.Context(), large); err != nil {
		t.Errorf("once there is room: %v", err)
	}
}

// The machine's clock is set back by an hour: leases must not last an hour.
func TestClockSetBack(t *testing.T) {
	s := open(t, filepath.Join(t.TempDir(), "db"), nil)
	ctx := t.Context()
	shift := func(d time.Duration) { // instead of the clock, the lease moves
		ms := d.Milliseconds()
		if _, err := s.write.Exec("UPDATE lease SET since = since + ?, until = until + ?", ms, ms); err != nil {
			t.Fatal(err)
		}
	}
	if err := s.Acquire(ctx, key, "a", time.Minute); err != nil {
		t.Fatal(err)
	}
	shift(30 * time.Second)
	if err := s.Acquire(ctx, key, "b", time.Minute); !errors.Is(err, connection.ErrLeased) {
		t.Errorf("set back by less than the lease: got %v, want %v", err, connection.ErrLeased)
	}
	shift(time.Hour)
	if err := s.Acquire(ctx, key, "b", time.Minute); err != nil {
		t.Errorf("set back by an hour: %v", err)
	}
	shift(-time.Hour)
	if err := s.Acquire(ctx, key, "a", time.Minute); err != nil {
		t.Errorf("set ahead by an hour: %v", err)
	}
}

// Each query finds its rows by an index: none walks the table or sorts it.
func TestQueryPlans(t *testing.T) {
	s := open(t, filepath.Join(t.TempDir(), "db"), nil)
	list := func(q connection.Query) string { query, _, _ := listSQL(q, 100); return query }
	soon := time.Now()
	cursor := connection.EncodeCursor(key)
	for query, want := range map[string]string{
		getSQL:                                 "SEARCH connection USING INDEX sqlite_autoindex_connection_1 (integration=? AND connection_id=?)",
		list(connection.Query{Cursor: cursor}): "SEARCH connection USING INDEX sqlite_autoindex_connection_1 ((integration,connection_id)>(?,?))",
		list(connection.Query{Cursor: cursor, Integration: key.Integration}): "SEARCH connection USING INDEX sqlite_autoindex_connection_1 (integration=? AND connection_id>?)",
		list(connection.Query{ExpiresBefore: soon}):                          "SEARCH connection USING INDEX connection_expiring (expires_at<?)",
		"SELECT data FROM connection WHERE revision > 7":                     "SEARCH connection USING INDEX connection_revision (revision>?)",
		"SELECT 1 FROM lease WHERE integration = 'a' LIMIT 1;":               "SEARCH lease USING PRIMARY KEY (integration=?)",
	} {
		var id, parent, unused int
		var plan string
		row := s.read.QueryRow("EXPLAIN QUERY PLAN "+query, nil, nil, nil, nil, nil)
		if err := row.Scan(&id, &parent, &unused, &plan); err != nil {
			t.Errorf("%s: %v", query, err)
		} else if plan != want {
			t.Errorf("%s:\n got %s\nwant %s", query, plan, want)
		}
	}
}
