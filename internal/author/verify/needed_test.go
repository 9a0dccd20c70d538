//go:build openapi

package verify_test

import (
	"slices"
	"testing"

	"github.com/nango-lite/nango-lite/internal/author/verify"
	"github.com/nango-lite/nango-lite/loader"
)

// TestCorrectionsAreNeeded: without any one of them something else is found.
func TestCorrectionsAreNeeded(t *testing.T) {
	for _, name := range verify.BundledNames() {
		k, err := verify.Bundled(name)
		if err != nil {
			t.Fatal(err)
		}
		if k.Like != "" {
			continue // what is like another is played with it
		}
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for _, one := range k.Corrections {
				if !slices.ContainsFunc(likened(name), func(user string) bool { return needs(t, user, one) }) {
					t.Errorf("the correction at %s changes nothing", one.At)
				}
			}
		})
	}
}

// likened returns the entries for which the corrections of one count.
func likened(name string) []string {
	users := []string{name}
	for _, other := range verify.BundledNames() {
		if k, _ := verify.Bundled(other); k.Like == name {
			users = append(users, other)
		}
	}
	return users
}

// needs reports whether an entry is found wrong where a correction is left out.
func needs(t *testing.T, name string, one verify.Correction) bool {
	t.Helper()
	c, _ := loader.Builtin()
	k, _ := verify.Bundled(name)
	k.Corrections = slices.DeleteFunc(k.Corrections, func(x verify.Correction) bool { return x.At == one.At && x.Document == one.Document })
	b, _, _ := c.Lookup(name)
	for version := range b.Versions {
		docs, err := documents().Documents(k, name, version)
		if err != nil {
			t.Fatal(err)
		}
		_ = k.Apply(docs)
		for _, d := range verify.Check(c, name+":"+version, docs) {
			if name != "notion" || version != "v0" || d.Code != "verify-version" { // v0 is older, whatever the document says
				return true
			}
		}
	}
	return false
}
