package sqlite_test

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/nango-lite/nango-lite/connection"
	"github.com/nango-lite/nango-lite/store/seal"
	"github.com/nango-lite/nango-lite/store/sqlite"
	"github.com/nango-lite/nango-lite/store/storetest"
)

// A database that the first migration made, when there was no other, opens after
// all that came later, with what was in it, and works.
func TestUpgrade(t *testing.T) {
	s, _ := openUpgrade(t, "0001")
	storetest.CheckGolden(t, s, filepath.Join("testdata", "upgrade", "0001.golden.json"), false)

	// What was deleted before is not known: whoever asks from there starts over.
	if c, err := s.Changes(t.Context(), 1); err != nil || !c.All {
		t.Errorf("Changes since before the upgrade: got %+v, %v; want all", c, err)
	}
	c, err := s.Get(t.Context(), testKey)
	if err != nil || c.Generation != 42 {
		t.Fatalf("got generation %v, %v; want 42", c, err)
	}
	if err := s.Replace(t.Context(), c, 42); err != nil {
		t.Error(err)
	}
	if err := s.Delete(t.Context(), connection.Key{Integration: "github", ConnectionID: "0"}); err != nil {
		t.Error(err)
	}
	if err := s.Acquire(t.Context(), testKey, "of 2026", time.Minute); err != nil {
		t.Error(err)
	}
}

// S41: a store that was made before what can be read was bound to its seal opens, with all
// that is in it; a connection is bound when it is next written, or when keys are rotated;
// and the version before says that it cannot go on.
func TestUnboundStoreOpens_S41(t *testing.T) {
	s, keys := openUpgrade(t, "unbound")
	storetest.CheckGolden(t, s, filepath.Join("testdata", "upgrade", "unbound.golden.json"), false)
	storetest.CheckBinds(t, s, keys, testKey, 42)
	if v, err := s.SchemaVersion(t.Context()); err != nil || v <= 2 {
		t.Errorf("got version %d, %v; want one that refuses programs which know 2", v, err)
	}
}

// openUpgrade opens a copy of a database in testdata/upgrade.
func openUpgrade(t *testing.T, name string) (*sqlite.Store, *seal.Keys) {
	t.Helper()
	dir := t.TempDir()
	for _, name := range []string{name + ".db", name + ".key"} {
		b, err := os.ReadFile(filepath.Join("testdata", "upgrade", name))
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, name), b, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	keys, err := seal.LoadFile(filepath.Join(dir, name+".key"))
	if err != nil {
		t.Fatal(err)
	}
	return openStore(t, filepath.Join(dir, name+".db"), keys, nil), keys
}

// What a migration says is never edited: databases have run it.
func TestMigrationsStayAsTheyAre(t *testing.T) {
	storetest.CheckMigrations(t, "migrations", filepath.Join("testdata", "migrations.sha256"), *update)
}
