package docs_test

import (
	"context"
	"fmt"
	"net/url"
	"os"
	"os/exec"
	"regexp"
	"slices"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/jackc/pgx/v5"
)

var databases atomic.Int64 // that tests have made

var keyIDs = regexp.MustCompile(`k-[0-9a-f]{8}`)

// S43 and others: every command of the page is run, in one directory; those about PostgreSQL need
// one to be named, where the page's SQL is run before.
func TestOperationsPage(t *testing.T) {
	t.Parallel()
	const name = "operations.md"
	tm := newTerminal(t)
	all := blocks(t, name)
	page := read(t, name)
	fresh := make([]string, len(all))
	var shown *strings.Replacer // databases, by what the page calls them
	show := func(t *testing.T, b block) string {
		got := tm.session(t, b.text)
		if shown != nil {
			got = shown.Replace(got)
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
		switch fresh[i] = b.text; {
		case b.lang == "console" && b.mark == "":
			fresh[i] = show(t, b)
		case b.lang != "sql" && b.mark != "needs: postgres":
			t.Errorf("%s:%d: nothing runs this", name, b.line)
		}
	}
	t.Run("PostgreSQL", func(t *testing.T) {
		sql := all[slices.IndexFunc(all, func(b block) bool { return b.lang == "sql" })].text
		tm.vars, shown = newDatabases(t, sql)
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

// newDatabases makes two databases that end with the test, for a role that the
// page's SQL makes, and returns the variables that name them and what the page calls
// them.
func newDatabases(t *testing.T, sql string) (vars []string, shown *strings.Replacer) {
	t.Helper()
	const server = "NANGO_LITE_TEST_POSTGRES"
	admin, err := url.Parse(os.Getenv(server))
	if err != nil || admin.Host == "" {
		t.Skipf("%s is not set: %[1]s=$(.ci/postgres start /tmp/postgres) go test ./docs", server)
	}
	for _, program := range []string{"pg_dump", "pg_restore"} {
		if _, err := exec.LookPath(program); err != nil {
			t.Skipf("there is no %s: apt-get install postgresql-client && go test ./docs", program)
		}
	}
	do := func(database, sql string) {
		t.Helper()
		u := *admin
		u.Path = "/" + database
		conn, err := pgx.Connect(context.Background(), u.String())
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close(context.Background())
		if _, err := conn.Exec(context.Background(), sql); err != nil {
			t.Fatalf("%s: %v", sql, err)
		}
	}
	home := strings.TrimPrefix(admin.Path, "/")
	role := fmt.Sprintf("nango_lite_docs_%d_%d", os.Getpid(), databases.Add(1))
	make := func(name, database string) string {
		do(home, "CREATE DATABASE "+database+" TEMPLATE template0 ENCODING 'UTF8'")
		t.Cleanup(func() { do(home, "DROP DATABASE "+database+" WITH (FORCE)") })
		u := *admin
		u.User, u.Path = url.User(role), "/"+database
		vars = append(vars, name+"="+u.String())
		return u.String()
	}
	t.Cleanup(func() { do(home, "DROP ROLE "+role) })
	first, second := make("DATABASE", role), make("RESTORED", role+"_restored")
	do(role, regexp.MustCompile(`\bnango\b`).ReplaceAllString(strings.Replace(sql, "…", "passed by", 1), role))
	do(role+"_restored", "GRANT CREATE ON DATABASE "+role+"_restored TO "+role)
	return append(vars, "PGPASSWORD=passed by"), strings.NewReplacer(
		second, "postgres://nango@db.internal/restored", first, "postgres://nango@db.internal/nango")
}
