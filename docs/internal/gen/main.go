// Command gen writes docs/configuration.md: the template beside it, with the
// tables of keys filled in from schema/definitions.json and the examples from
// examples/, which are files that load. Run it with go generate ./docs/...
package main

import (
	"log"
	"os"
	"path/filepath"
)

//go:generate go run . ../../..

func main() {
	log.SetFlags(0)
	log.SetPrefix("gen: ")
	root := "."
	if len(os.Args) > 1 {
		root = os.Args[1]
	}
	page, err := Configuration(root)
	if err != nil {
		log.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(root, "docs/configuration.md"), page, 0o644); err != nil {
		log.Fatal(err)
	}
}
