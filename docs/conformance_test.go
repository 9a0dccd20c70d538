package docs_test

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"
)

// testSources are the sources of all tests of the repository, by name; a name in
// several packages has several.
var testSources = sync.OnceValues(func() (map[string][]string, error) {
	found := map[string][]string{}
	err := filepath.WalkDir("..", func(path string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.IsDir() && (d.Name() == "testdata" || d.Name() == "node_modules" || len(d.Name()) > 2 && d.Name()[0] == '.'):
			return fs.SkipDir
		case d.IsDir() || !strings.HasSuffix(path, "_test.go"):
			return nil
		}
		src, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		fset := token.NewFileSet()
		file, err := parser.ParseFile(fset, path, src, parser.ParseComments|parser.SkipObjectResolution)
		if err != nil {
			return nil // somebody is writing it; the compiler says so
		}
		for _, decl := range file.Decls {
			if f, ok := decl.(*ast.FuncDecl); ok && f.Recv == nil && strings.HasPrefix(f.Name.Name, "Test") {
				from := f.Pos()
				if f.Doc != nil {
					from = f.Doc.Pos()
				}
				found[f.Name.Name] = append(found[f.Name.Name], string(src[fset.Position(from).Offset:fset.Position(f.End()).Offset]))
			}
		}
		return nil
	})
	return found, err
})

var testName = regexp.MustCompile("`(Test[A-Za-z0-9_]+)`")

// rows returns the cells of the tables of a page.
func rows(t *testing.T, name string) [][]string {
	t.Helper()
	var out [][]string
	for line := range strings.SplitSeq(read(t, name), "\n") {
		if rest, ok := strings.CutPrefix(line, "| "); ok && !strings.HasPrefix(line, "| |") {
			cells := strings.Split(strings.TrimSuffix(rest, "|"), "|")
			for i := range cells {
				cells[i] = strings.TrimSpace(cells[i])
			}
			out = append(out, cells)
		}
	}
	return out
}

var statement = regexp.MustCompile(`^S[0-9]+$`)

// All points are there, in order, and the tests that are named are there and are
// about them. One without tests says what it waits for.
func TestConformancePage(t *testing.T) {
	tests, err := testSources()
	if err != nil {
		t.Fatal(err)
	}
	n := 0
	for _, cells := range rows(t, "conformance.md") {
		if !statement.MatchString(cells[0]) {
			continue
		}
		n++
		point := fmt.Sprintf("S%d", n)
		if len(cells) != 4 || cells[0] != point {
			t.Fatalf("row %d is %q, want point %s in four cells", n, cells, point)
		}
		named := testName.FindAllStringSubmatch(cells[2], -1)
		if len(named) == 0 && cells[3] == "" {
			t.Errorf("%s names neither a test nor what it waits for", point)
		}
		number := regexp.MustCompile(`(?:\b|Test|_)` + point + `(?:_|\b)`)
		for _, m := range named {
			sources := tests[m[1]]
			if len(sources) == 0 {
				t.Errorf("%s names %s, which is no test", point, m[1])
			} else if !number.MatchString(strings.Join(sources, "\n")) {
				t.Errorf("%s names %s, which does not carry its number", point, m[1])
			}
		}
	}
	if n < 37 {
		t.Errorf("%d points, want those from S1 to S37 at least", n)
	}
}

// A test that carries the number of a point is on the page.
func TestConformancePageIsComplete(t *testing.T) {
	tests, err := testSources()
	if err != nil {
		t.Fatal(err)
	}
	page, numbered := read(t, "conformance.md"), regexp.MustCompile(`^Test(S[0-9]+_)+`)
	for name := range tests {
		if numbered.MatchString(name) && !strings.Contains(page, "`"+name+"`") {
			t.Errorf("%s is not in conformance.md", name)
		}
	}
}
