// Package blueprints holds the bundled catalog: one YAML file for each API, and
// no code about any of them.
package blueprints

import "embed"

// FS holds <name>.yaml files at its root.
//
//go:embed *.yaml
var FS embed.FS
