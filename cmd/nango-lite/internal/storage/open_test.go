package storage

import (
	"errors"
	"os"
	"path/filepath"
	"testing"

	"github.com/nango-lite/nango-lite/store/sqlite"
)

// A store that has to be brought up to date is not sealed with a key that is thrown away:
// who only looks whether it is empty changes nothing of what it holds.
func TestNoKeySealsNothing(t *testing.T) {
	b, err := os.ReadFile(filepath.Join("..", "..", "..", "..", "store", "sqlite", "testdata", "upgrade", "records.db"))
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "records.db")
	if err := os.WriteFile(path, b, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := sqlite.Open(t.Context(), path, noKey{}, nil); !errors.Is(err, errNoKey) {
		t.Errorf("got %v; want an error that says so", err)
	}
	after, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if string(after[100:]) != string(b[100:]) { // what comes before says how the file is used
		t.Error("the file was changed")
	}
}
