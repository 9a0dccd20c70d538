// Package lazyregexp compiles patterns when they are first needed: most runs of a
// program that links a package never need its patterns. Start with [New].
package lazyregexp

import (
	"regexp"
	"sync"
)

// New returns a function that gives the compiled pattern. It panics when it is
// first called if the pattern is none. It is safe for concurrent use.
func New(pattern string) func() *regexp.Regexp {
	return sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(pattern) })
}
