package rules

import (
	"fmt"
	"strings"

	"github.com/nango-lite/nango-lite/loader/internal/tree"
)

// signature: what calls are signed with replaces what else has its names, so whoever
// writes both has one of them for nothing.
func (r *checker) signature() {
	for key, equal := range map[string]func(a, b string) bool{
		"headers": strings.EqualFold, "params": func(a, b string) bool { return a == b },
	} {
		signed, plain := r.Root.Get("auth", "signature", key), r.Root.Get("requests", key)
		if signed == nil || plain == nil || signed.Kind != tree.Map || plain.Kind != tree.Map {
			continue
		}
		for _, f := range plain.Fields {
			for _, s := range signed.Fields {
				if equal(f.Name, s.Name) {
					r.report(f.At, "conflicting-keys", fmt.Sprintf("%q is written by auth.signature.%s", f.Name, key), "")
				}
			}
		}
	}
}
