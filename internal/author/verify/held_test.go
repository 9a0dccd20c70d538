//go:build openapi

package verify_test

import (
	"flag"
	"os"
	"strings"
	"testing"

	"github.com/nango-lite/nango-lite/internal/author/bench"
	"github.com/nango-lite/nango-lite/internal/author/verify"
	"github.com/nango-lite/nango-lite/loader"
)

var update = flag.Bool("update", false, "rewrite the list of versions that are held against documents")

// TestHeld: docs/catalog.md counts the versions that are held against documents by a list,
// because the documents themselves are not at hand where it is made.
func TestHeld(t *testing.T) {
	const list = "../page/held.txt"
	c, _ := loader.Builtin()
	var want strings.Builder
	for _, ref := range bench.Refs(c) {
		name, version, _ := strings.Cut(ref, ":")
		k, err := verify.Bundled(name)
		if err != nil {
			t.Fatal(err)
		}
		docs, err := documents().Documents(k, name, version)
		if err != nil {
			t.Fatal(err)
		}
		line := ref
		for _, d := range docs {
			line += " " + d.Name
		}
		if len(docs) > 0 {
			want.WriteString(line + "\n")
		}
	}
	if *update {
		if err := os.WriteFile(list, []byte(want.String()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	got, err := os.ReadFile(list)
	if err != nil {
		t.Fatal(err)
	}
	if string(got) != want.String() {
		t.Errorf("%s is out of step with the documents: run this test with -update, then go generate ./internal/author/...\ngot:\n%s\nwant:\n%s", list, got, want.String())
	}
}
