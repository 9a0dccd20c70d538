package docs_test

import (
	"bytes"
	"fmt"
	"go/ast"
	"go/format"
	"go/parser"
	"go/token"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// Go blocks that name an example are its body, and run as such.
func TestExamplesAreShownAsTheyRun(t *testing.T) {
	for _, name := range []string{"embedding.md", "sandbox.md", "observability.md", "token-broker.md"} {
		page := read(t, name)
		for _, b := range slices.Backward(blocks(t, name)) {
			if b.lang != "go" {
				continue
			}
			source, ok := strings.CutPrefix(b.mark, "example: ")
			if !ok {
				t.Errorf("%s:%d: this block is no example", name, b.line)
				continue
			}
			file, decl, _ := strings.Cut(source, " ")
			got, err := shownCode(file, decl)
			if err != nil {
				t.Errorf("%s:%d: %v", name, b.line, err)
				continue
			}
			if *update {
				page = replaceBlock(page, b, got)
			} else if diff := cmp.Diff(got, b.text); diff != "" {
				t.Errorf("%s:%d: run go test ./docs -update\n(-code +shown):\n%s", name, b.line, diff)
			}
		}
		if *update {
			if err := os.WriteFile(name, []byte(page), 0o644); err != nil {
				t.Fatal(err)
			}
		}
	}
}

// shownCode returns the body of an example with its output, or another
// declaration as it stands.
func shownCode(file, name string) (string, error) {
	src, err := os.ReadFile(file)
	if err != nil {
		return "", err
	}
	fset := token.NewFileSet()
	parsed, err := parser.ParseFile(fset, file, src, parser.ParseComments|parser.SkipObjectResolution)
	if err != nil {
		return "", err
	}
	text := func(from, to token.Pos) string {
		return string(src[fset.Position(from).Offset:fset.Position(to).Offset])
	}
	for _, d := range parsed.Decls {
		switch d := d.(type) {
		case *ast.FuncDecl:
			declared := d.Name.Name
			if d.Recv != nil {
				declared = text(d.Recv.List[0].Type.Pos(), d.Recv.List[0].Type.End()) + "." + declared
			}
			if declared != name {
				continue
			}
			if !strings.HasPrefix(name, "Example") {
				return text(d.Pos(), d.End()) + "\n", nil
			}
			body := text(d.Body.Lbrace+1, d.Body.Rbrace)
			if !strings.Contains(body, "// Output:") {
				return "", fmt.Errorf("%s has no output, so it does not run", name)
			}
			return dedent(body)
		case *ast.GenDecl:
			if spec, ok := d.Specs[0].(*ast.TypeSpec); ok && spec.Name.Name == name {
				return text(d.Pos(), d.End()) + "\n", nil
			}
		}
	}
	return "", fmt.Errorf("%s has no %s", file, name)
}

// dedent takes one level of tabs away, as gofmt would.
func dedent(body string) (string, error) {
	out, err := format.Source([]byte("package p\n\nfunc _() {" + body + "}\n"))
	if err != nil {
		return "", err
	}
	var b bytes.Buffer
	lines := strings.SplitAfter(string(out), "\n")
	for _, line := range lines[3 : len(lines)-2] {
		b.WriteString(strings.TrimPrefix(line, "\t"))
	}
	return strings.TrimSpace(b.String()) + "\n", nil
}
