package rules

import (
	"fmt"
	"strings"

	"github.com/nango-lite/nango-lite/loader/internal/shape"
	"github.com/nango-lite/nango-lite/loader/internal/tree"
)

// modes: a key of another auth mode would be ignored in silence.
func (r *checker) modes() {
	if r.mode == "" {
		return
	}
	check := func(m *tree.Node, s *shape.Shape) {
		if m == nil || m.Kind != tree.Map {
			return
		}
		for _, f := range m.Fields {
			if sh := s.Key(f.Name); sh != nil && !sh.Fits(string(r.mode)) {
				r.report(f.At, "wrong-mode", fmt.Sprintf("%q belongs to auth_mode %s, and this is %s", f.Name, alternatives(sh.Modes), r.mode), "")
			}
		}
	}
	check(r.Root, r.Shape)
	check(r.Root.Get("auth"), r.Shape.Key("auth"))
}

// alternatives writes "a, b or c".
func alternatives(words []string) string {
	if len(words) < 2 {
		return strings.Join(words, "")
	}
	last := len(words) - 1
	return strings.Join(words[:last], ", ") + " or " + words[last]
}
