package loader

import (
	"maps"
	"slices"

	"github.com/nango-lite/nango-lite/internal/suggest"
	"github.com/nango-lite/nango-lite/loader/internal/yamltree"
)

// A besideFile is the file of variables beside an integrations file, for hints about one
// that is missing. Its values are never shown.
type besideFile struct {
	file    string            // its name; empty: there is none
	vars    map[string]string // what it sets
	example map[string]string // what .env.example sets, which is never read for values
}

// hint says where a variable should be set, or under which other name it may be.
func (b besideFile) hint(variable string) string {
	if near := suggest.Nearest(variable, slices.Sorted(maps.Keys(b.vars))); near != "" {
		return b.file + " has " + near + "; is that the one?"
	}
	if b.example[variable] != "" {
		return ".env.example has a value for it, and is not read: copy it to .env"
	}
	return "set it, or put it into .env beside this file"
}

// exampleOf reads .env.example as far as it can be read.
func exampleOf(name string) map[string]string {
	data, err := readFile(name, yamltree.MaxBytes)
	if err != nil || len(data) > yamltree.MaxBytes {
		return nil
	}
	vars, _ := parseEnv(name, data)
	return vars
}
