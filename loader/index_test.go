package loader_test

import (
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/nango-lite/nango-lite/blueprints"
	"github.com/nango-lite/nango-lite/loader"
)

// TestBundledIndexIsFresh: go generate ./internal/author/... writes it.
func TestBundledIndexIsFresh(t *testing.T) {
	want, err := loader.EncodeIndex(blueprints.FS)
	if err != nil {
		t.Fatal(err)
	}
	if string(want) != string(blueprints.Index) {
		t.Error("blueprints/index.json is not what the files say: go generate ./internal/author/...")
	}
}

// TestIndexAgreesWithTheFiles: what a list says is what the blueprints say when they are
// read and merged.
func TestIndexAgreesWithTheFiles(t *testing.T) {
	c, _ := loader.Builtin()
	index, ds := c.Index()
	if len(ds) > 0 || len(index) != len(c.Names()) {
		t.Fatalf("%d entries, %d names, %v", len(index), len(c.Names()), ds)
	}
	for _, e := range index {
		b, _, _ := c.Lookup(e.Name)
		if b.DisplayName != e.DisplayName || !slices.Equal(b.Categories, e.Categories) || len(b.Versions) != len(e.Versions) {
			t.Errorf("%+v, want %+v", e, b)
		}
		for _, v := range e.Versions {
			if want := b.Versions[v.Name]; want == nil || string(want.Auth.AuthMode) != v.AuthMode || want.Comment != v.Comment {
				t.Errorf("%s: %+v, want %+v", e.Name, v, want)
			}
		}
	}
}

// TestIndexOfDirectories: each file is read once, layers lie over each other, modes are
// inherited, and a file of which nothing can be said is reported.
func TestIndexOfDirectories(t *testing.T) {
	below := &counting{FS: fstest.MapFS{
		"keel.yaml":   blueprint("keel", "    v0: {comment: Old., auth: {auth_mode: API_KEY}, requests: {base_url: \"https://x.example\"}}\n    v10: {extends: \"keel:v0\"}\n    v9: {extends: \"keel:v0\", auth: {auth_mode: NONE}}\n"),
		"broken.yaml": {Data: []byte("versions: [")},
		"circle.yaml": blueprint("circle", "    v0: {extends: \"circle:v0\"}\n"),
	}}
	above := fstest.MapFS{"keel.yaml": blueprint("keel", "    v0: {comment: New., auth: {auth_mode: OAUTH2}}\n")}
	index, ds := loader.NewCatalog(below, above).Index()
	if len(index) != 1 || len(index[0].Versions) != 3 {
		t.Fatalf("%+v", index)
	}
	var said []string
	for _, v := range index[0].Versions {
		said = append(said, v.Name+" "+v.AuthMode+" "+v.Comment)
	}
	if want := []string{"v0 OAUTH2 New.", "v9 NONE ", "v10 OAUTH2 "}; !slices.Equal(said, want) {
		t.Errorf("got %q, want %q", said, want)
	}
	if !strings.Contains(text(ds), "broken.yaml:1:") || !strings.Contains(text(ds), "extends-cycle") {
		t.Errorf("findings: %v", ds)
	}
	if n := len(slices.DeleteFunc(below.opened, func(name string) bool { return name != "keel.yaml" })); n != 1 {
		t.Errorf("keel.yaml was opened %d times", n)
	}
}
