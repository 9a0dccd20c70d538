package sqlite_test

import (
	"context"
	"database/sql"
	"errors"
	"flag"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/nango-lite/nango-lite/connection"
	"github.com/nango-lite/nango-lite/store/seal"
	"github.com/nango-lite/nango-lite/store/sqlite"
	"github.com/nango-lite/nango-lite/store/storetest"
)

var update = flag.Bool("update", false, "rewrite testdata")

// raw opens the file as SQLite does for anyone.
func raw(t testing.TB, path string) *sql.DB {
	t.Helper()
	db, err := sql.Open("sqlite", strings.NewReplacer("%", "%25", "?", "%3f", "#", "%23").Replace("file:"+path))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	return db
}

func mustExec(t *testing.T, db *sql.DB, query string, args ...any) {
	t.Helper()
	if _, err := db.Exec(query, args...); err != nil {
		t.Fatalf("%s: %v", query, err)
	}
}

func TestReopen(t *testing.T) {
	path, keys := newPath(t), seal.NewKeys()
	s := openStore(t, path, keys, nil)
	want := storetest.Connection(testKey)
	if err := s.Put(t.Context(), want); err != nil {
		t.Fatal(err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(path + "-wal"); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("a log is left after Close: %v", err)
	}
	got, err := openStore(t, path, keys, nil).Get(t.Context(), testKey)
	if err != nil {
		t.Fatal(err)
	}
	if diff := storetest.Diff(want, got); diff != "" {
		t.Errorf("after opening again (-want +got):\n%s", diff)
	}
}

func TestFileModes(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("Windows has no file modes; .ci/run tests them on Linux")
	}
	path, keys := newPath(t), seal.NewKeys()
	s := openStore(t, path, keys, nil)
	if err := s.Put(t.Context(), storetest.Connection(testKey)); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{path, path + "-wal", path + "-shm"} {
		info, err := os.Stat(name)
		if err != nil {
			t.Fatal(err)
		}
		if info.Mode().Perm() != 0o600 {
			t.Errorf("%s has mode %v, want 0600", filepath.Base(name), info.Mode())
		}
		for _, mode := range []fs.FileMode{0o640, 0o604, 0o620} {
			os.Chmod(name, mode)
			_, err := sqlite.Open(t.Context(), path, keys, nil)
			if err == nil || !strings.Contains(err.Error(), "chmod 600 "+name) {
				t.Errorf("%s with mode %v: got %v, want advice", filepath.Base(name), mode, err)
			}
		}
		os.Chmod(name, 0o600)
	}
	openStore(t, path, keys, nil)
}

func TestOpenErrors(t *testing.T) {
	dir := t.TempDir()
	in := func(name string) string { return filepath.Join(dir, name) }
	os.WriteFile(in("text"), []byte(strings.Repeat("not a database ", 100)), 0o600)
	foreign := raw(t, in("foreign"))
	mustExec(t, foreign, "CREATE TABLE bookmarks (url TEXT)")
	foreign.Close()
	os.Chmod(in("foreign"), 0o600)
	newer := openStore(t, in("newer"), seal.NewKeys(), nil)
	mustExec(t, raw(t, in("newer")), "INSERT INTO schema_version VALUES (99, 'later', 0)")
	newer.Close()
	os.Mkdir(in("open"), 0o700)
	os.Chmod(in("open"), 0o777)

	for name, row := range map[string]struct{ path, want string }{
		"no directory":        {in("none/db"), "the directory " + in("none") + " does not exist"},
		"file for directory":  {in("text/db"), "not a directory"},
		"a directory":         {dir, "is not a file"},
		"anyone's directory":  {in("open/db"), "anyone may replace files"},
		"not a database":      {in("text"), "database is damaged"},
		"another program's":   {in("foreign"), "of another program"},
		"of a newer program":  {in("newer"), "version 99"},
		"in memory":           {":memory:", "connection.MemoryStore"},
		"a URL of memory too": {"file::memory:", "connection.MemoryStore"},
	} {
		_, err := sqlite.Open(t.Context(), row.path, seal.NewKeys(), nil)
		if err == nil || !strings.Contains(err.Error(), row.want) || !strings.Contains(err.Error(), row.path) {
			t.Errorf("%s: got %v, want %q and the path", name, err, row.want)
		}
	}
	if b, _ := os.ReadFile(in("foreign")); len(b) < 20 || b[18] != 1 {
		t.Error("another program's database was changed")
	}
	if _, err := sqlite.Open(t.Context(), newPath(t), nil, nil); err == nil {
		t.Error("opened without keys")
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := sqlite.Open(ctx, newPath(t), seal.NewKeys(), nil); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: got %v", err)
	}
}

func TestSchemaGolden(t *testing.T) {
	path := newPath(t)
	openStore(t, path, seal.NewKeys(), nil)
	rows, err := raw(t, path).Query("SELECT sql FROM sqlite_schema WHERE sql IS NOT NULL ORDER BY tbl_name, type DESC, name")
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	var b strings.Builder
	for rows.Next() {
		var text string
		if err := rows.Scan(&text); err != nil {
			t.Fatal(err)
		}
		b.WriteString(text + ";\n\n")
	}
	golden := filepath.Join("testdata", "schema.golden.sql")
	if *update {
		if err := os.WriteFile(golden, []byte(b.String()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	if b.String() != string(want) {
		t.Errorf("schema changed; if a migration means it, run with -update. Got:\n%s", &b)
	}
}

// What comes to lie under another key is not served as that key's.
func TestMovedRow(t *testing.T) {
	path, keys := newPath(t), seal.NewKeys()
	s := openStore(t, path, keys, nil)
	if err := s.Put(t.Context(), storetest.Connection(testKey)); err != nil {
		t.Fatal(err)
	}
	mustExec(t, raw(t, path), "UPDATE connection SET connection_id = 'admin'")
	_, err := s.Get(t.Context(), connection.Key{Integration: "notion", ConnectionID: "admin"})
	if !errors.Is(err, connection.ErrEncoding) || !strings.Contains(err.Error(), "notion/admin") {
		t.Errorf("got %v, want %v naming the connection", err, connection.ErrEncoding)
	}
	if p, err := s.List(t.Context(), connection.Query{}); err != nil || len(p.Connections) != 0 || len(p.Unreadable) != 1 || !errors.Is(p.Unreadable[0], connection.ErrEncoding) {
		t.Errorf("List: got %+v, %v; want it among the unreadable", p, err)
	}
}

// S40: a column that says something else than what was sealed is noticed, or means
// nothing: what counts is sealed, and columns are there to find rows by.
func TestChangedColumns_S40(t *testing.T) {
	path, keys := newPath(t), seal.NewKeys()
	s := openStore(t, path, keys, nil)
	want := storetest.Connection(testKey)
	for _, change := range []string{
		"status = 'needs_reauthorization'", "expires_at = 1", "expires_at = NULL", "created_at = 1", "updated_at = 1", "revision = revision + 7",
		"generation = generation + 1", "generation = -1", "data = CAST('' AS BLOB)",
	} {
		if err := s.Put(t.Context(), want); err != nil {
			t.Fatalf("Put after a change: %v", err)
		}
		mustExec(t, raw(t, path), "UPDATE connection SET "+change)
		got, err := s.Get(t.Context(), testKey)
		if err != nil {
			if !errors.Is(err, connection.ErrUnreadable) {
				t.Errorf("%s: Get: got %v, want %v", change, err, connection.ErrUnreadable)
			}
			continue
		}
		if diff := storetest.Diff(want, got); diff != "" {
			t.Errorf("%s: (-want +got):\n%s", change, diff)
		}
		if err := s.Replace(t.Context(), got, got.Generation); err != nil {
			t.Errorf("%s: it can be read, and not replaced: %v", change, err)
		}
	}
}

// Each write that changed something has a revision of its own, for caches to ask
// what is new.
func TestRevision(t *testing.T) {
	path := newPath(t)
	s := openStore(t, path, seal.NewKeys(), nil)
	db := raw(t, path)
	check := func(what string, counter int, row any) {
		t.Helper()
		var n int
		var of any
		if err := db.QueryRow("SELECT revision FROM counter").Scan(&n); err != nil || n != counter {
			t.Errorf("%s: counter is %d, %v; want %d", what, n, err, counter)
		}
		if err := db.QueryRow("SELECT max(revision) FROM connection").Scan(&of); err != nil || of != row {
			t.Errorf("%s: row has %v, %v; want %v", what, of, err, row)
		}
	}
	c := storetest.Connection(testKey)
	check("new", 0, nil)
	s.Put(t.Context(), c)
	check("Put", 1, int64(1))
	s.Replace(t.Context(), c, c.Generation)
	check("Replace", 2, int64(2))
	s.Replace(t.Context(), c, 0)
	s.Acquire(t.Context(), testKey, "a", 1e9)
	check("conflict, lease", 2, int64(2))
	s.Delete(t.Context(), testKey)
	check("Delete", 3, nil)
	s.Delete(t.Context(), testKey)
	check("Delete of none", 3, nil)
}
