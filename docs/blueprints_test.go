package docs_test

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"

	"github.com/nango-lite/nango-lite/internal/author/verify"
	"github.com/nango-lite/nango-lite/loader"
	"github.com/nango-lite/nango-lite/loader/lint"
	"github.com/nango-lite/nango-lite/schema"
)

const guide = "blueprints.md"

var guideFile = regexp.MustCompile(`^# (\S+/\S+\.yaml|integrations\.yaml)\n`)

// The author's guide is followed from top to bottom: its files are written and
// its commands run, in one directory.
func TestGuideIsFollowed(t *testing.T) {
	tm, page := newTerminal(t), read(t, guide)
	all := blocks(t, guide)
	var fresh []string
	for _, b := range all {
		got := b.text
		switch m := guideFile.FindStringSubmatch(b.text); {
		case b.lang == "yaml" && m != nil:
			file := filepath.Join(tm.dir, filepath.FromSlash(m[1]))
			if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(file, []byte(strings.TrimPrefix(b.text, m[0])), 0o644); err != nil {
				t.Fatal(err)
			}
		case b.lang == "console":
			got = tm.session(t, b.text)
		}
		if diff := cmp.Diff(got, b.text); diff != "" && !*update {
			t.Errorf("%s:%d: run go test ./docs -update\n(-run +shown):\n%s", guide, b.line, diff)
		}
		fresh = append(fresh, got)
	}
	if *update {
		for i, b := range slices.Backward(all) {
			page = replaceBlock(page, b, fresh[i])
		}
		if err := os.WriteFile(guide, []byte(page), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

// Its blueprints keep every rule, but for the draft that shows findings. A part
// of one is laid over the page's first.
func TestGuideKeepsTheRules(t *testing.T) {
	fsys := fstest.MapFS{}
	bundled := os.DirFS("../blueprints")
	var parts []block
	for _, b := range blocks(t, guide) {
		m := guideFile.FindStringSubmatch(b.text)
		switch {
		case b.lang != "yaml" || m != nil && (m[1] == "integrations.yaml" || strings.HasPrefix(m[1], "published/")):
		case m == nil:
			parts = append(parts, b)
		default:
			fsys[filepath.Base(m[1])] = &fstest.MapFile{Data: []byte(strings.TrimPrefix(b.text, m[0]))}
		}
	}
	for _, b := range parts {
		text := "format: 1\nname: part-%d\ndisplay_name: Part\nmaintainer: nobody <nobody@x.example>\ndocs_url: https://x.example\n" +
			"versions:\n    v0:\n        comment: A part.\n        extends: tides:v0\n        " + strings.ReplaceAll(strings.TrimSuffix(b.text, "\n"), "\n", "\n        ") + "\n"
		fsys[fmt.Sprintf("part-%d.yaml", b.line)] = &fstest.MapFile{Data: fmt.Appendf(nil, text, b.line)}
	}
	c := loader.NewCatalog(bundled, fsys)
	for file, f := range fsys {
		for _, d := range lint.Check(c, file, f.Data) {
			if file != "surge.yaml" {
				t.Errorf("%s", d)
			}
		}
	}
}

var tableOfModes = regexp.MustCompile(`(?m)^(\| mode \| for \| needs \|\n\|---\|---\|---\|\n)(\|.*\n)*`)

// The table of modes is the schema's.
func TestGuideListsTheModes(t *testing.T) {
	var b strings.Builder
	for _, m := range schema.Modes {
		fmt.Fprintf(&b, "| `%s` | %s | %s |\n", m.Name, m.For, m.Needs)
	}
	rewriteTable(t, tableOfModes, b.String())
}

var tableOfRules = regexp.MustCompile(`(?m)^(\| code \| severity \| finds \|\n\|---\|---\|---\|\n)(\|.*\n)*`)

// The table of rules is the rules.
func TestGuideListsTheRules(t *testing.T) {
	var b strings.Builder
	for _, r := range lint.Rules() {
		fmt.Fprintf(&b, "| `%s` | %s | %s |\n", r.Code, r.Severity, r.Text)
	}
	rewriteTable(t, tableOfRules, b.String())
}

var tableOfDifferences = regexp.MustCompile(`(?m)^(\| what differs \| severity \| finds \|\n\|---\|---\|---\|\n)(\|.*\n)*`)

// The table of what verify compares is its own.
func TestGuideListsTheDifferences(t *testing.T) {
	var b strings.Builder
	for _, r := range verify.Rules() {
		fmt.Fprintf(&b, "| `%s` | %s | %s |\n", r.Code, r.Severity, r.Text)
	}
	rewriteTable(t, tableOfDifferences, b.String())
}

// rewriteTable holds the rows below the head of a table of the guide to what they
// should be.
func rewriteTable(t *testing.T, table *regexp.Regexp, rows string) {
	t.Helper()
	page := read(t, guide)
	want := table.ReplaceAllStringFunc(page, func(was string) string { return table.FindStringSubmatch(was)[1] + rows })
	if !table.MatchString(page) {
		t.Fatalf("%s has no such table", guide)
	}
	if *update {
		if err := os.WriteFile(guide, []byte(want), 0o644); err != nil {
			t.Fatal(err)
		}
	} else if diff := cmp.Diff(want, page); diff != "" {
		t.Errorf("%s: run go test ./docs -update\n(-should be +shown):\n%s", guide, diff)
	}
}
