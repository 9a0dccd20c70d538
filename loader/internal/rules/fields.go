package rules

import (
	"regexp"

	"github.com/nango-lite/nango-lite/loader/internal/tree"
)

// patterns are RE2, which knows no look-ahead.
func (r *checker) patterns() {
	for _, section := range []string{"connection", "credentials"} {
		m := r.Root.Get(section)
		if m == nil {
			continue
		}
		for _, f := range m.Fields {
			p := f.Value.Get("pattern")
			if p == nil || p.Kind != tree.String || p.Bad {
				continue
			}
			if _, err := regexp.Compile(p.Text); err != nil {
				r.report(p.Origin, "bad-pattern", "this is not a pattern that RE2 reads", "")
			}
		}
	}
}
