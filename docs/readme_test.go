package docs_test

import (
	"context"
	"errors"
	"log"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/nango-lite/nango-lite/engine"
	"github.com/nango-lite/nango-lite/loader"
)

// snippet is the Go block of the README, so that it compiles and runs.
func snippet(ctx context.Context) (*http.Response, error) {
	cfg, diags := loader.Load(ctx, "integrations.yaml", nil)
	if err := diags.Err(); err != nil {
		log.Fatal(err) // integrations.yaml:6:26: error: <YOUR NOTION CLIENT ID> still stands where ...
	}
	eng, err := engine.New(cfg, nil)
	if err != nil {
		log.Fatal(err)
	}
	// ... the user consents once: eng.AuthCodeURL, eng.Exchange ...
	notion, err := eng.Client(engine.Key{Integration: "notion", ConnectionID: "user-42"})
	if err != nil {
		log.Fatal(err)
	}
	resp, err := notion.Get("/v1/users") // token refreshed, 429 waited for, timeout retried, secrets out of the logs
	return resp, err
}

func readmeBlock(t *testing.T, lang string) block {
	t.Helper()
	var found []block
	for _, b := range blocks(t, "../README.md") {
		if b.lang == lang {
			found = append(found, b)
		}
	}
	if len(found) != 1 {
		t.Fatalf("the README has %d blocks of %s, want one", len(found), lang)
	}
	return found[0]
}

func TestReadmeSnippetCompiles(t *testing.T) {
	code, err := shownCode("readme_test.go", "snippet")
	if err != nil {
		t.Fatal(err)
	}
	shown := readmeBlock(t, "go").text
	if indented := "\t" + strings.ReplaceAll(strings.TrimSuffix(shown, "\n"), "\n", "\n\t"); !strings.Contains(code, indented) {
		t.Errorf("the README's Go block is not part of snippet:\n%s", shown)
	}
}

// With the README's file filled in, its Go block gets as far as a user who has not consented.
func TestReadmeSnippetRuns(t *testing.T) {
	text := strings.ReplaceAll(readmeBlock(t, "yaml").text, "<YOUR NOTION CLIENT ID>", "invented")
	t.Chdir(t.TempDir())
	t.Setenv("NOTION_CLIENT_SECRET", "invented")
	if err := os.WriteFile("integrations.yaml", []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := snippet(t.Context()); !errors.Is(err, engine.ErrNoConnection) {
		t.Errorf("%v, want %v", err, engine.ErrNoConnection)
	}
}

func TestReadmeYAMLLoads(t *testing.T) {
	text := readmeBlock(t, "yaml").text
	load := func(text, secret string) loader.Diagnostics {
		_, diags := loader.LoadBytes(t.Context(), "integrations.yaml", []byte(text), &loader.Options{
			LookupEnv: func(string) (string, bool) { return secret, secret != "" },
		})
		return diags
	}
	if err := load(strings.ReplaceAll(text, "<YOUR NOTION CLIENT ID>", "invented"), "invented").Err(); err != nil {
		t.Errorf("filled in, it does not load: %v", err)
	}
	var got []string
	for _, d := range load(text, "") {
		got = append(got, d.String())
	}
	// The Go block quotes the first.
	if len(got) != 2 || !strings.HasPrefix(got[0], "integrations.yaml:6:26: error: <YOUR NOTION CLIENT ID> still stands where ") {
		t.Errorf("as it stands, it gives\n%s", strings.Join(got, "\n"))
	}
}

// The commands of the README are those that CI runs.
func TestReadmeCommands(t *testing.T) {
	want := "go run ./cmd/nango-lite -c integrations.example.yaml --sandbox --trace call notion /v1/users\ngo run ./cmd/nango-lite --sandbox do notion search --query tide\ngo test ./...\n"
	if got := readmeBlock(t, "sh").text; got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}

var link = regexp.MustCompile(`\]\(([^)\s]+)\)`)

// Links within the repository lead to a file, and to a heading of it.
func TestLinks(t *testing.T) {
	pages, err := filepath.Glob("*.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, pattern := range []string{"../*.md", "decisions/*.md"} {
		more, err := filepath.Glob(pattern)
		if err != nil {
			t.Fatal(err)
		}
		pages = append(pages, more...)
	}
	for _, page := range pages {
		for _, m := range link.FindAllStringSubmatch(read(t, page), -1) {
			if strings.Contains(m[1], "://") {
				continue
			}
			path, fragment, _ := strings.Cut(m[1], "#")
			file := page
			if path != "" {
				file = filepath.Join(filepath.Dir(page), path)
			}
			info, err := os.Stat(file)
			switch {
			case err != nil:
				t.Errorf("%s links to %s, which is not there", page, m[1])
			case fragment != "" && !info.IsDir() && !hasAnchor(read(t, file), fragment):
				t.Errorf("%s links to %s, and there is no such heading", page, m[1])
			}
		}
	}
}

var notInAnchors = regexp.MustCompile(`[^a-z0-9_ -]`)

// hasAnchor reports whether GitHub gives a heading of page that anchor.
func hasAnchor(page, anchor string) bool {
	for line := range strings.Lines(page) {
		if !strings.HasPrefix(line, "#") {
			continue
		}
		heading := strings.TrimSpace(strings.TrimLeft(line, "#"))
		slug := strings.ReplaceAll(notInAnchors.ReplaceAllString(strings.ToLower(heading), ""), " ", "-")
		if slug == anchor {
			return true
		}
	}
	return false
}
