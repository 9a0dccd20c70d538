package postgres_test

import (
	"context"
	"fmt"
	"os"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
)

var (
	making   sync.Mutex
	template string   // the database that tests share; empty: not made
	made     []string // all that were made
)

// testDatabase returns the URL of a database that is removed when all tests have
// run; most share it and have schemas of their own.
func testDatabase(t testing.TB) string {
	t.Helper()
	making.Lock()
	defer making.Unlock()
	if template == "" {
		template = makeDatabase(t)
	}
	return template
}

// newDatabase returns the URL of a database of the test's own.
func newDatabase(t testing.TB) string {
	t.Helper()
	making.Lock()
	defer making.Unlock()
	if template == "" {
		template = makeDatabase(t)
	}
	return makeDatabase(t)
}

func makeDatabase(t testing.TB) string {
	t.Helper()
	u := parse(t, server(t))
	name := fmt.Sprintf("nango_lite_test_%d_%d_%d", os.Getpid(), len(made), time.Now().UnixNano()%1e9)
	mustExec(t, u.String(), "CREATE DATABASE "+name+" TEMPLATE template0 ENCODING 'UTF8'")
	made = append(made, name)
	u.Path = "/" + name
	return u.String()
}

func dropDatabases() {
	ctx := context.Background()
	conn, err := pgx.Connect(ctx, os.Getenv(serverEnv))
	if err != nil {
		fmt.Fprintln(os.Stderr, "databases of tests are left behind:", err)
		return
	}
	defer conn.Close(ctx)
	for _, name := range made {
		if _, err := conn.Exec(ctx, "DROP DATABASE "+name+" WITH (FORCE)"); err != nil {
			fmt.Fprintln(os.Stderr, err)
		}
	}
}

// makeEncoded returns the URL of a database that is not in UTF-8.
func makeEncoded(t testing.TB) string {
	t.Helper()
	making.Lock()
	defer making.Unlock()
	u := parse(t, server(t))
	name := fmt.Sprintf("nango_lite_test_%d_latin", os.Getpid())
	mustExec(t, u.String(), "CREATE DATABASE "+name+" TEMPLATE template0 ENCODING 'LATIN1' LC_COLLATE 'C' LC_CTYPE 'C'")
	made = append(made, name)
	u.Path = "/" + name
	return u.String()
}

func quoted(name string) string { return pgx.Identifier{name}.Sanitize() }
