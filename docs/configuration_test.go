package docs_test

import (
	"strings"
	"testing"

	"github.com/nango-lite/nango-lite/schema"
)

// Every placeholder and every function is in the reference.
func TestConfigurationNamesPlaceholders(t *testing.T) {
	page := read(t, "configuration.md")
	_, page, _ = strings.Cut(page, "## Placeholders")
	page, _, _ = strings.Cut(page, "## Paths")
	for name := range schema.PlaceholderNames {
		if !strings.Contains(page, "`${"+name+"}`") {
			t.Errorf("${%s} is in no row", name)
		}
	}
	for name := range schema.Functions {
		if !strings.Contains(page, "`"+name+"`") && !strings.Contains(page, "`"+name+"()`") {
			t.Errorf("%s() is in no row", name)
		}
	}
}
