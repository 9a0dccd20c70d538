package e2e

import (
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// The connect page, as users meet it in a browser: each way to connect, by keyboard alone,
// in a frame and a popup of a product's page, and without scripts. axe-core finds nothing
// serious, light or dark, and the page's policy is never broken. Screenshots go to the
// directory that NANGO_LITE_TEST_SHOTS names.
func TestConnectPage(t *testing.T) {
	t.Parallel()
	needPrograms(t)
	browser := chromium(t)
	n := install(t, `integrations:
    notion: {extends_blueprint: notion:v0, oauth_client_id: "5a1d1c2e", oauth_client_secret: secret_Rn7VxQ2k, oauth_scopes: ''}
    beacon: {extends_blueprint: beacon:v0, oauth_client_id: the-app}
    keyed: {extends_blueprint: keyed:v0, app_api_key: invented}
    desk:
        auth: {auth_mode: USERNAME_PASSWORD}
        requests: {base_url: https://api.desk.example, headers: {Authorization: 'Basic ${basic_auth_encoded}'}}
    ledger: {extends_blueprint: ledger:v1}
    turnstile: {extends_blueprint: turnstile:v0}
    foghorn: {extends_blueprint: foghorn:v0}
    lighthouse: {extends_blueprint: lighthouse:v0}
server:
    allowed_frames: ["http://127.0.0.1:39482"]
    allowed_origins: ["http://127.0.0.1:39482"]
    brand: {name: Harbour Lab, color: "#0b6e4f"}
`)
	blueprints, err := filepath.Abs("../testdata/blueprints")
	if err != nil {
		t.Fatal(err)
	}
	typed, err := json.Marshal([][]any{
		{"API_KEY", "keyed", map[string]string{"Tenant": "t-7", "API key": "invented-key"}, map[string]string{"shot": "form"}},
		{"USERNAME_PASSWORD", "desk", map[string]string{"User name": "mira", "Password": "invented"}},
		{"OAUTH2_CC", "ledger", map[string]string{"Key": "key-7", "Secret": "invented"}},
		{"TWO_STEP", "turnstile", map[string]string{"Site": "north", "User name": "mira", "Password": "invented"}},
		{"refused", "foghorn", map[string]string{"User name": "bob", "Secret": "wrong"}, map[string]bool{"wrong": true}},
	})
	if err != nil {
		t.Fatal(err)
	}
	server := n.start("--sandbox", "--blueprints", blueprints, "serve", "--addr", "127.0.0.1:0", "--no-access-log")
	url, key := server.line(), server.line()
	out := startNode(t, []string{
		"URL=" + url, "KEY=" + key, "CHROMIUM=" + browser, "HOME=" + n.dir, "PORT=39482", "SHOTS=" + os.Getenv("NANGO_LITE_TEST_SHOTS"),
		"TYPED=" + string(typed),
	}, "connectpage.mjs").end()
	var saw struct {
		Flows struct {
			Searched                                                        []string
			Denied, OAUTH2, Listed, Ended, Device, Refused                  string
			API_KEY, USERNAME_PASSWORD, OAUTH2_CC, TWO_STEP, WithoutScripts string
			ConsentWithoutScripts, MCP_OAUTH2                               string
			Stranger                                                        int
		}
		Axe        map[string][]string
		Complaints []string
		Events     map[string][]struct {
			Type    string
			Payload told
		}
	}
	if err := json.Unmarshal([]byte(out.stdout), &saw); err != nil {
		t.Fatalf("exit %d\n%s%s\n%s", out.code, out.stdout, out.stderr, &server.stderr)
	}
	f := saw.Flows
	for way, title := range map[string]string{
		"OAUTH2": f.OAUTH2, "API_KEY": f.API_KEY, "USERNAME_PASSWORD": f.USERNAME_PASSWORD, "OAUTH2_CC": f.OAUTH2_CC, "TWO_STEP": f.TWO_STEP,
		"MCP_OAUTH2": f.MCP_OAUTH2, "device": f.Device, "without scripts": f.WithoutScripts, "consent without scripts": f.ConsentWithoutScripts,
	} {
		if title != "Connected" {
			t.Errorf("%s ended at %q", way, title)
		}
	}
	if !slices.Equal(f.Searched, []string{"Notion ›"}) && !slices.Equal(f.Searched, []string{"Notion\n›"}) {
		t.Errorf("searching found %q", f.Searched)
	}
	if f.Denied != "Not connected" || !strings.Contains(f.Listed, "Connected") || !strings.Contains(f.Ended, "has ended") || !strings.Contains(f.Refused, "does not accept") {
		t.Errorf("%+v", f)
	}
	if f.Stranger != 0 {
		t.Error("a page whose origin is not allowed shows ours in a frame")
	}
	for name, found := range saw.Axe {
		if len(found) > 0 {
			t.Errorf("%s: %s", name, strings.Join(found, "\n"))
		}
	}
	if len(saw.Axe) < 14 {
		t.Errorf("axe-core looked at %d pages", len(saw.Axe))
	}
	if len(saw.Complaints) > 0 {
		t.Errorf("the policy was broken: %q", saw.Complaints)
	}
	for where, events := range saw.Events {
		var types []string
		for _, e := range events {
			if types = append(types, e.Type); e.Type == "connect" && (e.Payload.ProviderConfigKey == "" || e.Payload.ConnectionID == "") {
				t.Errorf("%s: %+v", where, e)
			}
		}
		if !slices.Contains(types, "ready") || !slices.Contains(types, "connect") {
			t.Errorf("%s: the product was told %q", where, types)
		}
	}
}
