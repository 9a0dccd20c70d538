package lint_test

import (
	"testing"

	"github.com/nango-lite/nango-lite/blueprints"
	"github.com/nango-lite/nango-lite/loader"
	"github.com/nango-lite/nango-lite/loader/lint"
)

// The bundled catalog is what authors copy from, so it keeps every rule.
func TestBundledCatalog(t *testing.T) {
	c, _ := loader.Builtin()
	for _, name := range c.Names() {
		data, err := blueprints.FS.ReadFile(name + ".yaml")
		if err != nil {
			t.Fatal(err)
		}
		for _, d := range lint.Check(c, "blueprints/"+name+".yaml", data) {
			t.Error(d)
		}
	}
}
