// Package pattern compiles patterns when they are first needed. Start with [Lazy].
package pattern

import (
	"regexp"
	"sync"
)

// Lazy compiles a pattern when it is first needed: most runs of a program that
// links this package never need it.
func Lazy(pattern string) func() *regexp.Regexp {
	return sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(pattern) })
}
