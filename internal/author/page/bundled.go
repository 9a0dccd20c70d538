package page

import (
	"github.com/nango-lite/nango-lite/loader"
	"github.com/nango-lite/nango-lite/schema"
)

// Bundled returns the blueprints that come with the program, by name.
func Bundled() ([]*schema.Blueprint, error) {
	c, problems := loader.Builtin()
	var out []*schema.Blueprint
	for _, name := range c.Names() {
		b, ds, _ := c.Lookup(name)
		problems = append(problems, ds...)
		out = append(out, b)
	}
	return out, problems.Err()
}
