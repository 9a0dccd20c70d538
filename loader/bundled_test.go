package loader_test

import (
	"io/fs"
	"strings"
	"testing"

	"github.com/nango-lite/nango-lite/blueprints"
	"github.com/nango-lite/nango-lite/loader"
)

// TestBundledBlueprintsMeetTheirSchema: nobody checks it at run time.
func TestBundledBlueprintsMeetTheirSchema(t *testing.T) {
	checked := loader.NewCatalog(struct{ fs.FS }{blueprints.FS}) // as if somebody had brought them
	for _, name := range checked.Names() {
		if _, ds, ok := checked.Lookup(name); !ok || ds.HasErrors() {
			t.Errorf("%s: %v", name, ds)
		}
	}
}

// TestOver leaves the bundled files their name, and the catalog below as it was.
func TestOver(t *testing.T) {
	bundled, _ := loader.Builtin()
	over := bundled.Over(loader.Dir(testdata + "/blueprints"))
	_, base, ok := over.Where("notion:v0", "requests", "base_url")
	if !ok || base.File != "blueprints/notion.yaml" {
		t.Errorf("notion is from %q", base.File)
	}
	if v, ds := over.Version("acme:v10"); v == nil {
		t.Errorf("acme: %v", ds)
	}
	if v, _ := bundled.Version("acme:v10"); v != nil {
		t.Error("the bundled catalog has changed")
	}
	if bundled.Over() != bundled {
		t.Error("no layers make another catalog")
	}
	if n := len(over.Names()); !strings.Contains(strings.Join(over.Names(), " "), "acme") || n <= len(bundled.Names()) {
		t.Errorf("%d names", n)
	}
}
