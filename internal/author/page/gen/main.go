// Command gen writes the index of the bundled blueprints, and docs/catalog.md and
// docs/catalog.svg about them, for which it plays them on the bench. Run it with go generate ./internal/author/...
package main

import (
	"context"
	"log"
	"os"
	"path/filepath"

	"github.com/nango-lite/nango-lite/internal/author/bench"
	"github.com/nango-lite/nango-lite/internal/author/page"
	"github.com/nango-lite/nango-lite/loader"
)

//go:generate go run . ../../../..

func main() {
	log.SetFlags(0)
	log.SetPrefix("gen: ")
	root := "."
	if len(os.Args) > 1 {
		root = os.Args[1]
	}
	index, err := loader.EncodeIndex(os.DirFS(filepath.Join(root, "blueprints")))
	if err != nil {
		log.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(root, "blueprints", "index.json"), index, 0o644); err != nil {
		log.Fatal(err)
	}
	catalog, err := page.Bundled()
	if err != nil {
		log.Fatal(err)
	}
	bundled, _ := loader.Builtin()
	reports := bench.Catalog(context.Background(), bundled, nil, bench.Options{})
	for name, data := range map[string][]byte{"catalog.md": page.Catalog(catalog, reports), "catalog.svg": page.Picture(catalog, reports)} {
		if err := os.WriteFile(filepath.Join(root, "docs", name), data, 0o644); err != nil {
			log.Fatal(err)
		}
	}
}
