package e2e

import (
	"encoding/json"
	"fmt"
	"os"
	"strings"
	"testing"
)

// The operator's pages in a browser: signing in, a list, one connection that is refreshed, one
// that is dead, gets a link and is disconnected. axe-core finds nothing serious, light or dark,
// and the pages' policy is never broken. What happens meanwhile shows without a reload. Screenshots go to the directory that
// NANGO_LITE_TEST_SHOTS names.
func TestOperatorPages(t *testing.T) {
	t.Parallel()
	needPrograms(t)
	browser := chromium(t)
	n := install(t, `integrations:
    notion: {extends_blueprint: notion:v0, oauth_client_id: "5a1d1c2e", oauth_client_secret: secret_Rn7VxQ2k, oauth_scopes: ''}
server:
    brand: {name: Harbour Lab, color: "#0b6e4f"}
`)
	server := n.start("--sandbox", "serve", "--addr", "127.0.0.1:0", "--no-access-log")
	url, key := server.line(), server.line()
	out := startNode(t, []string{
		"URL=" + url, "KEY=" + key, "CHROMIUM=" + browser, "HOME=" + n.dir, "SHOTS=" + os.Getenv("NANGO_LITE_TEST_SHOTS"),
	}, "operatorpages.mjs").end()
	var saw struct {
		Pages       map[string]string
		Axe         map[string][]string
		Complaints  []string
		Imported    int
		Link, After string
		Live        struct {
			Activity, List, Connection []any
			Still                      []int
			Rows, Before, Windows      int
		}
	}
	if err := json.Unmarshal([]byte(out.stdout), &saw); err != nil {
		t.Fatalf("exit %d\n%s%s\n%s", out.code, out.stdout, out.stderr, &server.stderr)
	}
	for page, want := range map[string]string{
		"sign in": "API key", "list": "notion/default", "connection": "there is one", "refreshed": "The token was refreshed", "dead": "needs its user",
		"link": "Send this to the user", "list with a dead one": "Need their user", "disconnected": "notion/user-7 is removed",
		"gone meanwhile": "there is no such connection", "integration": "notion:v0 (blueprints/notion.yaml", "activity": "answered 200 OK", "who did what": "connected",
	} {
		if !strings.Contains(saw.Pages[page], want) {
			t.Errorf("%s has no %q:\n%s", page, want, saw.Pages[page])
		}
		for _, secret := range []string{key, "secret_Rn7VxQ2k", "invented"} {
			if strings.Contains(saw.Pages[page], secret) {
				t.Errorf("%s holds %s", page, secret)
			}
		}
	}
	if !strings.HasPrefix(saw.Link, url+"/connect/again?link=") || saw.After != "Sign in" || saw.Imported != 201 && saw.Imported != 200 {
		t.Errorf("link %q, after signing out %q, imported %d", saw.Link, saw.After, saw.Imported)
	}
	for name, pair := range map[string][2]any{
		"activity":        {saw.Live.Activity, []any{true, true, "notion/default", 2.0, true, "This page is kept up to date."}}, // not loaded anew, still open, the same focus
		"connections":     {saw.Live.List, []any{true, "half a word"}},
		"connection":      {saw.Live.Connection, []any{true, true, true, "sure"}},
		"before it died":  {saw.Live.Before, 0},
		"without scripts": {saw.Live.Still, []int{1, 0}},
		"rows":            {saw.Live.Rows, 2},
		"windows":         {saw.Live.Windows, 7},
	} {
		if fmt.Sprint(pair[0]) != fmt.Sprint(pair[1]) {
			t.Errorf("live, %s: got %v, want %v", name, pair[0], pair[1])
		}
	}
	for name, found := range saw.Axe {
		if len(found) > 0 {
			t.Errorf("%s: %s", name, strings.Join(found, "\n"))
		}
	}
	if len(saw.Axe) < 22 {
		t.Errorf("axe-core looked at %d pages", len(saw.Axe))
	}
	if len(saw.Complaints) > 0 {
		t.Errorf("the policy was broken: %q", saw.Complaints)
	}
}
