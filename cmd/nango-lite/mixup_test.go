package main

import (
	"bufio"
	"encoding/pem"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/nango-lite/nango-lite/sandbox"
	"github.com/nango-lite/nango-lite/schema"
)

// A playedServer is a provider of the sandbox, at a port of this machine.
type playedServer struct {
	*httptest.Server
	tokenCalls atomic.Int32
}

// playAt starts the provider that play describes for its URL.
func playAt(t *testing.T, play func(url string) (*schema.Integration, *sandbox.Options)) *playedServer {
	t.Helper()
	s := &playedServer{}
	var provider *sandbox.Provider
	s.Server = httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if strings.HasSuffix(r.URL.Path, "/token") {
			s.tokenCalls.Add(1)
		}
		provider.ServeHTTP(w, r)
	}))
	var err error
	if provider, err = sandbox.New(play("https://" + s.Listener.Addr().String())); err != nil {
		t.Fatal(err)
	}
	s.StartTLS()
	t.Cleanup(s.Close)
	return s
}

// S37: a mix-up through connect. A hostile server leads the user on to the provider that the
// file names, whose code comes back by the terminal's own redirect URI, with the state of the
// hostile server's flow: it is nobody's answer, and no token endpoint is called.
func TestS37_MixUpThroughConnect(t *testing.T) {
	t.Parallel()
	if runtime.GOOS != "linux" {
		t.Skip("SSL_CERT_FILE, by which the program is told whom to trust, counts on Linux; .ci/run tests it there")
	}
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	terminal := "http://" + ln.Addr().String() + "/oauth/callback"
	_ = ln.Close() // connect takes the port
	headers := map[string]string{"Authorization": "Bearer ${access_token}"}
	honest := playAt(t, func(at string) (*schema.Integration, *sandbox.Options) {
		return &schema.Integration{
			Name: "quay", OAuthClientID: "app", OAuthClientSecret: schema.NewSecret("hush"), OAuthScopes: &schema.Scopes{},
			Auth:     schema.Auth{AuthMode: schema.OAuth2, AuthorizationURL: at + "/authorize", TokenURL: at + "/token"},
			Requests: schema.Requests{BaseURL: at + "/v1", Headers: headers},
		}, &sandbox.Options{RedirectURIs: []string{terminal}}
	})
	hostile := playAt(t, func(at string) (*schema.Integration, *sandbox.Options) {
		to := honest.URL + "/authorize?client_id=app&redirect_uri=" + url.QueryEscape(terminal)
		return &schema.Integration{
			Name: "mcp", Auth: schema.Auth{AuthMode: schema.MCPOAuth2}, Requests: schema.Requests{BaseURL: at + "/mcp", Headers: headers},
		}, &sandbox.Options{MisleadTo: to}
	})
	dir := t.TempDir()
	file := fmt.Sprintf(`integrations:
    quay:
        oauth_client_id: app
        oauth_client_secret: hush
        oauth_scopes: ''
        auth: {auth_mode: OAUTH2, authorization_url: %[1]s/authorize, token_url: %[1]s/token}
        requests: {base_url: %[1]s/v1, headers: {Authorization: "Bearer ${access_token}"}}
    mcp:
        extends_blueprint: mcp-generic:v0
        requests: {allow_private_hosts: true} # both are on this machine
`, honest.URL)
	if err := os.WriteFile(filepath.Join(dir, "integrations.yaml"), []byte(file), 0o600); err != nil {
		t.Fatal(err)
	}

	certificate := filepath.Join(dir, "certificate.pem")
	block := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: hostile.Certificate().Raw})
	if err := os.WriteFile(certificate, block, 0o600); err != nil {
		t.Fatal(err)
	}
	s := startServe(t, dir, []string{"SSL_CERT_FILE=" + certificate}, "connect", "mcp", "--set", "server_url="+hostile.URL+"/mcp", "--no-browser", "--redirect-url", terminal)
	begun, err := url.Parse(s.url)
	if err != nil {
		t.Fatal(err)
	}
	own, err := url.Parse(begun.Query().Get("redirect_uri"))
	if err != nil || !strings.HasPrefix(own.String(), terminal+"/mcp/") {
		t.Fatalf("the flow of a server that the user names comes back to %s", own)
	}
	browser := hostile.Client() // httptest's servers share a certificate
	browser.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	resp, err := browser.Get(s.url)
	if err != nil {
		t.Fatal(err)
	}
	_ = resp.Body.Close()
	back, err := sandbox.Allow(t.Context(), browser.Transport, resp.Header.Get("Location"), "allow")
	if err != nil {
		t.Fatal(err)
	}
	if !strings.HasPrefix(back.String(), terminal+"?") || back.Query().Get("code") == "" || back.Query().Get("state") != begun.Query().Get("state") {
		t.Fatalf("the attack does not work: %s", back.Redacted())
	}
	if resp, err = browser.Get(back.String()); err != nil {
		t.Fatal(err)
	}
	page, _ := io.ReadAll(resp.Body)
	_ = resp.Body.Close()
	if resp.StatusCode != http.StatusNotFound || !strings.Contains(string(page), "another address") {
		t.Errorf("the browser sees %d: %s", resp.StatusCode, page)
	}
	if e, h := hostile.tokenCalls.Load(), honest.tokenCalls.Load(); e+h > 0 {
		t.Errorf("%d token calls to the hostile server, %d to the honest one", e, h)
	}

	// The server is asked for no code, so the user says no; and connect ends.
	q := url.Values{"state": {begun.Query().Get("state")}, "error": {"access_denied"}}
	if resp, err = browser.Get(own.String() + "?" + q.Encode()); err != nil {
		t.Fatal(err)
	}
	_ = resp.Body.Close()
	said, _ := io.ReadAll(bufio.NewReader(s.stderr))
	if err := s.cmd.Wait(); err == nil || !strings.Contains(string(said), "denied") {
		t.Errorf("connect ends with %v:\n%s", err, said)
	}
	if hostile.tokenCalls.Load() > 0 {
		t.Error("a token call in the end")
	}
}
