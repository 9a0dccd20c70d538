// Command gen derives the three JSON Schemas of package schema from
// definitions.json, the one place where the words of the format stand. Run it
// with go generate ./schema.
package main

import (
	"log"
	"os"
	"path/filepath"
)

func main() {
	log.SetFlags(0)
	dir := "."
	if len(os.Args) > 1 {
		dir = os.Args[1]
	}
	definitions, err := os.ReadFile(filepath.Join(dir, "definitions.json"))
	if err != nil {
		log.Fatalf("gen: %v", err)
	}
	files, err := Generate(definitions)
	if err != nil {
		log.Fatalf("gen: %v", err)
	}
	for name, data := range files {
		if err := os.WriteFile(filepath.Join(dir, name), data, 0o644); err != nil {
			log.Fatalf("gen: %v", err)
		}
	}
}
