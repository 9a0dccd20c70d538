// Package blueprints holds the bundled catalog: one YAML file for each API, and
// no code about any of them.
package blueprints

import "embed"

// FS holds <name>.yaml files at its root.
//
//go:embed *.yaml
var FS embed.FS

// Index is what a list says of each blueprint, so that none has to be parsed for it.
// go generate ./internal/author/... writes it.
//
//go:embed index.json
var Index []byte
