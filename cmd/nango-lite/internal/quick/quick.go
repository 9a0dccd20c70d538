// Package quick answers "nango-lite version" while the program still starts.
//
// Go initializes every package that is linked before main begins. Most of that
// time goes to one of them, which compiles the meta-schemas of all drafts of JSON
// Schema. Packages are initialized in the order of their import paths as soon as
// what they import is ready (The Go Programming Language Specification, Program
// initialization), so this one, which imports next to nothing, comes before. A
// test of package main holds that.
//
// Whatever else is asked goes the usual way, "version --format json" too.
package quick

import (
	"os"

	"github.com/nango-lite/nango-lite/cmd/nango-lite/internal/version"
)

func init() {
	if len(os.Args) != 2 || os.Args[1] != "version" {
		return
	}
	if _, err := os.Stdout.WriteString(version.Current().String() + "\n"); err != nil {
		os.Exit(1)
	}
	os.Exit(0)
}
