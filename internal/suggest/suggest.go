// Package suggest finds the name that was likely meant by one that is unknown.
package suggest

import (
	"fmt"
	"strings"
)

// Nearest returns the name that was likely meant, or "". It is silent rather
// than wrong: two names at the same distance cancel each other.
func Nearest(got string, names []string) string {
	limit := 1 + len(got)/4
	if len(got) < 3 {
		limit = 0
	}
	limit = min(limit, 3)
	best, found, tie := limit+1, "", false
	for _, name := range names {
		if plain(got) == plain(name) {
			return name
		}
		switch d := distance(got, name); {
		case d < best:
			best, found, tie = d, name, false
		case d == best:
			tie = true
		}
	}
	if tie || best > limit {
		return ""
	}
	return found
}

// plain takes away what people write differently: baseUrl, base-url, base_url.
func plain(s string) string {
	return strings.NewReplacer("_", "", "-", "", " ", "").Replace(strings.ToLower(s))
}

// DidYouMean asks whether the nearest of names was meant, or is empty.
func DidYouMean(got string, names []string) string {
	if name := Nearest(got, names); name != "" {
		return fmt.Sprintf("did you mean %q?", name)
	}
	return ""
}

// distance counts insertions, deletions, replacements and swaps of neighbours
// that turn a into b.
func distance(a, b string) int {
	if len(a) > 64 || len(b) > 64 {
		return 64
	}
	before, last, row := make([]int, len(b)+1), make([]int, len(b)+1), make([]int, len(b)+1)
	for j := range last {
		last[j] = j
	}
	for i := 1; i <= len(a); i++ {
		row[0] = i
		for j := 1; j <= len(b); j++ {
			cost := 1
			if a[i-1] == b[j-1] {
				cost = 0
			}
			row[j] = min(row[j-1]+1, last[j]+1, last[j-1]+cost)
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				row[j] = min(row[j], before[j-2]+1)
			}
		}
		before, last, row = last, row, before
	}
	return last[len(b)]
}
