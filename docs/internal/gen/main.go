// Command gen writes docs/configuration.md: the template beside it, with the
// tables of keys filled in from schema/definitions.json and the examples from
// examples/, which are files that load; and docs/keys.md: which blueprint uses which
// key. Run it with go generate ./docs/...
package main

import (
	"log"
	"os"
	"path/filepath"
)

//go:generate go run . ../../..

// pages are what is written, by name, each for the checkout at a root.
var pages = map[string]func(root string) ([]byte, error){"configuration.md": Configuration, "keys.md": Keys}

func main() {
	log.SetFlags(0)
	log.SetPrefix("gen: ")
	root := "."
	if len(os.Args) > 1 {
		root = os.Args[1]
	}
	for name, write := range pages {
		page, err := write(root)
		if err != nil {
			log.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(root, "docs", name), page, 0o644); err != nil {
			log.Fatal(err)
		}
	}
}
