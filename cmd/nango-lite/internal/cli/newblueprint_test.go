package cli_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/nango-lite/nango-lite/cmd/nango-lite/internal/cli"
	"github.com/nango-lite/nango-lite/internal/author/bench"
	"github.com/nango-lite/nango-lite/loader"
)

// An author runs the command line in a directory of its own, with answers typed at
// the terminal.
type author struct {
	dir     string
	answers map[string]string // by the beginning of the question
}

func (a author) run(t *testing.T, args ...string) (code int, stdout, stderr string) {
	t.Helper()
	t.Chdir(a.dir)
	var out, errs bytes.Buffer
	deps := cli.Deps{}
	if a.answers != nil {
		deps.Ask = func(question string, _ bool) (string, error) {
			for begin, text := range a.answers {
				if strings.HasPrefix(question, begin) {
					return text, nil
				}
			}
			return "", fmt.Errorf("nobody answers %q", question)
		}
	}
	code = cli.Run(context.Background(), args, cli.IO{In: strings.NewReader(""), Out: &out, Err: &errs}, deps)
	return code, out.String(), errs.String()
}

// allModes are the modes of the schema.
func allModes(t *testing.T) []string {
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
	b, err := os.ReadFile("../../../../schema/definitions.json")
	if err == nil {
		err = json.Unmarshal(b, &doc)
	}
	if err != nil {
		t.Fatal(err)
	}
	return doc.Defs.Auth.Properties.AuthMode.Enum
}

// What new writes keeps every rule and can be played, whatever the mode and however it
// was told.
func TestNewBlueprintPassesLint(t *testing.T) {
	answers := map[string]string{
		"Root of the API":         "https://api.acme.example/v2/",
		"Temporary-credential":    "https://acme.example/request",
		"Page where users":        "https://acme.example/authorize",
		"Token endpoint":          "https://acme.example/token",
		"The provider's API docu": "https://docs.acme.example/#start",
	}
	for _, mode := range append(allModes(t), "") {
		t.Run(mode, func(t *testing.T) {
			answers["Kind of credentials"] = mode
			a := author{t.TempDir(), answers}
			code, stdout, stderr := a.run(t, "blueprints", "new", "acme", "--display-name", "Acme: the \"best\" [x] <y> #1", "--header", "X-Version=2026-01-01", "--header", "accept=application/json; q=1", "--verify-path", "/me/{id}")
			if code != 0 {
				t.Fatalf("exit %d\n%s%s", code, stdout, stderr)
			}
			want := "blueprints/acme.yaml:"
			for line := range strings.Lines(stdout) { // the header is as it was asked for
				if !strings.HasPrefix(line, want) || !strings.Contains(line, "[header-case]") {
					t.Errorf("found: %s", line)
				}
			}
			b := author{t.TempDir(), answers}
			if code, stdout, stderr = b.run(t, "blueprints", "new", "acme", "-o", "."); code != 0 || stdout != "" {
				t.Errorf("exit %d\n%s%s", code, stdout, stderr)
			}
			// What is left to find is what the author has still to say.
			if code, stdout, stderr = b.run(t, "blueprints", "lint", "--strict", "acme.yaml"); code != 1 || strings.Count(stdout, "\n") != 2 || strings.Count(stdout, "[template-left]") != 2 {
				t.Errorf("exit %d\n%s%s", code, stdout, stderr)
			}
			entry, err := bench.Resolve(t.Context(), loader.NewCatalog(loader.Dir(b.dir)), "acme:v0")
			if err != nil {
				t.Fatal(err)
			}
			synctest.Test(t, func(t *testing.T) {
				for _, step := range entry.Run(t.Context(), bench.Options{}).Steps {
					if step.Status == bench.Failed {
						t.Errorf("%s: %s", step.Step, step.Detail)
					}
				}
			})
		})
	}
}

func TestNewBlueprintNeverOverwrites(t *testing.T) {
	a := author{dir: t.TempDir()}
	if err := os.WriteFile(filepath.Join(a.dir, "acme.yaml"), []byte("mine\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	code, _, stderr := a.run(t, "blueprints", "new", "acme", "-o", ".", "--auth-mode", "NONE", "--base-url", "https://a.example", "--docs-url", "https://a.example")
	if got, _ := os.ReadFile("acme.yaml"); code != 1 || string(got) != "mine\n" || !strings.Contains(stderr, "stays as it is") {
		t.Errorf("exit %d, %q\n%s", code, got, stderr)
	}
}

func TestNewBlueprintMistakes(t *testing.T) {
	tests := map[string]struct {
		args []string
		want string
	}{
		"nothing said":    {[]string{"acme"}, "say --auth-mode --base-url --docs-url"},
		"OAuth":           {[]string{"acme", "--auth-mode", "OAUTH2"}, "say --base-url --authorization-url --token-url --docs-url"},
		"name":            {[]string{"Acme"}, `"Acme" is not a name for a blueprint`},
		"path":            {[]string{"../acme"}, "is not a name for a blueprint"},
		"mode":            {[]string{"acme", "--auth-mode", "OAUTH3", "--base-url", "https://a.example", "--docs-url", "https://a.example"}, `not "OAUTH3"`},
		"http":            {[]string{"acme", "--auth-mode", "NONE", "--base-url", "http://a.example", "--docs-url", "https://a.example"}, "--base-url is an https URL"},
		"of another mode": {[]string{"acme", "--auth-mode", "NONE", "--base-url", "https://a.example", "--docs-url", "https://a.example", "--token-url", "https://a.example"}, "--token-url is not for auth mode NONE"},
		"header":          {[]string{"acme", "--auth-mode", "NONE", "--base-url", "https://a.example", "--docs-url", "https://a.example", "--header", "X"}, "--header wants NAME=VALUE"},
		"placeholder":     {[]string{"acme", "--auth-mode", "NONE", "--base-url", "https://a.example", "--docs-url", "https://a.example", "--header", "X=${a b}"}, "--header X: placeholder is not a name"},
		"verify":          {[]string{"acme", "--auth-mode", "NONE", "--base-url", "https://a.example", "--docs-url", "https://a.example", "--verify-path", "me"}, "--verify-path begins with /"},
		"no name at all":  {nil, "it goes like this: nango-lite blueprints new <name>"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			a := author{dir: t.TempDir()}
			code, _, stderr := a.run(t, append([]string{"blueprints", "new"}, test.args...)...)
			if code != 2 || !strings.Contains(stderr, test.want) {
				t.Errorf("exit %d, want 2 and %q:\n%s", code, test.want, stderr)
			}
			if files, _ := os.ReadDir("."); len(files) > 0 {
				t.Errorf("something was written: %v", files)
			}
		})
	}
}
