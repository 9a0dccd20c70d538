package page

import (
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/google/go-cmp/cmp"

	"github.com/nango-lite/nango-lite/internal/author/bench"
	"github.com/nango-lite/nango-lite/loader"
)

// play plays the bundled catalog on the bench. Time is fake.
func play(t *testing.T) []bench.Report {
	t.Helper()
	catalog, _ := loader.Builtin()
	var reports []bench.Report
	for _, ref := range bench.Refs(catalog) {
		entry, err := bench.Resolve(t.Context(), catalog, ref)
		if err != nil {
			t.Fatal(err)
		}
		synctest.Test(t, func(t *testing.T) {
			reports = append(reports, entry.Run(t.Context(), bench.Options{Patient: true}))
		})
	}
	return reports
}

// TestCatalogIsInStep holds docs/catalog.md and its picture to the blueprints and
// to the bench, and what pages say is covered to the steps that play it.
func TestCatalogIsInStep(t *testing.T) {
	catalog, reports := bundled(t), play(t)
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
