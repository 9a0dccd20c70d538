package loader

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"github.com/nango-lite/nango-lite/internal/suggest"
	"github.com/nango-lite/nango-lite/schema"
)

func TestCompareVersions(t *testing.T) {
	want := []string{"2", "10", "v0", "v1", "v1-beta", "v1.2", "v1.10", "v2", "v9", "v10", "v010b", "w"}
	got := slices.Clone(want)
	slices.Reverse(got)
	slices.SortFunc(got, compareVersions)
	if !slices.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
	for _, a := range want {
		for _, b := range want {
			if compareVersions(a, b) != -compareVersions(b, a) {
				t.Errorf("%s and %s: the order depends on who asks", a, b)
			}
		}
	}
}

// TestNearest: a suggestion is offered only when it is likely right.
func TestNearest(t *testing.T) {
	names := []string{"oauth_scopes", "oauth_client_id", "oauth_client_secret", "base_url", "auth", "pkce", "log_level", "max_retries", "OAUTH1", "OAUTH2"}
	for got, want := range map[string]string{
		"oauth_scope": "oauth_scopes", "oauthClientId": "oauth_client_id", "base-url": "base_url", "baes_url": "base_url", "max_retry": "max_retries",
		"atuh": "auth", "loglevel": "log_level", "pkc": "pkce",
		"x": "", "mode": "", "colour": "", "OAUTH3": "", "requests": "", "secret": "", "": "", "timeout": "",
	} {
		if name := suggest.Nearest(got, names); name != want {
			t.Errorf("%s: got %q, want %q", got, name, want)
		}
	}
}

// No author has to read a regular expression, and no words are left of one that is gone.
func TestPatternsHaveWords(t *testing.T) {
	var doc map[string]any
	if err := json.Unmarshal(schema.DefinitionsJSON, &doc); err != nil {
		t.Fatal(err)
	}
	there := map[string]string{}
	var walk func(any)
	walk = func(v any) {
		switch v := v.(type) {
		case []any:
			for _, e := range v {
				walk(e)
			}
		case map[string]any:
			if p, ok := v["pattern"].(string); ok {
				if there[p] = wordsFor(p); strings.HasPrefix(there[p], "must match ") {
					t.Errorf("there are no words for the pattern %s", p)
				}
			}
			for _, e := range v {
				walk(e)
			}
		}
	}
	walk(doc["$defs"])
	for p := range patternWords() {
		if there[p] == "" {
			t.Errorf("there are words for %s, and no such pattern", p)
		}
	}
}
