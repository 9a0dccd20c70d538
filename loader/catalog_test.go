package loader_test

import (
	"context"
	"io/fs"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/fstest"

	"github.com/nango-lite/nango-lite/loader"
)

// blueprint is a small one; versions are YAML below versions:.
func blueprint(name, versions string) *fstest.MapFile {
	return &fstest.MapFile{Data: []byte("format: 1\nname: " + name + "\ndisplay_name: " + strings.ToUpper(name) + "\nmaintainer: nobody <nobody@x.example>\nversions:\n" + versions)}
}

func version(name, base string) string {
	return "    " + name + ": {auth: {auth_mode: NONE}, requests: {base_url: \"" + base + "\"}}\n"
}

func TestCatalogLayers(t *testing.T) {
	below := fstest.MapFS{
		"one.yaml": blueprint("one", version("v0", "https://below.example/0")+version("v1", "https://below.example/1")),
		"two.yaml": blueprint("two", version("v0", "https://two.example")),
	}
	above := fstest.MapFS{
		"one.yaml":   blueprint("one", version("v1", "https://above.example/1")+version("v2", "https://above.example/2")),
		"three.yml":  blueprint("three", version("v0", "https://three.example")),
		"README.md":  {Data: []byte("not a blueprint")},
		"sub/x.yaml": blueprint("x", version("v0", "https://x.example")),
	}
	c := loader.NewCatalog(below, above)
	if got, want := c.Names(), []string{"one", "two"}; !slices.Equal(got, want) {
		t.Errorf("Names: got %v, want %v", got, want)
	}
	b, ds, ok := c.Lookup("one")
	if !ok || len(ds) > 0 || len(b.Versions) != 3 {
		t.Fatalf("Lookup: got %+v, %v, %v", b, ds, ok)
	}
	for v, want := range map[string]string{"v0": "https://below.example/0", "v1": "https://above.example/1", "v2": "https://above.example/2"} {
		if got := b.Versions[v].Requests.BaseURL; got != want {
			t.Errorf("%s: got %s, want %s", v, got, want)
		}
	}
	if v, _ := c.Version("one"); v == nil || v.Requests.BaseURL != "https://above.example/2" {
		t.Errorf("the newest version: %+v", v)
	}
	wantFinding(t, c.Check(), "three.yml: warning: this file is not read; blueprints end in .yaml [blueprint-extension]")
	if _, _, ok := c.Lookup("three"); ok {
		t.Error("three.yml was read")
	}
	for _, name := range []string{"../one", "sub/x", "", ".", "One", "/etc/passwd"} {
		if _, _, ok := c.Lookup(name); ok {
			t.Errorf("Lookup(%q) found something", name)
		}
	}
}

// TestBlueprintsOption: directories of the host lie over the catalog.
func TestBlueprintsOption(t *testing.T) {
	opts := options()
	opts.Blueprints = []fs.FS{fstest.MapFS{"mine.yaml": blueprint("mine", "    v0: {extends: \"keyed:v0\", requests: {base_url: https://mine.example}}\n")}, loader.Dir("/nowhere")}
	cfg, ds := loader.LoadBytes(context.Background(), "i.yaml", []byte("integrations:\n    a: {extends_blueprint: mine:v0}\n    b: {extends_blueprint: keyed:v0}\n"), opts)
	wantFinding(t, ds, "/nowhere: error: the directory of blueprints cannot be read: it does not exist [io]")
	if a := cfg.Integrations["a"]; a == nil || a.Requests.BaseURL != "https://mine.example" || a.Requests.Headers["Authorization"] != "Key ${api_key}" {
		t.Errorf("a: %+v, %v", a, ds)
	}
	if a := cfg.Integrations["a"]; a.DisplayName != "MINE" {
		t.Errorf("display name %q", a.DisplayName)
	}
}

// counting is a file system that remembers what was opened.
type counting struct {
	fs.FS
	mu     sync.Mutex
	opened []string
}

func (c *counting) Open(name string) (fs.File, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.opened = append(c.opened, name)
	return c.FS.Open(name)
}

// TestCatalogReadsWhatIsAsked: start and load do not grow with the catalog.
func TestCatalogReadsWhatIsAsked(t *testing.T) {
	files := fstest.MapFS{}
	for _, name := range []string{"a", "b", "c", "d"} {
		files[name+".yaml"] = blueprint(name, version("v0", "https://x.example"))
	}
	fsys := &counting{FS: files}
	c := loader.NewCatalog(fsys)
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			_, ds := loader.LoadBytes(context.Background(), "i.yaml", []byte("integrations:\n    x: {extends_blueprint: b:v0}\n    y: {extends_blueprint: b}\n"), &loader.Options{Catalog: c})
			if ds.HasErrors() {
				t.Error(ds)
			}
		})
	}
	wg.Wait()
	if !slices.Equal(fsys.opened, []string{"b.yaml"}) {
		t.Errorf("opened %v, want b.yaml, once", fsys.opened)
	}
}

// TestBuiltin holds the bundled catalog to the schema and to the rules.
func TestBuiltin(t *testing.T) {
	c, ds := loader.Builtin()
	if len(ds) > 0 || len(c.Names()) == 0 {
		t.Fatalf("got %v, %v", c.Names(), ds)
	}
	for _, name := range c.Names() {
		_, ds, ok := c.Lookup(name)
		if !ok || len(ds) > 0 {
			t.Errorf("%s: %v\n%s", name, ok, text(ds))
		}
	}
}
