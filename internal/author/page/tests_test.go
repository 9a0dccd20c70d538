package page

import (
	"errors"
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/nango-lite/nango-lite/engine"
	"github.com/nango-lite/nango-lite/internal/author/bench"
	"github.com/nango-lite/nango-lite/loader"
	"github.com/nango-lite/nango-lite/schema"
)

var fill = regexp.MustCompile(`<YOUR [^>]*>`)

const root = "../../../"

// functions returns the names of the functions of a package's tests.
func functions(t *testing.T, pkg string) []string {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(root, pkg, "*_test.go"))
	if err != nil || len(files) == 0 {
		t.Fatalf("%s has no tests: %v", pkg, err)
	}
	var names []string
	for _, name := range files {
		file, err := parser.ParseFile(token.NewFileSet(), name, nil, parser.SkipObjectResolution)
		if err != nil {
			t.Fatal(err)
		}
		for _, d := range file.Decls {
			if f, ok := d.(*ast.FuncDecl); ok && f.Recv == nil {
				names = append(names, f.Name.Name)
			}
		}
	}
	return names
}

// TestNamedTestsExist holds that each covered row names a test, and that there is
// one of that name.
func TestNamedTestsExist(t *testing.T) {
	known := map[string][]string{}
	for _, b := range bundled(t) {
		for _, p := range All(b) {
			for _, r := range p.Coverage {
				if r.State == Covered && len(r.Tests) == 0 {
					t.Errorf("%s: %s is covered, and no test says so", p.Ref(), r.Key)
				}
				for _, test := range r.Tests {
					if known[test.Package] == nil {
						known[test.Package] = functions(t, test.Package)
					}
					name, sub, _ := strings.Cut(test.Name, "/")
					if sub != "" && !playable(p.Ref(), sub) {
						t.Errorf("%s: %s: %s is no subtest of the bench", p.Ref(), r.Key, sub)
					}
					if !slices.Contains(known[test.Package], name) {
						t.Errorf("%s: %s: there is no test %s in %s", p.Ref(), r.Key, name, test.Package)
					}
				}
			}
		}
	}
}

// playable reports whether the bench has such a subtest: a version of the bundled
// catalog and a step, as go test writes it.
func playable(ref, sub string) bool {
	steps := bench.Steps()
	for i, s := range steps {
		steps[i] = ref + "/" + strings.ReplaceAll(s, " ", "_")
	}
	catalog, _ := loader.Builtin()
	return slices.Contains(bench.Refs(catalog), ref) && slices.Contains(steps, sub)
}

// TestOwnVersionsNameNoSubtest: what lies over the bundled catalog is not what its
// tests have seen.
func TestOwnVersionsNameNoSubtest(t *testing.T) {
	c, _ := loader.Builtin()
	b, _, _ := c.Lookup("notion")
	own := *b.Versions["v0"]
	own.Comment = "Ours."
	p := Of(&schema.Blueprint{Name: "notion", DisplayName: "Notion", Versions: map[string]*schema.Version{"v0": &own}}, "v0")
	for _, r := range p.Coverage {
		for _, test := range r.Tests {
			if test.Package == benchPackage {
				t.Errorf("%s names %s", r.Key, test)
			}
		}
	}
	if len(p.Bench) != 1 {
		t.Errorf("bench: %q", p.Bench)
	}
}

// TestNotionHasTheRowsOf2022 holds the five rows of the seed to Notion's page,
// each with the test behind it.
func TestNotionHasTheRowsOf2022(t *testing.T) {
	rows := pageOf(t, "notion:v0").Coverage
	for i, part := range []string{"Built-in OAuth2", "Automatic refresh", "Rate limit detection", "Retries on timeout", "Any endpoint of the API"} {
		if r := rows[i]; r.Part != part || r.State != Covered || len(r.Tests) == 0 {
			t.Errorf("row %d: got %+v, want %s, covered, with its tests", i+1, r, part)
		}
	}
}

// TestModesThatConnect holds what pages say about modes to the engine.
func TestModesThatConnect(t *testing.T) {
	seen := map[string]bool{}
	for _, b := range bundled(t) {
		for _, p := range All(b) {
			if seen[string(p.AuthMode)] || len(p.Type) > 0 {
				continue
			}
			seen[string(p.AuthMode)] = true
			yaml := fill.ReplaceAllString(strings.ReplaceAll(p.Use.YAML, "<YOUR SCOPES>", "[read]"), "id")
			cfg, diags := loader.LoadBytes(t.Context(), "i.yaml", []byte(yaml), &loader.Options{LookupEnv: func(string) (string, bool) { return "v", true }})
			if err := diags.Err(); err != nil {
				t.Fatal(err)
			}
			e, err := engine.New(cfg, nil)
			if err != nil {
				t.Errorf("%s: %v", p.Ref(), err)
				continue
			}
			_, err = e.AuthCodeURL(t.Context(), engine.Key{Integration: b.Name, ConnectionID: "x"}, CommandLineRedirect, nil)
			if refused := errors.Is(err, engine.ErrUnsupported); refused == (p.Coverage[0].State == Covered) {
				t.Errorf("%s: the page says %q, the engine %v", p.Ref(), p.Coverage[0].State, err)
			}
		}
	}
}
