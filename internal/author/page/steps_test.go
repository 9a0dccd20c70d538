package page

import (
	"bytes"
	"encoding/json"
	"errors"
	"regexp"
	"strings"
	"testing"

	"github.com/nango-lite/nango-lite/engine"
	"github.com/nango-lite/nango-lite/loader"
)

var fill = regexp.MustCompile(`<YOUR [^>]*>`)

// Pages are for users: no format of them names a test of this repository, or the
// command of Go that runs one.
func TestPagesNameNoTests(t *testing.T) {
	names := regexp.MustCompile(`\bTest[A-Z]|go test`)
	files, err := Site(bundled(t))
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range files {
		if found := names.Find(f.Data); found != nil {
			t.Errorf("%s says %q", f.Name, found)
		}
	}
	for _, p := range pagesOf(bundled(t)) {
		var text, markdown bytes.Buffer
		data, err := json.Marshal(p)
		if err := errors.Join(err, p.Text(&text, TextOptions{}), p.Markdown(&markdown)); err != nil {
			t.Fatal(err)
		}
		for _, out := range [][]byte{text.Bytes(), markdown.Bytes(), data} {
			if found := names.Find(out); found != nil {
				t.Errorf("%s says %q", p.Ref(), found)
			}
		}
	}
	if found := names.Find(Catalog(bundled(t), nil)); found != nil {
		t.Errorf("catalog.md says %q", found)
	}
}

const root = "../../../"

// TestNotionHasTheRowsOf2022 holds the five rows of the seed to Notion's page,
// each with the steps that play it.
func TestNotionHasTheRowsOf2022(t *testing.T) {
	rows := pageOf(t, "notion:v0").Coverage
	for i, part := range []string{"Built-in OAuth2", "Automatic refresh", "Rate limit detection", "Retries on timeout", "Any endpoint of the API"} {
		if r := rows[i]; r.Part != part || r.State != Covered || len(r.Steps) == 0 {
			t.Errorf("row %d: got %+v, want %s, covered, with its steps", i+1, r, part)
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
