package e2e

import (
	"encoding/json"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
)

const initialize = `{"jsonrpc":"2.0","id":1,"method":"initialize","params":{"protocolVersion":"2025-06-18","capabilities":{},"clientInfo":{"name":"e2e","version":"1"}}}`

// Nobody has registered anything, and the user knows a URL. The server is that of the
// protocol's own SDK, which refuses tokens for other resources.
func TestMCPServerOfTheSDK(t *testing.T) {
	t.Parallel()
	needPrograms(t)
	s := startFound(t, "mcp-server.mjs")
	n := install(t, `integrations:
    lamps:
        extends_blueprint: mcp-generic:v0
        auth: {client_name: Harbour Sync}
        requests: {allow_private_hosts: true} # the server is on this machine
`)
	s.connect(n, "lamps", "--set", "server_url="+s.url)
	s.wantInitialized(n)
	got := s.stats()
	if len(got.Clients) != 1 || got.Clients[0].Name != "Harbour Sync" || got.Clients[0].Method != "none" || got.Exchanges != 1 || !slices.Equal(got.Resources, []string{s.url}) {
		t.Errorf("the server has seen %+v", got)
	}

	n.must("connections", "refresh", "lamps")
	s.post("/_expire") // found out by the 401
	s.wantInitialized(n)
	if got := s.stats(); got.Refreshes != 2 || !slices.Equal(got.Resources, []string{s.url, s.url, s.url}) || len(got.Clients) != 1 {
		t.Errorf("after two refreshes the server has seen %+v", got)
	}

	// A server that keeps its clients in memory has forgotten ours: only the user can help.
	s.post("/_forget")
	if out := n.run("connections", "refresh", "lamps"); out.code != 1 || !strings.Contains(out.stderr, "no longer takes the client that it registered") {
		t.Errorf("after the client was forgotten: exit %d\n%s", out.code, out.stderr)
	}
	s.connect(n, "lamps", "--set", "server_url="+s.url)
	s.wantInitialized(n)
	n.must("connections", "rm", "lamps")
	if got := s.stats(); len(got.Clients) != 2 || got.Revoked != 1 {
		t.Errorf("in the end the server has seen %+v", got)
	}
}

// The host of the user's words is on our own network, where nothing of theirs leads.
func TestMCPServerOnOurNetwork(t *testing.T) {
	t.Parallel()
	needPrograms(t)
	s := startFound(t, "mcp-server.mjs")
	n := install(t, "integrations:\n    lamps: {extends_blueprint: mcp-generic:v0}\n")
	out := n.run("connect", "lamps", "--set", "server_url="+s.url, "--no-browser")
	if out.code != 1 || !strings.Contains(out.stderr, "not on the public network") || out.stdout != "" {
		t.Errorf("exit %d\n%s%s", out.code, out.stdout, out.stderr)
	}
}

// A resource says that an OpenID provider authorises its users; the provider has
// OpenID discovery alone, below a path, and registers whoever asks.
func TestDiscoveryOfAnOpenIDProvider(t *testing.T) {
	t.Parallel()
	needPrograms(t)
	for _, method := range []string{"client_secret_basic", "client_secret_post", "none"} {
		s := startFound(t, "oidc-registration.mjs", "METHOD="+method)
		n := install(t, `integrations:
    lamps:
        auth: {auth_mode: MCP_OAUTH2}
        requests:
            base_url: `+s.url+`
            allow_private_hosts: true
            headers: {Authorization: "Bearer ${access_token}"}
`)
		s.connect(n, "lamps")
		for range 2 {
			var lamps struct {
				Lamps []int
				User  string
			}
			if err := json.Unmarshal([]byte(n.must("call", "lamps", "/7")), &lamps); err != nil || len(lamps.Lamps) != 2 || lamps.User != "mira" {
				t.Errorf("%s: got %+v, %v", method, lamps, err)
			}
			n.must("connections", "refresh", "lamps")
		}
		got := s.stats()
		if len(got.Clients) != 1 || got.Clients[0].Name != "nango-lite" || got.Clients[0].Method != method || got.Clients[0].Type != "native" || got.Exchanges != 1 || got.Refreshes != 2 || len(got.Refused) > 0 {
			t.Errorf("%s: the provider has seen %+v", method, got)
		}
		n.must("connections", "rm", "lamps")
	}
}

// A found is a server that is known by its URL alone.
type found struct {
	t           *testing.T
	url, issuer string
}

func startFound(t *testing.T, script string, env ...string) *found {
	t.Helper()
	var ready struct{ URL, Issuer string }
	if err := json.Unmarshal([]byte(startNode(t, env, script).line()), &ready); err != nil {
		t.Fatal(err)
	}
	if ready.Issuer == "" {
		ready.Issuer = ready.URL
	}
	return &found{t, ready.URL, ready.Issuer}
}

// connect takes a user through consent.
func (s *found) connect(n *installation, integration string, more ...string) {
	s.t.Helper()
	connect := n.start(append([]string{"connect", integration, "--no-browser", "--redirect-url", "http://127.0.0.1:0/oauth/callback"}, more...)...)
	b := newBrowser(s.t)
	b.types = map[string]string{"login": "mira", "password": "anything"}
	page := b.submit(b.open(connect.line()))
	if out := connect.end(); out.code != 0 || page.status != http.StatusOK {
		s.t.Fatalf("connect: exit %d; the browser sees %d at %s\n%s%s", out.code, page.status, page.url.Redacted(), out.stderr, page.html)
	}
}

func (s *found) wantInitialized(n *installation) {
	s.t.Helper()
	out := n.run("call", "lamps", "POST", "", "-H", "Content-Type: application/json", "-d", initialize)
	var answer struct {
		Result struct {
			ServerInfo struct{ Name string }
		}
	}
	if err := json.Unmarshal([]byte(out.stdout), &answer); err != nil || out.code != 0 || answer.Result.ServerInfo.Name != "lamps" {
		s.t.Errorf("initialize: exit %d\n%s%s", out.code, out.stdout, out.stderr)
	}
}

// at returns the address of a route of the script's own.
func (s *found) at(path string) string {
	u, err := url.Parse(s.issuer)
	if err != nil {
		s.t.Fatal(err)
	}
	return u.Scheme + "://" + u.Host + path
}

func (s *found) post(path string) {
	s.t.Helper()
	resp, err := http.Post(s.at(path), "", nil)
	if err != nil {
		s.t.Fatal(err)
	}
	resp.Body.Close()
}

// registered is what a server counted.
type registered struct {
	Clients                       []struct{ Name, Method, Type string }
	Exchanges, Refreshes, Revoked int
	Resources, Refused            []string
}

func (s *found) stats() (r registered) {
	s.t.Helper()
	resp, err := http.Get(s.at("/_stats"))
	if err != nil {
		s.t.Fatal(err)
	}
	defer resp.Body.Close()
	if err := json.NewDecoder(resp.Body).Decode(&r); err != nil {
		s.t.Fatal(err)
	}
	return r
}
