package storetest

import (
	"crypto/sha256"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// CheckMigrations compares the files of dir with the sums that were written down
// when they were new. With update it adds those that are new, and never changes one.
func CheckMigrations(t *testing.T, dir, sums string, update bool) {
	t.Helper()
	known, err := os.ReadFile(sums)
	if err != nil && !update {
		t.Fatal(err)
	}
	files, err := filepath.Glob(filepath.Join(dir, "*.sql"))
	if err != nil || len(files) == 0 {
		t.Fatalf("got the files %v, %v", files, err)
	}
	text := string(known)
	for _, name := range files {
		b, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		line := fmt.Sprintf("%x  %s\n", sha256.Sum256(b), filepath.Base(name))
		switch {
		case strings.Contains(text, line):
		case strings.Contains(text, "  "+filepath.Base(name)+"\n"):
			t.Errorf("%s has been edited; write a new migration instead", name)
		case update:
			text += line
		default:
			t.Errorf("%s is new: run with -update", name)
		}
	}
	if n := strings.Count(text, "\n"); n != len(files) {
		t.Errorf("%s knows %d migrations, and there are %d", sums, n, len(files))
	}
	if update {
		if err := os.WriteFile(sums, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}
