package postgres_test

import (
	"bytes"
	"context"
	"crypto/rand"
	"fmt"
	"net/url"
	"os"
	"slices"
	"sync/atomic"
	"testing"

	"github.com/jackc/pgx/v5"

	"github.com/nango-lite/nango-lite/connection"
	"github.com/nango-lite/nango-lite/store/postgres"
	"github.com/nango-lite/nango-lite/store/seal"
	"github.com/nango-lite/nango-lite/store/storetest"
)

// serverEnv names a server for tests.
const serverEnv = "NANGO_LITE_TEST_POSTGRES"

func TestMain(m *testing.M) {
	storetest.Child(opener)
	code := m.Run()
	if template != "" {
		dropDatabases()
	}
	os.Exit(code)
}

func opener(ctx context.Context, databaseURL string, keys connection.Sealer) (storetest.Closer, error) {
	return postgres.Open(ctx, databaseURL, keys, nil)
}

// server returns the URL of the server that tests may use, or skips the test.
func server(t testing.TB) string {
	t.Helper()
	u := os.Getenv(serverEnv)
	if u == "" {
		t.Skipf("%s is not set: %[1]s=$(.ci/postgres start /tmp/postgres) go test ./store/postgres", serverEnv)
	}
	return u
}

// mustExec runs a statement as any client would.
func mustExec(t testing.TB, databaseURL, sql string, args ...any) {
	t.Helper()
	conn := connect(t, databaseURL)
	defer conn.Close(context.Background())
	if _, err := conn.Exec(context.Background(), sql, args...); err != nil {
		t.Fatalf("%s: %v", sql, err)
	}
}

func connect(t testing.TB, databaseURL string) *pgx.Conn {
	t.Helper()
	conn, err := pgx.Connect(context.Background(), databaseURL)
	if err != nil {
		t.Fatal(err)
	}
	return conn
}

var schemas atomic.Int64

// newURL returns the URL of a schema that is not there yet, in a database that the
// tests of this process share.
func newURL(t testing.TB) string {
	return withSchema(t, testDatabase(t), fmt.Sprintf(`s%d "odd" Ü`, schemas.Add(1)))
}

func withSchema(t testing.TB, databaseURL, schema string) string {
	u := parse(t, databaseURL)
	q := u.Query()
	q.Set("schema", schema)
	u.RawQuery = q.Encode()
	return u.String()
}

func parse(t testing.TB, raw string) *url.URL {
	t.Helper()
	u, err := url.Parse(raw)
	if err != nil {
		t.Fatal(err)
	}
	return u
}

func openStore(t testing.TB, databaseURL string, keys connection.Sealer, opts *postgres.Options) *postgres.Store {
	t.Helper()
	s, err := postgres.Open(t.Context(), databaseURL, keys, opts)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return s
}

func TestStore(t *testing.T) {
	server(t)
	storetest.Run(t, func(t *testing.T) connection.Store {
		return openStore(t, newURL(t), seal.NewKeys(), nil)
	})
}

func TestShared(t *testing.T) {
	server(t)
	storetest.RunShared(t, func(t *testing.T) (a, b connection.Store) {
		u, keys := newURL(t), seal.NewKeys()
		return openStore(t, u, keys, nil), openStore(t, u, keys, nil)
	})
}

func TestChanges(t *testing.T) {
	server(t)
	storetest.RunChanges(t, func(t *testing.T) (a, b storetest.Feed) {
		u, keys := newURL(t), seal.NewKeys()
		return openStore(t, u, keys, nil), openStore(t, u, keys, nil)
	})
}

func TestAdd(t *testing.T) {
	server(t)
	storetest.RunAdd(t, func(t *testing.T) storetest.Adder { return openStore(t, newURL(t), seal.NewKeys(), nil) })
}

func TestProcesses(t *testing.T) {
	server(t)
	storetest.RunProcesses(t, opener, func(t *testing.T) string { return newURL(t) })
}

func TestSealed(t *testing.T) {
	server(t)
	storetest.RunSealed(t, func(t *testing.T) storetest.Medium {
		u := newURL(t)
		keepLog(t)
		var from string // where the log was when the test began
		query(t, "SELECT pg_current_wal_insert_lsn()::text", &from)
		return storetest.Medium{
			Open: func(t *testing.T, s connection.Sealer) connection.Store { return openStore(t, u, s, nil) },
			Raw:  func(t *testing.T) []byte { return rawBytes(t, u, from) },
		}
	})
}

// query scans a row of the tests' database, as any client would.
func query(t *testing.T, sql string, into any, args ...any) {
	t.Helper()
	conn := connect(t, testDatabase(t))
	defer conn.Close(context.Background())
	if err := conn.QueryRow(t.Context(), sql, args...).Scan(into); err != nil {
		t.Fatalf("%s: %v", sql, err)
	}
}

// keepLog keeps the log of writes from now on until the test ends: the server drops it
// with each checkpoint but one, and tests of other packages write as well.
func keepLog(t *testing.T) {
	t.Helper()
	var may bool
	query(t, `SELECT rolsuper FROM pg_roles WHERE rolname = current_user`, &may)
	if !may {
		return // nor read it
	}
	conn := connect(t, testDatabase(t))
	t.Cleanup(func() { conn.Close(context.Background()) }) // and with it goes the slot
	slot := "nango_lite_" + rand.Text()
	if _, err := conn.Exec(t.Context(), "SELECT pg_create_physical_replication_slot(lower($1), true, true)", slot); err != nil {
		t.Fatal("keep the log: ", err)
	}
}

// rawBytes returns the files of all tables, of what they keep aside, and of their
// indexes, and the log of all writes since it was at from. A user who may not read
// the server's files gets what a dump has.
func rawBytes(t *testing.T, databaseURL, from string) []byte {
	t.Helper()
	schema := parse(t, databaseURL).Query().Get("schema")
	var files, rows []byte
	query(t, `SELECT string_agg(convert_to(t::text, 'UTF8'), '') FROM `+pgx.Identifier{schema, "connection"}.Sanitize()+` t`, &rows)
	var may bool
	query(t, `SELECT rolsuper FROM pg_roles WHERE rolname = current_user`, &may)
	if !may {
		return rows
	}
	mustExec(t, testDatabase(t), "CHECKPOINT")
	query(t, `
SELECT string_agg(pg_read_binary_file(pg_relation_filepath(oid)), '') FROM (
    SELECT oid FROM pg_class WHERE relnamespace = (SELECT oid FROM pg_namespace WHERE nspname = $1) AND relkind IN ('r', 'i')
    UNION ALL SELECT reltoastrelid FROM pg_class
    WHERE relnamespace = (SELECT oid FROM pg_namespace WHERE nspname = $1) AND reltoastrelid <> 0) AS files`, &files, schema)
	var log []byte
	query(t, `
SELECT string_agg(pg_read_binary_file('pg_wal/' || name), '') FROM pg_ls_waldir()
WHERE name BETWEEN pg_walfile_name($1::pg_lsn) AND pg_walfile_name(pg_current_wal_insert_lsn())`, &log, from)
	if !bytes.Contains(files, []byte(testKey.ConnectionID)) || !bytes.Contains(log, []byte(testKey.ConnectionID)) {
		t.Error("the connection's id is not in the files or not in the log: the test looks elsewhere")
	}
	return slices.Concat(rows, files, log)
}

var testKey = connection.Key{Integration: "notion", ConnectionID: "user-42"}
