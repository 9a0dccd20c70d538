package loader

import (
	"slices"

	"github.com/nango-lite/nango-lite/schema"
)

// Where returns the place of the key and of the value at a path of names and
// list indexes of a version, such as Where("notion:v0", "requests", "base_url"),
// be it said by that version or by one that it extends. It reports whether there
// is such a value; a broken version has none. Without a path it is the version
// itself.
func (c *Catalog) Where(ref string, path ...string) (key, value schema.Origin, ok bool) {
	n, holder := c.version(ref).node.Find(path)
	if n == nil {
		return key, value, false
	}
	key, value = n.Origin, n.Origin
	if holder != nil {
		key = holder.At
	}
	if !n.IsScalar() {
		value = key // a block begins a line too late
	}
	return key, value, true
}

// CompareVersions orders names of versions naturally: v9 before v10.
func CompareVersions(a, b string) int { return compareVersions(a, b) }

// Sorted returns ds by place, code and message, each finding once.
func (ds Diagnostics) Sorted() Diagnostics { return slices.Clone(ds).sorted() }
