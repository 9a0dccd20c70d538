package page

import (
	"encoding/xml"
	"errors"
	"io"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestCatalogIsInStep holds docs/catalog.md and its picture to the blueprints.
func TestCatalogIsInStep(t *testing.T) {
	catalog := bundled(t)
	for name, want := range map[string][]byte{"catalog.md": Catalog(catalog), "catalog.svg": Picture(catalog)} {
		got, err := os.ReadFile(root + "docs/" + name)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(string(want), string(got)); diff != "" {
			t.Errorf("docs/%s is out of step with the blueprints: run go generate ./cmd/nango-lite/...\n(-want +got):\n%s", name, diff)
		}
	}
}

func TestPictureIsXML(t *testing.T) {
	d := xml.NewDecoder(strings.NewReader(string(Picture(bundled(t)))))
	for {
		if _, err := d.Token(); errors.Is(err, io.EOF) {
			return
		} else if err != nil {
			t.Fatal(err)
		}
	}
}
