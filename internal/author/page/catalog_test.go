package page

import (
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"os"
	"runtime/debug"
	"slices"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/google/go-cmp/cmp"

	"github.com/nango-lite/nango-lite/internal/author/bench"
	"github.com/nango-lite/nango-lite/loader"
)

// TestCatalog plays every version of the bundled catalog through every step that it has. Time
// is fake, so the checks that wait for minutes are among them. What came of it is held against
// docs/catalog.md, its picture, and what pages say is covered.
func TestCatalog(t *testing.T) {
	before := debug.SetGCPercent(200) // much is made and forgotten
	t.Cleanup(func() { debug.SetGCPercent(before) })
	catalog, _ := loader.Builtin()
	refs := bench.Refs(catalog)
	reports := make([]bench.Report, len(refs))
	for i, ref := range refs {
		t.Run(ref, func(t *testing.T) {
			t.Parallel()
			entry, err := bench.Resolve(t.Context(), catalog, ref)
			if err != nil {
				t.Fatal(err)
			}
			synctest.Test(t, func(t *testing.T) { reports[i] = entry.Run(t.Context(), bench.Options{Patient: true}) })
			for _, step := range reports[i].Steps {
				if step.Status == bench.Failed {
					t.Errorf("%s: %s", step.Step, step.Detail)
				}
			}
		})
	}
	t.Cleanup(func() { // after the last of them
		if !slices.ContainsFunc(reports, func(r bench.Report) bool { return r.Entry == "" }) { // the flag -run may have left out some
			pagesAreInStep(t, reports)
		}
	})
}

func pagesAreInStep(t *testing.T, reports []bench.Report) {
	catalog := bundled(t)
	for name, want := range map[string][]byte{"catalog.md": Catalog(catalog, reports), "catalog.svg": Picture(catalog, reports)} {
		got, err := os.ReadFile(root + "docs/" + name)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(string(want), string(got)); diff != "" {
			t.Errorf("docs/%s is out of step with the blueprints: run go generate ./internal/author/...\n(-want +got):\n%s", name, diff)
		}
	}
	for _, p := range pagesOf(catalog) {
		i := slices.IndexFunc(reports, func(r bench.Report) bool { return r.Entry == p.Ref() })
		for _, row := range p.Coverage {
			for _, step := range row.Steps {
				if s := reports[i].Step(step); s.Status != bench.Passed {
					t.Errorf("%s: the page says that %s is covered; the step %s is %s: %s", p.Ref(), row.Key, step, s.Status, s.Detail)
				}
			}
		}
	}
}

func TestPictureIsXML(t *testing.T) {
	d := xml.NewDecoder(strings.NewReader(string(Picture(bundled(t), nil))))
	for {
		if _, err := d.Token(); errors.Is(err, io.EOF) {
			return
		} else if err != nil {
			t.Fatal(err)
		}
	}
}

// TestReadmeCountsTheCatalog: the README says how many APIs there are.
func TestReadmeCountsTheCatalog(t *testing.T) {
	readme, err := os.ReadFile(root + "README.md")
	if err != nil {
		t.Fatal(err)
	}
	if want := fmt.Sprintf("[%d](docs/catalog.md)", len(bundled(t))); !strings.Contains(string(readme), want) {
		t.Errorf("the README does not say %s", want)
	}
}
