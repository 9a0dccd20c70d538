package lint_test

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"

	"github.com/nango-lite/nango-lite/blueprints"
	"github.com/nango-lite/nango-lite/loader"
	"github.com/nango-lite/nango-lite/loader/lint"
)

// meaning is what the catalog makes of a file.
func meaning(t *testing.T, name string, data []byte) string {
	t.Helper()
	c := loader.NewCatalog(fstest.MapFS{name + ".yaml": {Data: data}})
	b, _, _ := c.Lookup(name)
	text, err := json.MarshalIndent(b, "", "  ")
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func TestFix(t *testing.T) {
	for _, path := range []string{"fix/everything.yaml", "fix/anchor.yaml", "key-order.yaml", "version-order.yaml"} {
		t.Run(path, func(t *testing.T) {
			dir, file := filepath.Split(filepath.Join("testdata", path))
			before, err := os.ReadFile(dir + file)
			if err != nil {
				t.Fatal(err)
			}
			name := strings.TrimSuffix(file, ".yaml")
			after := lint.Fix(before)
			golden(t, dir+name+".fixed", string(after))
			if diff := cmp.Diff(meaning(t, name, before), meaning(t, name, after)); diff != "" {
				t.Errorf("the meaning changed (-before +after):\n%s", diff)
			}
			if again := lint.Fix(after); !bytes.Equal(again, after) {
				t.Errorf("a second run changed more:\n%s", cmp.Diff(string(after), string(again)))
			}
			if bytes.Count(before, []byte("#")) != bytes.Count(after, []byte("#")) {
				t.Error("a comment is lost")
			}
			c := loader.NewCatalog(fstest.MapFS{file: {Data: after}})
			for _, d := range lint.Check(c, file, after) {
				if path != "fix/anchor.yaml" && strings.HasSuffix(d.Code, "-order") {
					t.Errorf("left: %s", d)
				}
			}
		})
	}
}

// There is nothing to move in the bundled catalog.
func TestFixLeavesTheBundledCatalog(t *testing.T) {
	c, _ := loader.Builtin()
	for _, name := range c.Names() {
		data, err := blueprints.FS.ReadFile(name + ".yaml")
		if err != nil {
			t.Fatal(err)
		}
		if fixed := lint.Fix(data); !bytes.Equal(fixed, data) {
			t.Errorf("%s: %s", name, cmp.Diff(string(data), string(fixed)))
		}
	}
}

func FuzzFix(f *testing.F) {
	for _, pattern := range []string{"testdata/*.yaml", "testdata/fix/*.yaml"} {
		files, _ := filepath.Glob(pattern)
		for _, path := range files {
			data, err := os.ReadFile(path)
			if err != nil {
				f.Fatal(err)
			}
			f.Add(string(data))
		}
	}
	f.Fuzz(func(t *testing.T, text string) {
		fixed := lint.Fix([]byte(text))
		if again := lint.Fix(fixed); !bytes.Equal(again, fixed) {
			t.Errorf("a second run changed more:\n%s", cmp.Diff(string(fixed), string(again)))
		}
		if before, after := meaning(t, "x", []byte(text)), meaning(t, "x", fixed); before != after {
			t.Errorf("the meaning changed (-before +after):\n%s", cmp.Diff(before, after))
		}
		c := loader.NewCatalog(fstest.MapFS{"x.yaml": {Data: []byte(text)}})
		lint.Check(c, "x.yaml", []byte(text)) // must not panic
	})
}
