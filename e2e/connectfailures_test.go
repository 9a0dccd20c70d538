package e2e

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// What a user meets on the connect page when something is wrong: a wrong value, a no, a
// session that has ended meanwhile, a provider that is down. For each way to connect, by the
// keyboard alone, and each time to the good end, where there is one.
func TestConnectPageFailures(t *testing.T) {
	t.Parallel()
	needPrograms(t)
	browser := chromium(t)
	p := playProvider(t)
	n := install(t, strings.ReplaceAll(`integrations:
    docks:
        oauth_client_id: the-app
        oauth_client_secret: invented
        oauth_scopes: ''
        auth: {auth_mode: OAUTH2, authorization_url: "P/authorize", token_url: "P/token"}
        connection: {harbour: {from: user, title: Harbour, pattern: "[a-z]+", example: north}}
        requests: {base_url: "P/api", headers: {Authorization: "Bearer ${access_token}"}}
    lamps:
        auth: {auth_mode: API_KEY}
        credentials: {api_key: {title: Key, secret: true}}
        requests: {base_url: "P/api", headers: {Authorization: "Key ${api_key}"}, verify: {path: /me}}
    desk:
        auth: {auth_mode: USERNAME_PASSWORD}
        requests: {base_url: "P/api", headers: {Authorization: "Basic ${basic_auth_encoded}"}, verify: {path: /me}}
    ledger:
        auth: {auth_mode: OAUTH2_CC, token_url: "P/token", scopes: none}
        credentials: {client_id: {title: Key}, client_secret: {title: Secret, secret: true}}
        requests: {base_url: "P/api", headers: {Authorization: "Bearer ${access_token}"}, verify: {path: /me}}
    turnstile:
        auth:
            auth_mode: TWO_STEP
            token_url: "P/login"
            token_params: {pass: "${credentials.password}"}
            body_format: json
            token_response: {access_token: token}
        credentials: {username: {title: User name}, password: {title: Password, secret: true}}
        requests: {base_url: "P/api", headers: {Authorization: "Bearer ${access_token}"}, verify: {path: /me}}
    lighthouse:
        auth: {auth_mode: MCP_OAUTH2}
        requests: {base_url: "P/api", allow_private_hosts: true, headers: {Authorization: "Bearer ${access_token}"}}
    buoy: {extends_blueprint: mcp-generic:v0, requests: {allow_private_hosts: true}}
    screens:
        oauth_client_id: the-app
        auth: {auth_mode: OAUTH2, device_authorization_url: "P/device", token_url: "P/token", authorization_method: none, scopes: none}
        connection: {region: {from: user, title: Region, pattern: "[a-z]+", default: north}}
        requests: {base_url: "P/api", headers: {Authorization: "Bearer ${access_token}"}}
server:
    brand: {name: Harbour Lab, color: "#0b6e4f"}
`, "P/", p.url+"/"))
	keys := filepath.Join(n.dir, "seal.key")
	n.must("keys", "create", keys)
	server := n.start("--keys", keys, "serve", "--addr", "127.0.0.1:0", "--no-access-log")
	url, key := server.line(), server.line()
	out := startNode(t, []string{
		"URL=" + url, "KEY=" + key, "CHROMIUM=" + browser, "HOME=" + n.dir, "SHOTS=" + os.Getenv("NANGO_LITE_TEST_SHOTS"), "CONTROL=" + p.control,
	}, "connectfailures.mjs").end()
	var saw struct {
		Broken     string
		Said, Ends map[string]string
		Axe        map[string][]string
		Complaints []string
	}
	if err := json.Unmarshal([]byte(out.stdout), &saw); err != nil || saw.Broken != "" {
		t.Fatalf("exit %d, %s\n%s%s\n%s", out.code, saw.Broken, out.stdout, out.stderr, &server.stderr)
	}
	kinds := map[string]string{
		"wrong value":    "does not accept what you have typed. Check it, and try again.",
		"wrong form":     "does not have the declared form",
		"no address":     "Server URL is not a valid URL: it begins with https://",
		"no such server": "does not answer as it should just now. Nothing was stored; try again in a moment. Check what you have typed as well.",
		"denied":         "you said no. Nothing was stored. Try again",
		"refused code":   "could not be connected. Nothing was stored. Try again; if it happens again, tell",
		"ended":          "This link has ended, or there is none like it. Nothing was stored. You can close this window and start again from the application.",
		"down":           "does not answer as it should just now. Nothing was stored; try again in a moment.",
		"discovery down": "does not answer as it should just now. Nothing was stored; try again in a moment.",
		"down meanwhile": "Enter this code", // it is looked at again, so there is nothing to say
	}
	for way, names := range map[string][]string{
		"API_KEY": {"wrong value", "ended", "down"}, "USERNAME_PASSWORD": {"wrong value", "ended", "down"},
		"OAUTH2_CC": {"wrong value", "ended", "down"}, "TWO_STEP": {"wrong value", "ended", "down"},
		"OAUTH2":     {"wrong form", "denied", "refused code", "ended", "down"},
		"MCP_OAUTH2": {"no address", "no such server", "denied", "refused code", "ended", "down", "discovery down"},
		"device":     {"wrong form", "denied", "ended", "down", "down meanwhile"},
	} {
		for _, name := range names {
			said := saw.Said[way+" "+name]
			if said == "" || !strings.Contains(said, kinds[name]) || strings.Contains(said, "127.0.0.1:") && way != "device" || strings.Contains(said, "invalid_") {
				t.Errorf("%s, %s: it says %q", way, name, said)
			}
		}
	}
	for name, title := range saw.Ends {
		if title != "Connected" {
			t.Errorf("%s: in the end %q", name, title)
		}
	}
	if len(saw.Ends) != 18 {
		t.Errorf("%d came to the good end: %v", len(saw.Ends), saw.Ends)
	}
	for name, found := range saw.Axe {
		if len(found) > 0 {
			t.Errorf("%s: %s", name, strings.Join(found, "\n"))
		}
	}
	if len(saw.Complaints) > 0 || len(saw.Axe) < 2*len(kinds) {
		t.Errorf("the policy was broken: %q, axe-core looked at %d pages", saw.Complaints, len(saw.Axe))
	}
}
