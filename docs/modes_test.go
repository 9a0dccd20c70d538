package docs_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/nango-lite/nango-lite/internal/author/page"
)

var (
	scriptName    = regexp.MustCompile("`([a-z0-9_]+\\.txtar)`")
	blueprintName = regexp.MustCompile("`([a-z0-9]+(?:-[a-z0-9]+)*)`")
)

// Every mode has a row; scripts and tests that are named are there; a cell that
// names nothing gives a reason.
func TestConformancePageModes(t *testing.T) {
	tests, err := testSources()
	if err != nil {
		t.Fatal(err)
	}
	var named []string
	for _, cells := range rows(t, "conformance.md") {
		if len(cells) < 3 || !strings.HasPrefix(cells[0], "`") {
			continue
		}
		mode := strings.Trim(cells[0], "`")
		named = append(named, mode)
		if slices.Contains(cells, "") || len(cells) != 5 {
			t.Errorf("%s has a cell that is empty: %q", mode, cells)
			continue
		}
		m := scriptName.FindStringSubmatch(cells[2])
		if m == nil {
			t.Errorf("%s names no script", mode)
		} else if script, err := os.ReadFile(filepath.Join("../cmd/nango-lite/testdata/script", m[1])); err != nil {
			t.Error(err)
		} else if !strings.Contains(string(script), "--sandbox") || !regexp.MustCompile(`(?m)^exec .* call `).Match(script) {
			t.Errorf("%s: %s makes no call in the sandbox", mode, m[1])
		}
		if !testName.MatchString(cells[3]) {
			t.Errorf("%s names no test", mode)
		}
		for _, m := range testName.FindAllStringSubmatch(cells[3]+cells[4], -1) {
			if len(tests[m[1]]) == 0 {
				t.Errorf("%s names %s, which is no test", mode, m[1])
			}
		}
	}
	for _, mode := range authModes(t) {
		if !slices.Contains(named, mode) {
			t.Errorf("auth_mode %s has no row in conformance.md", mode)
		}
	}
	for _, mode := range named {
		if !slices.Contains(authModes(t), mode) {
			t.Errorf("conformance.md has a row for %s, which is no auth_mode", mode)
		}
	}
}

// Each part that a blueprint's page calls covered has tests, and they are there.
func TestConformancePageParts(t *testing.T) {
	tests, err := testSources()
	if err != nil {
		t.Fatal(err)
	}
	parts := map[string]string{}
	for _, cells := range rows(t, "conformance.md") {
		if len(cells) == 2 && strings.HasPrefix(cells[0], "`") {
			parts[strings.Trim(cells[0], "`")] = cells[1]
			for _, m := range testName.FindAllStringSubmatch(cells[1], -1) {
				if len(tests[m[1]]) == 0 {
					t.Errorf("%s names %s, which is no test", cells[0], m[1])
				}
			}
		}
	}
	catalog, err := page.Bundled()
	if err != nil {
		t.Fatal(err)
	}
	for _, b := range catalog {
		for _, p := range page.All(b) {
			for _, row := range p.Coverage {
				if parts[row.Key] == "" {
					t.Fatalf("conformance.md says of no test that it holds the part %s", row.Key)
				}
			}
		}
	}
}

// authModes are those of the schema.
func authModes(t *testing.T) []string {
	t.Helper()
	var doc struct {
		Defs struct {
			Auth struct {
				Properties struct {
					AuthMode struct{ Enum []string } `json:"auth_mode"`
				}
			}
		} `json:"$defs"`
	}
	if err := json.Unmarshal([]byte(read(t, "../schema/definitions.json")), &doc); err != nil {
		t.Fatal(err)
	}
	return doc.Defs.Auth.Properties.AuthMode.Enum
}

// The blueprints that are named are there, and none of a quirk is left out. A row
// that names none says what it waits for.
func TestConformancePageQuirks(t *testing.T) {
	seen := map[string]bool{}
	for _, cells := range rows(t, "conformance.md") {
		if len(cells) != 3 || strings.HasPrefix(cells[0], "`") {
			continue
		}
		played := strings.Split(cells[2], "waits for")[0]
		names := blueprintName.FindAllStringSubmatch(played, -1)
		if len(names) == 0 && !strings.Contains(cells[2], "issue") {
			t.Errorf("%s: %s names neither a blueprint nor an issue", cells[0], cells[1])
		}
		for _, m := range names {
			_, own := os.Stat("../testdata/blueprints/" + m[1] + ".yaml")
			_, bundled := os.Stat("../blueprints/" + m[1] + ".yaml")
			if own != nil && bundled != nil {
				t.Errorf("%s: there is no blueprint %s", cells[0], m[1])
			}
			seen[m[1]] = true
		}
	}
	files, _ := filepath.Glob("../testdata/blueprints/quirk-*.yaml")
	for _, f := range files {
		if name := strings.TrimSuffix(filepath.Base(f), ".yaml"); !seen[name] {
			t.Errorf("%s is not in conformance.md", name)
		}
	}
}
