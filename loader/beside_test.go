package loader_test

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/nango-lite/nango-lite/loader"
)

// A variable that is missing may stand in .env under a name that is misspelt, or in
// .env.example, which somebody has filled in.
func TestVariablesBesideTheFile(t *testing.T) {
	const file = "integrations:\n    acme:\n        extends_blueprint: acme:v10\n        oauth_client_id: x\n        oauth_client_secret: ${ACME_CLIENT_SECRET}\n        oauth_scopes: []\n"
	for name, row := range map[string]struct {
		files map[string]string
		want  string
	}{
		"nothing":         {nil, "variable ACME_CLIENT_SECRET is not set; set it, or put it into .env beside this file ["},
		"misspelt":        {map[string]string{".env": "ACME_CLEINT_SECRET=seeded\n"}, "is not set; .env has ACME_CLEINT_SECRET; is that the one? ["},
		"another":         {map[string]string{".env": "PATH_TO_ALL=seeded\n"}, "is not set; set it, or put it into .env beside this file ["},
		"the example":     {map[string]string{".env.example": "ACME_CLIENT_SECRET=seeded\n"}, "is not set; .env.example has a value for it, and is not read: copy it to .env ["},
		"an empty one":    {map[string]string{".env.example": "ACME_CLIENT_SECRET=\n"}, "is not set; set it, or put it into .env beside this file ["},
		"an unread one":   {map[string]string{".env.example": "\x00'\n"}, "is not set; set it, or put it into .env beside this file ["},
		"misspelt before": {map[string]string{".env": "ACME_CLIENT_SECERT=seeded\n", ".env.example": "ACME_CLIENT_SECRET=seeded\n"}, ".env has ACME_CLIENT_SECERT"},
	} {
		dir := t.TempDir()
		path := filepath.Join(dir, "integrations.yaml")
		for name, text := range map[string]string{"integrations.yaml": file, ".env": row.files[".env"], ".env.example": row.files[".env.example"]} {
			if text != "" {
				if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
					t.Fatal(err)
				}
			}
		}
		_, ds := loader.Load(context.Background(), path, &loader.Options{Catalog: catalog, LookupEnv: func(string) (string, bool) { return "", false }})
		if got := textOf(ds); !strings.Contains(got, row.want) || strings.Contains(got, "seeded") {
			t.Errorf("%s: got %q, want %q", name, got, row.want)
		}
	}
}

// Scopes joined by another mark than the API's are one scope to the provider.
func TestScopesJoinedOtherwise(t *testing.T) {
	for separator, rows := range map[string]map[string]string{
		`" "`: {"repo user": "", "repo": "", "''": "", "[repo, user]": "", "'repo,user'": "joins scopes by \" \"", "'repo, user'": "joins scopes", "['repo,user']": "reads like several", "['repo user', x]": "reads like several", "'a;b'": "joins scopes"},
		`","`: {"'a,b'": "", "a": "", "[a, b]": "", "a b": "joins scopes by \",\"", "['a b']": "reads like several", "'a, b'": ""},
	} {
		for scopes, want := range rows {
			file := "integrations:\n    own:\n        oauth_client_id: x\n        oauth_client_secret: y\n        oauth_scopes: " + scopes + "\n        auth: {auth_mode: OAUTH2, authorization_url: 'https://a.test/a', token_url: 'https://a.test/t', scope_separator: " + separator + "}\n        requests: {base_url: 'https://a.test'}\n"
			cfg, ds := loader.LoadBytes(context.Background(), "i.yaml", []byte(file), options())
			got := textOf(ds)
			if cfg.Integrations["own"] == nil || want == "" && got != "" || !strings.Contains(got, want) || want != "" && !strings.Contains(got, "i.yaml:5:") {
				t.Errorf("%s by %s: got %q, want %q", scopes, separator, got, want)
			}
		}
	}
}

func textOf(ds loader.Diagnostics) string {
	var b strings.Builder
	_ = ds.WriteText(&b)
	return b.String()
}
