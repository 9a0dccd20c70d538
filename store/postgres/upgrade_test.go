package postgres_test

import (
	"context"
	"flag"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/nango-lite/nango-lite/schema"
	"github.com/nango-lite/nango-lite/store/postgres"
	"github.com/nango-lite/nango-lite/store/seal"
	"github.com/nango-lite/nango-lite/store/storetest"
)

var update = flag.Bool("update", false, "rewrite testdata")

// A dump (pg_dump --inserts) of what the first migration made, when there was no
// other, opens after all that came later, with what was in it, and works.
func TestUpgrade(t *testing.T) {
	s, _ := openUpgrade(t, "0001")
	storetest.CheckGolden(t, s, filepath.Join("testdata", "upgrade", "0001.golden.json"), false)
	c, err := s.Get(t.Context(), testKey)
	if err != nil || c.Generation != 42 {
		t.Fatalf("got %v, %v; want generation 42", c, err)
	}
	if err := s.Replace(t.Context(), c, 42); err != nil {
		t.Error(err)
	}
	if err := s.Delete(t.Context(), testKey); err != nil {
		t.Error(err)
	}
	if err := s.Acquire(t.Context(), testKey, "of 2026", time.Minute); err != nil {
		t.Error(err)
	}
}

// S41: a dump of a store that was made before what can be read was bound to its seal opens,
// with all that is in it; a connection is bound when it is next written, or when keys are
// rotated; and the version before says that it cannot go on.
func TestUnboundStoreOpens_S41(t *testing.T) {
	s, keys := openUpgrade(t, "unbound")
	storetest.CheckGolden(t, s, filepath.Join("testdata", "upgrade", "unbound.golden.json"), false)
	storetest.CheckBinds(t, s, keys, testKey, 42)
	if v, err := s.SchemaVersion(t.Context()); err != nil || v <= 1 {
		t.Errorf("got version %d, %v; want one that refuses programs which know 1", v, err)
	}
}

// openUpgrade opens a database that was made of a dump in testdata/upgrade.
func openUpgrade(t *testing.T, name string) (*postgres.Store, *seal.Keys) {
	t.Helper()
	u := newDatabase(t)
	dump, err := os.ReadFile(filepath.Join("testdata", "upgrade", name+".sql"))
	if err != nil {
		t.Fatal(err)
	}
	dump = regexp.MustCompile(`(?m)^\\.*\n`).ReplaceAll(dump, nil) // words for psql
	conn := connect(t, u)
	defer conn.Close(context.Background())
	if _, err := conn.PgConn().Exec(t.Context(), string(dump)).ReadAll(); err != nil {
		t.Fatal(err)
	}
	key, err := os.ReadFile(filepath.Join("testdata", "upgrade", name+".key"))
	if err != nil {
		t.Fatal(err)
	}
	keys, err := seal.ParseKeys(schema.NewSecret(string(key)))
	if err != nil {
		t.Fatal(err)
	}
	return openStore(t, u, keys, nil), keys
}

// What a migration says is never edited: databases have run it.
func TestMigrationsStayAsTheyAre(t *testing.T) {
	storetest.CheckMigrations(t, "migrations", filepath.Join("testdata", "migrations.sha256"), *update)
}

func TestSchemaGolden(t *testing.T) {
	u := newURL(t)
	s := openStore(t, u, seal.NewKeys(), nil)
	conn := connect(t, testDatabase(t))
	defer conn.Close(context.Background())
	rows, err := conn.Query(t.Context(), `
SELECT line FROM (
SELECT format('%s.%s %s%s%s', c.relname, a.attname, format_type(a.atttypid, a.atttypmod),
           CASE WHEN a.attcollation NOT IN (0, 100) THEN ' COLLATE ' || quote_ident(l.collname) ELSE '' END,
           CASE WHEN a.attnotnull THEN ' NOT NULL' ELSE '' END) AS line
FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid LEFT JOIN pg_collation l ON l.oid = a.attcollation
WHERE c.relnamespace = (SELECT oid FROM pg_namespace WHERE nspname = $1) AND c.relkind = 'r' AND a.attnum > 0
UNION ALL
SELECT replace(indexdef, quote_ident($1) || '.', '') FROM pg_indexes WHERE schemaname = $1
UNION ALL
SELECT format('%s %s', conrelid::regclass::text, pg_get_constraintdef(oid)) FROM pg_constraint
WHERE connamespace = (SELECT oid FROM pg_namespace WHERE nspname = $1) AND contype = 'c'
) AS lines ORDER BY line COLLATE "C"`, s.Schema())
	if err != nil {
		t.Fatal(err)
	}
	lines, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		t.Fatal(err)
	}
	got := strings.ReplaceAll(strings.Join(lines, "\n")+"\n", pgx.Identifier{s.Schema()}.Sanitize()+".", "")
	golden := filepath.Join("testdata", "schema.golden.txt")
	if *update {
		if err := os.WriteFile(golden, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("schema changed; if a migration means it, run with -update. Got:\n%s", got)
	}
}
