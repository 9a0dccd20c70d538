package verify

import (
	"fmt"
	"slices"
	"strings"

	"github.com/nango-lite/nango-lite/schema"
)

// A checker looks at one version.
type checker struct {
	*schema.Version
	places
	docs  []*Document
	calls []*call
	uses  []use
	base  pattern
	lost  bool // the base URL is wrong: paths are compared without it
}

// documents names them for people.
func (k *checker) documents() string {
	names := make([]string, len(k.docs))
	for i, d := range k.docs {
		names[i] = d.Name
	}
	if len(names) > 4 {
		return fmt.Sprintf("%s and %d more", strings.Join(names[:3], ", "), len(names)-3)
	}
	return strings.Join(names, ", ")
}

// list writes texts one after the other, a few of them.
func list(texts []string) string {
	texts = slices.Compact(slices.Sorted(slices.Values(texts)))
	if len(texts) > 6 {
		texts = append(texts[:6:6], "…")
	}
	return strings.Join(texts, ", ")
}
