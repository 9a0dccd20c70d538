package e2e

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// chromium returns the browser, or skips the test.
func chromium(t *testing.T) string {
	t.Helper()
	if path := os.Getenv("NANGO_LITE_TEST_CHROMIUM"); path != "" {
		return path
	}
	for _, name := range []string{"chromium", "chromium-browser", "google-chrome"} {
		if path, err := exec.LookPath(name); err == nil {
			return path
		}
	}
	t.Skip("there is no Chromium: apt-get install chromium, or NANGO_LITE_TEST_CHROMIUM=/path/of/it go test ./e2e")
	return ""
}

// A told is what Nango's frontend client made of a way to connect.
type told struct {
	OK                bool
	ProviderConfigKey string
	ConnectionID      string `json:"connectionId"`
	IsPending         bool
	Type, Message     string
	Texts             []string
}

// Nango's frontend client, as it is, in a browser: by popup and without, from a session of
// Nango's client for Node to a connection that is called.
func TestNangosFrontendConnects(t *testing.T) {
	t.Parallel()
	needPrograms(t)
	browser := chromium(t)
	n := install(t, `integrations:
    notion: {extends_blueprint: notion:v0, oauth_client_id: "5a1d1c2e", oauth_client_secret: secret_Rn7VxQ2k, oauth_scopes: ''}
    semaphore: {extends_blueprint: semaphore:v0, oauth_client_id: the-app, oauth_client_secret: invented}
    beacon: {extends_blueprint: beacon:v0, oauth_client_id: the-app}
    shipyard: {extends_blueprint: shipyard:v0, oauth_client_id: yard, oauth_client_secret: invented}
    keyed: {extends_blueprint: keyed:v0, app_api_key: invented}
    desk:
        auth: {auth_mode: USERNAME_PASSWORD}
        requests: {base_url: https://api.desk.example, headers: {Authorization: 'Basic ${basic_auth_encoded}'}}
    close: {extends_blueprint: close:v0}
    ledger: {extends_blueprint: ledger:v1}
    turnstile: {extends_blueprint: turnstile:v0}
    lantern: {extends_blueprint: lantern:v0}
    foghorn: {extends_blueprint: foghorn:v0}
    abacus: {extends_blueprint: abacus:v0, oauth_client_id: the-app, oauth_client_secret: invented}
    roles: {extends_blueprint: depot:v2, oauth_client_id: AKIDOPERATOR, oauth_client_secret: operator/secret}
    open:
        auth: {auth_mode: NONE}
        requests: {base_url: https://api.open.example}
server:
    allowed_origins: ["http://127.0.0.1:39481"]
`)
	blueprints, err := filepath.Abs("../testdata/blueprints")
	if err != nil {
		t.Fatal(err)
	}
	server := n.start("--sandbox", "--blueprints", blueprints, "serve", "--addr", "127.0.0.1:0", "--no-access-log")
	url, key := server.line(), server.line()
	out := startNode(t, []string{
		"URL=" + url, "KEY=" + key, "CHROMIUM=" + browser, "HOME=" + n.dir, "PORT=39481",
		`LANTERN={"key_id": "0a1b2c3d", "key_secret": "4c3f8b1a5d6e7f90112233445566778899aabbccddeeff00112233445566778e", "site": "news.lantern.example"}`,
	}, "frontend.mjs").end()
	var saw struct {
		Origin   string
		Popup    map[string]told
		Typed    map[string]told
		Sessions struct {
			Link       string
			Called     string
			Connection struct {
				Type string
			}
			Wrong, Nobody struct {
				Status int
				Code   string
			}
		}
		Messages []struct {
			Origin string
			Data   struct {
				Type    string
				Payload told
			}
		}
	}
	if err := json.Unmarshal([]byte(out.stdout), &saw); err != nil {
		t.Fatalf("exit %d\n%s%s\n%s", out.code, out.stdout, out.stderr, &server.stderr)
	}

	uuid := regexp.MustCompile(`^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$`)
	for name, integration := range map[string]string{"allow": "notion", "params": "notion", "oauth1": "semaphore", "device": "beacon", "choice": "shipyard", "reconnect": "notion"} {
		if got := saw.Popup[name]; !got.OK || got.ProviderConfigKey != integration || !uuid.MatchString(got.ConnectionID) || got.IsPending {
			t.Errorf("popup, %s: got %+v", name, got)
		}
	}
	for name, kind := range map[string]string{"deny": "callback_err", "unknown": "unknown_connect_session_token", "other": "integration_not_allowed"} {
		if got := saw.Popup[name]; got.OK || got.Type != kind || got.Message == "" {
			t.Errorf("popup, %s: got %+v, want %s", name, got, kind)
		}
	}
	if got := saw.Popup["choice"].Texts; !slices.Equal(got, []string{"Slipway", "Jetty", "Dry", "Wet"}) {
		t.Errorf("to choose from: %q", got)
	}
	if saw.Popup["reconnect"].ConnectionID != saw.Popup["allow"].ConnectionID {
		t.Errorf("reconnected %s as %s", saw.Popup["allow"].ConnectionID, saw.Popup["reconnect"].ConnectionID)
	}
	s := saw.Sessions
	if s.Called != "list" || s.Connection.Type != "OAUTH2" || !strings.HasPrefix(s.Link, url+"/") {
		t.Errorf("the connection: %+v", s)
	}
	if s.Wrong.Status != 401 || s.Nobody.Status != 404 || s.Nobody.Code != "not_found" {
		t.Errorf("sessions that are refused: %+v, %+v", s.Wrong, s.Nobody)
	}

	for name, integration := range map[string]string{
		"apiKey": "keyed", "basic": "desk", "basicUserOnly": "close", "clientCredentials": "ledger", "twoStep": "turnstile", "jwt": "lantern",
		"signature": "foghorn", "tba": "abacus", "aws": "roles", "none": "open",
	} {
		if got := saw.Typed[name]; !got.OK || got.ProviderConfigKey != integration || !uuid.MatchString(got.ConnectionID) || got.IsPending {
			t.Errorf("typed, %s: got %+v", name, got)
		}
	}
	for name, kind := range map[string]string{
		"apiKeyWrong": "invalid_credentials", "clientCredentialsWrong": "invalid_credentials", "signatureWrong": "connection_validation_failed",
		"outbound": "auth_mode_err", "otherMode": "auth_mode_err", "twice": "connect_session_used",
	} {
		if got := saw.Typed[name]; got.OK || got.Type != kind || got.Message == "" || strings.Contains(got.Message, "invented") {
			t.Errorf("typed, %s: got %+v, want %s", name, got, kind)
		}
	}
	if m := saw.Messages; len(m) != 1 || m[0].Origin != url || m[0].Data.Type != "connect" || m[0].Data.Payload.ProviderConfigKey != "notion" {
		t.Errorf("the opener was told %+v", m)
	}
}
