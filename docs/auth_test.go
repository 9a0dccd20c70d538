package docs_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/nango-lite/nango-lite/loader"
	"github.com/nango-lite/nango-lite/sandbox"
	"github.com/nango-lite/nango-lite/schema"
)

// The page shows of every mode an integration that can be pasted, and nothing of
// our tests: it is for users.
func TestAuthPage(t *testing.T) {
	page, shown := read(t, "auth.md"), map[schema.AuthMode]bool{}
	for _, b := range blocks(t, "auth.md") {
		if b.lang != "yaml" {
			continue
		}
		env := func(name string) (string, bool) {
			if strings.HasSuffix(name, "_PRIVATE_KEY") {
				return sandbox.PrivateKey, true
			}
			return "from-the-environment", true
		}
		cfg, ds := loader.LoadBytes(t.Context(), "integrations.yaml", []byte(b.text), &loader.Options{LookupEnv: env})
		if len(ds) > 0 {
			t.Errorf("auth.md:%d: %v", b.line, ds)
		}
		for _, in := range cfg.Integrations {
			shown[in.Auth.AuthMode] = true
		}
	}
	for _, m := range schema.Modes {
		if !shown[m.Name] {
			t.Errorf("auth.md shows no integration of %s", m.Name)
		}
		if !slices.Contains(strings.Split(page, "\n"), "## "+string(m.Name)) {
			t.Errorf("auth.md has no section %s", m.Name)
		}
	}
	if testName.MatchString(page) {
		t.Error("auth.md names tests; those stand in conformance.md")
	}
}
