package lint_test

import (
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/nango-lite/nango-lite/loader"
	"github.com/nango-lite/nango-lite/loader/lint"
)

var update = flag.Bool("update", false, "rewrite the .out files")

// check lints a file of a directory.
func check(t *testing.T, dir, file string) (loader.Diagnostics, []byte) {
	t.Helper()
	data, err := os.ReadFile(filepath.Join(dir, file))
	if err != nil {
		t.Fatal(err)
	}
	c := loader.NewCatalog(loader.Dir(dir))
	return lint.Check(c, filepath.ToSlash(filepath.Join(dir, file)), data), data
}

func text(ds loader.Diagnostics) string {
	var b strings.Builder
	_ = ds.WriteText(&b)
	return strings.ReplaceAll(b.String(), "testdata/", "")
}

// Each rule has a file of its name that breaks it, and what lint says about that
// beside it. Twenty runs say the same, so that no map decides.
func TestRules(t *testing.T) {
	for _, rule := range lint.Rules() {
		t.Run(rule.Code, func(t *testing.T) {
			t.Parallel()
			file := rule.Code + ".yaml"
			if rule.Code == "file-name" {
				file = "file-name.yml"
			}
			ds, _ := check(t, "testdata", file)
			got := text(ds)
			if !strings.Contains(got, "["+rule.Code+"]") {
				t.Errorf("%s is not found in a file of its name:\n%s", rule.Code, got)
			}
			golden(t, filepath.Join("testdata", rule.Code+".out"), got)
			for range 19 {
				if ds, _ := check(t, "testdata", file); text(ds) != got {
					t.Fatalf("another run found something else:\n%s\nbefore:\n%s", text(ds), got)
				}
			}
		})
	}
}

// What the other files change is all that is wrong with them.
func TestCleanFile(t *testing.T) {
	if ds, _ := check(t, "testdata", "clean.yaml"); len(ds) > 0 {
		t.Errorf("got\n%s", text(ds))
	}
}

func golden(t *testing.T, path, got string) {
	t.Helper()
	if *update {
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), got); diff != "" {
		t.Errorf("%s (-want +got):\n%s", path, diff)
	}
}

// No file breaks a rule that has no file.
func TestEveryFileIsOfARule(t *testing.T) {
	known := map[string]bool{"clean": true, "fix": true}
	for _, r := range lint.Rules() {
		known[r.Code] = true
	}
	files, _ := filepath.Glob("testdata/*")
	for _, f := range files {
		if name := strings.TrimSuffix(filepath.Base(f), filepath.Ext(f)); !known[name] {
			t.Errorf("%s is of no rule", f)
		}
	}
}
