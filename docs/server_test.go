package docs_test

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

var backing = regexp.MustCompile("`(Test\\w+)`(?:(?:, `Test\\w+`)* in `([\\w/-]+)`)")

// Each line of the page for those who come from Nango names a test that exists.
func TestMigratingPageNamesTests(t *testing.T) {
	const name = "migrating-from-nango.md"
	found := 0
	for line := range strings.Lines(read(t, name)) {
		for _, m := range backing.FindAllStringSubmatch(line, -1) {
			found++
			files, _ := filepath.Glob(filepath.Join("..", m[2], "*_test.go"))
			if !anyDeclares(t, files, m[1]) {
				t.Errorf("%s: there is no %s in %s", name, m[1], m[2])
			}
		}
	}
	if found < 20 {
		t.Errorf("%d tests are named", found)
	}
}

func anyDeclares(t *testing.T, files []string, test string) bool {
	t.Helper()
	for _, f := range files {
		text, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		if strings.Contains(string(text), "\nfunc "+test+"(t *testing.T)") {
			return true
		}
	}
	return false
}
