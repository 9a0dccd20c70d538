package lint

import (
	"regexp"
	"sync"
)

// lazy compiles a pattern when it is first needed: most runs of a program that
// links this package never need it.
func lazy(pattern string) func() *regexp.Regexp {
	return sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(pattern) })
}
