package docs_test

import (
	"context"
	"fmt"
	"net/url"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/jackc/pgx/v5"
)

// What the page calls the database that the test gives it.
const shownDatabase = "postgres://nango@db.internal/nango"

var keyIDs = regexp.MustCompile(`k-[0-9a-f]{8}`)

// Every command of the page is run, in one directory; those about PostgreSQL need
// one to be named.
func TestOperationsPage(t *testing.T) {
	t.Parallel()
	const name = "operations.md"
	tm := newTerminal(t)
	all := slices.DeleteFunc(blocks(t, name), func(b block) bool { return b.lang != "console" })
	page := read(t, name)
	fresh := make([]string, len(all))
	show := func(t *testing.T, b block) string {
		got := tm.session(t, b.text)
		if tm.database != "" {
			got = strings.ReplaceAll(got, tm.database, shownDatabase)
		}
		diff := cmp.Diff(keyIDs.ReplaceAllString(steady(got), "k-ID"), keyIDs.ReplaceAllString(steady(b.text), "k-ID"))
		if diff == "" {
			return b.text
		}
		if !*update {
			t.Errorf("%s:%d: run go test ./docs -update\n(-run +shown):\n%s", name, b.line, diff)
		}
		return got
	}
	for i, b := range all {
		if fresh[i] = b.text; b.mark != "needs: postgres" {
			fresh[i] = show(t, b)
		}
	}
	t.Run("PostgreSQL", func(t *testing.T) {
		tm.database = newDatabase(t)
		for i, b := range all {
			if b.mark == "needs: postgres" {
				fresh[i] = show(t, b)
			}
		}
	})
	if *update {
		for i, b := range slices.Backward(all) {
			page = replaceBlock(page, b, fresh[i])
		}
		if err := os.WriteFile(name, []byte(page), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

// newDatabase returns the URL of an empty database that ends with the test.
func newDatabase(t *testing.T) string {
	t.Helper()
	const server = "NANGO_LITE_TEST_POSTGRES"
	u, err := url.Parse(os.Getenv(server))
	if err != nil || u.Host == "" {
		t.Skipf("set %s to the URL of a PostgreSQL server where databases may be made", server)
	}
	name := fmt.Sprintf("nango_lite_docs_%d", os.Getpid())
	do := func(sql string) {
		t.Helper()
		conn, err := pgx.Connect(context.Background(), os.Getenv(server))
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close(context.Background())
		if _, err := conn.Exec(context.Background(), sql); err != nil {
			t.Fatal(err)
		}
	}
	do("CREATE DATABASE " + name + " TEMPLATE template0 ENCODING 'UTF8'")
	t.Cleanup(func() { do("DROP DATABASE " + name + " WITH (FORCE)") })
	u.Path = "/" + name
	return u.String()
}
