package docs_test

import (
	"context"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/nango-lite/nango-lite/loader"
)

var fileName = regexp.MustCompile(`^# (\S+\.yaml|\S+\.lock|\.env)\n`)

// The examples on the page are loaded, and what is found is what the page shows.
func TestDiagnosticsPageShowsWhatIsFound(t *testing.T) {
	const name = "diagnostics.md"
	all, page := blocks(t, name), read(t, name)
	files := map[string]string{}
	var shown []block
	for _, b := range all {
		switch b.lang {
		case "yaml", "sh":
			file := "integrations.yaml"
			if m := fileName.FindStringSubmatch(b.text); m != nil {
				file = m[1]
			}
			files[b.heading+"\x00"+file] = b.text
		case "text":
			shown = append(shown, b)
		}
	}
	slices.Reverse(shown) // so that a rewritten block moves none that is still to come
	for _, b := range shown {
		if b.mark == "not run" {
			continue
		}
		got := findings(t, b.heading, files)
		if !strings.Contains(got, "["+b.heading+"]") {
			t.Errorf("%s:%d: the example of %s does not show it:\n%s", name, b.line, b.heading, got)
		}
		if *update {
			page = replaceBlock(page, b, got)
		} else if diff := cmp.Diff(got, b.text); diff != "" {
			t.Errorf("%s:%d: run go test ./docs -update\n(-found +shown):\n%s", name, b.line, diff)
		}
	}
	if *update {
		if err := os.WriteFile(name, []byte(page), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

// findings loads the files of a section in a directory of their own.
func findings(t *testing.T, heading string, files map[string]string) string {
	dir, err := os.MkdirTemp(t.TempDir(), "")
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for key, text := range files {
		section, file, _ := strings.Cut(key, "\x00")
		if section != heading {
			continue
		}
		if err := os.MkdirAll(filepath.Join(dir, filepath.Dir(file)), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, file), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
		if filepath.Dir(file) == "." && filepath.Ext(file) == ".yaml" {
			names = append(names, file)
		}
	}
	slices.Sort(names)
	back, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	t.Chdir(dir)
	defer t.Chdir(back)
	opts := &loader.Options{LookupEnv: func(name string) (string, bool) { return "", name == "EMPTY" }}
	if _, err := os.Stat("blueprints"); err == nil {
		opts.Blueprints = []fs.FS{loader.Dir("blueprints")}
	}
	_, diags := loader.LoadFiles(context.Background(), names, opts)
	var b strings.Builder
	if err := diags.WriteText(&b); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// Every code has an entry, and every entry a code.
func TestDiagnosticsPageIsComplete(t *testing.T) {
	codes := loaderCodes(t)
	var headings []string
	for line := range strings.SplitSeq(read(t, "diagnostics.md"), "\n") {
		if h, ok := strings.CutPrefix(line, "### "); ok {
			headings = append(headings, h)
		}
	}
	if !slices.IsSorted(headings) {
		t.Error("the entries are not in the order of the alphabet")
	}
	if diff := cmp.Diff(codes, headings); diff != "" {
		t.Errorf("codes of the loader and entries of diagnostics.md differ (-code +entry):\n%s", diff)
	}
}

// notCodes are words of the loader's sources that have the form of a code.
var notCodes = []string{"x-amz-content-sha256", "x-amz-date", "x-amz-security-token", "x-header-names", "x-modes", "x-operator", "x-public", "x-secret", "x-template"}

// singleWords are the codes without a hyphen.
var singleWords = []string{"canceled", "internal", "io", "syntax"}

// loaderCodes returns the codes that the loader's sources name. Those of
// loader/lint are for blueprint authors and have a list of their own.
func loaderCodes(t *testing.T) []string {
	form := regexp.MustCompile(`^[a-z]+(-[a-z]+)+$`)
	var codes []string
	err := filepath.WalkDir("../loader", func(path string, d fs.DirEntry, err error) error {
		if d != nil && d.IsDir() && d.Name() == "lint" {
			return fs.SkipDir
		}
		if err != nil || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") {
			return err
		}
		file, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.SkipObjectResolution)
		if err != nil {
			return err
		}
		ast.Inspect(file, func(n ast.Node) bool {
			if _, ok := n.(*ast.ImportSpec); ok {
				return false
			}
			lit, ok := n.(*ast.BasicLit)
			if !ok || lit.Kind != token.STRING {
				return true
			}
			text, _ := strconv.Unquote(lit.Value)
			if form.MatchString(text) && !slices.Contains(notCodes, text) || slices.Contains(singleWords, text) {
				codes = append(codes, text)
			}
			return true
		})
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	slices.Sort(codes)
	return slices.Compact(codes)
}
