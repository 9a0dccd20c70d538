package sqlite_test

import (
	"context"
	"os"
	"path/filepath"
	"testing"

	"github.com/nango-lite/nango-lite/connection"
	"github.com/nango-lite/nango-lite/store/seal"
	"github.com/nango-lite/nango-lite/store/sqlite"
	"github.com/nango-lite/nango-lite/store/storetest"
)

func TestMain(m *testing.M) {
	storetest.Child(opener)
	os.Exit(m.Run())
}

func opener(ctx context.Context, path string, keys connection.Sealer) (storetest.Closer, error) {
	return sqlite.Open(ctx, path, keys, nil)
}

// newPath returns a path in a new directory; its characters mean something in
// URLs and in SQLite's names.
func newPath(t testing.TB) string {
	return filepath.Join(t.TempDir(), "my store? #1 50%&x=y;.db")
}

func openStore(t testing.TB, path string, keys connection.Sealer, opts *sqlite.Options) *sqlite.Store {
	t.Helper()
	s, err := sqlite.Open(t.Context(), path, keys, opts)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Errorf("Close: %v", err)
		}
	})
	return s
}

func TestStore(t *testing.T) {
	storetest.Run(t, func(t *testing.T) connection.Store {
		return openStore(t, newPath(t), seal.NewKeys(), nil)
	})
}

func TestShared(t *testing.T) {
	storetest.RunShared(t, func(t *testing.T) (a, b connection.Store) {
		path, keys := newPath(t), seal.NewKeys()
		return openStore(t, path, keys, nil), openStore(t, path, keys, nil)
	})
}

func TestProcesses(t *testing.T) {
	storetest.RunProcesses(t, opener, func(t *testing.T) string { return newPath(t) })
}

func TestSealed(t *testing.T) {
	storetest.RunSealed(t, func(t *testing.T) storetest.Medium {
		path := newPath(t)
		return storetest.Medium{
			Open: func(t *testing.T, s connection.Sealer) connection.Store { return openStore(t, path, s, nil) },
			Raw:  func(t *testing.T) []byte { return rawBytes(t, path) },
		}
	})
}

// rawBytes returns what is in all files of the database.
func rawBytes(t *testing.T, path string) (raw []byte) {
	files, err := os.ReadDir(filepath.Dir(path))
	if err != nil || len(files) < 2 {
		t.Fatalf("got the files %v, %v; want the database and its log", files, err)
	}
	for _, f := range files {
		b, err := os.ReadFile(filepath.Join(filepath.Dir(path), f.Name()))
		if err != nil {
			t.Fatal(err)
		}
		raw = append(raw, b...)
	}
	return raw
}

var testKey = connection.Key{Integration: "notion", ConnectionID: "user-42"}

func TestChanges(t *testing.T) {
	storetest.RunChanges(t, func(t *testing.T) (a, b storetest.Feed) {
		path, keys := newPath(t), seal.NewKeys()
		return openStore(t, path, keys, nil), openStore(t, path, keys, nil)
	})
}

func TestAdd(t *testing.T) {
	storetest.RunAdd(t, func(t *testing.T) storetest.Adder { return openStore(t, newPath(t), seal.NewKeys(), nil) })
}
