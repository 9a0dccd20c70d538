package e2e

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

const notionConfig = `integrations:
    notion:
        extends_blueprint: notion:v1
        oauth_client_id: 5a1d1c2e-8b7e-4a53-a2b5-0c9e7d6f4b31
        oauth_client_secret: secret_Rn7VxQ2k/+seeded
        oauth_scopes: ''
`

// withKey is the server as somebody sees it who shows the key with each request: the
// suite cannot show one.
func withKey(t *testing.T, address, key string) string {
	to, err := url.Parse(address)
	if err != nil {
		t.Fatal(err)
	}
	front := httptest.NewServer(&httputil.ReverseProxy{Rewrite: func(r *httputil.ProxyRequest) {
		r.SetURL(to)
		r.Out.Host = r.In.Host
		r.Out.Header.Set("Authorization", "Bearer "+key)
	}})
	t.Cleanup(front.Close)
	return front.URL
}

// The protocol's own suite, unmodified, has nothing to say against /mcp: what it asks of
// tools whose results are text holds, and what else it asks for is listed and not there.
// The two operations are called as the suite wants its tools to be.
func TestMCPConformance(t *testing.T) {
	t.Parallel()
	needPrograms(t)
	n := install(t, `integrations:
    test:
        auth: {auth_mode: NONE}
        requests: {base_url: https://test.example}
        operations:
            simple_text: {summary: Read a text., request: {path: /text}}
            error_handling:
                summary: Read one that is named.
                request: {path: "/texts/${input.id}"}
                input: {type: object, properties: {id: {type: string}}, required: [id]}
`)
	server := n.start("--sandbox", "serve", "--addr", "127.0.0.1:0", "--no-access-log")
	address := withKey(t, server.line(), server.line())
	suite := start(t, npm, n.env, "node", filepath.Join(npm, "node_modules/@modelcontextprotocol/conformance/dist/index.js"),
		"server", "--url", address+"/mcp?connection=default", "--expected-failures", filepath.Join(npm, "mcp-conformance.yml"))
	out := suite.end()
	if out.code != 0 {
		t.Errorf("exit %d\n%s\n%s", out.code, out.stdout, out.stderr)
	}
	for _, scenario := range []string{
		"server-initialize", "logging-set-level", "ping", "tools-list", "tools-call-simple-text", "tools-call-error", "server-sse-multiple-streams",
		"resources-list", "prompts-list", "dns-rebinding-protection",
	} {
		if !strings.Contains(out.stdout, "✓ "+scenario+": ") {
			t.Errorf("%s does not hold:\n%s", scenario, out.stdout)
		}
	}
}

// The Inspector's command line, unmodified, lists the tools and calls one: over stdin and
// stdout with the line that docs/mcp.md has, and over HTTP.
func TestMCPInspector(t *testing.T) {
	t.Parallel()
	needPrograms(t)
	n := install(t, notionConfig)
	inspector := filepath.Join(npm, "node_modules/@modelcontextprotocol/inspector/cli/build/cli.js")
	inspect := func(t *testing.T, args ...string) string {
		t.Helper()
		out := start(t, n.dir, n.env, "node", append([]string{inspector, "--cli"}, args...)...).end()
		if out.code != 0 {
			t.Fatalf("exit %d\n%s\n%s", out.code, out.stdout, out.stderr)
		}
		return out.stdout
	}
	list := []string{"--method", "tools/list"}
	search := []string{"--method", "tools/call", "--tool-arg", "query=tide", "--tool-name", "notion_search"}
	check := func(t *testing.T, listed, found string) {
		t.Helper()
		if !strings.Contains(listed, `"name": "notion_search"`) || strings.Contains(listed, "trash_page") {
			t.Errorf("listed:\n%s", listed)
		}
		if !strings.Contains(found, "Tide gauge") || strings.Contains(found, `"isError": true`) {
			t.Errorf("found:\n%s", found)
		}
	}
	t.Run("stdio", func(t *testing.T) {
		line := []string{program, "--sandbox", "mcp", "--integration", "notion"}
		check(t, inspect(t, append(list, line...)...), inspect(t, append(search, line...)...))
	})
	t.Run("HTTP", func(t *testing.T) {
		server := n.start("--sandbox", "serve", "--addr", "127.0.0.1:0", "--no-access-log")
		at := []string{server.line() + "/mcp?connection=default", "--transport", "http", "--header", "Authorization: Bearer " + server.line()}
		check(t, inspect(t, append(at, list...)...), inspect(t, append(at, search...)...))
	})
}

// frames are the messages of a session, both ways.
type frames struct {
	t    *testing.T
	seen strings.Builder
}

// call sends a message of the protocol to a server.
func (f *frames) call(server, key, query, method string, params any) string {
	f.t.Helper()
	body, err := json.Marshal(map[string]any{"jsonrpc": "2.0", "id": 1, "method": method, "params": params})
	if err != nil {
		f.t.Fatal(err)
	}
	r, err := http.NewRequestWithContext(f.t.Context(), "POST", server+"/mcp"+query, strings.NewReader(string(body)))
	if err != nil {
		f.t.Fatal(err)
	}
	r.Header.Set("Authorization", "Bearer "+key)
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("Accept", "application/json, text/event-stream")
	resp, err := http.DefaultClient.Do(r)
	if err != nil {
		f.t.Fatal(err)
	}
	defer resp.Body.Close()
	answer, err := io.ReadAll(resp.Body)
	if err != nil {
		f.t.Fatal(err)
	}
	fmt.Fprintf(&f.seen, "%s\n%v\n%s\n", body, resp.Header, answer)
	return string(answer)
}

func tool(name string, arguments map[string]any) map[string]any {
	return map[string]any{"name": name, "arguments": arguments}
}

// An agent that asks for an account which nobody has connected is given a link; its user
// connects; the same call succeeds, at the other server. A key that is bound to user-42
// reaches nobody else by any argument, and no secret is in any frame.
func TestAgentHasItsUserConnect(t *testing.T) {
	t.Parallel()
	needPrograms(t)
	n := install(t, notionConfig)
	serve := func() string {
		p := n.start("--sandbox", "serve", "--addr", "127.0.0.1:0", "--no-access-log")
		address := p.line()
		p.line() // a key of its own
		return address
	}
	key := strings.TrimSpace(n.must("--sandbox", "apikeys", "create", "agent", "--scopes", "mcp", "--connections", "notion/user-42"))
	teller := strings.TrimSpace(n.must("--sandbox", "apikeys", "create", "teller", "--scopes", "read,token"))
	first, second := serve(), serve()
	f := &frames{t: t}

	ask := tool("notion_search", map[string]any{"query": "tide"})
	answer := f.call(first, key, "", "tools/call", ask)
	link := regexp.MustCompile(`http://[^ "]+/connect/again\?link=[A-Z0-9]+`).FindString(answer)
	if link == "" || !strings.Contains(answer, `"isError":true`) {
		t.Fatalf("no link: %s", answer)
	}
	b := newBrowser(t)
	b.button = "decision=allow"
	if at := b.submit(b.open(link)); at.status != 200 || !strings.Contains(at.html, "onnected") {
		t.Fatalf("%s: %d\n%s", at.url.Path, at.status, at.html)
	}
	if answer := f.call(second, key, "", "tools/call", ask); !strings.Contains(answer, "Tide gauge") || strings.Contains(answer, "isError") {
		t.Errorf("at the other server: %s", answer)
	}

	n.must("--sandbox", "connect", "notion", "--connection", "user-43")
	for _, arguments := range []map[string]any{
		{"query": "tide", "connection": "user-43"}, {"query": "tide", "connection": "notion/user-43"}, {"query": "tide", "Connection-Id": "user-43"},
		{"query": "tide", "connection_id": "user-43"}, {"query": "tide", "cursor": "../user-43"}, {"connection": []string{"user-42", "user-43"}},
	} {
		if answer := f.call(first, key, "", "tools/call", tool("notion_search", arguments)); !strings.Contains(answer, `"isError":true`) && !strings.Contains(answer, `"error"`) && arguments["cursor"] == nil {
			t.Errorf("%v: %s", arguments, answer)
		}
	}
	if answer := f.call(first, key, "?connection=user-43", "tools/call", ask); !strings.Contains(answer, "forbidden") {
		t.Errorf("by the address: %s", answer)
	}
	if answer := f.call(first, key, "", "tools/call", tool("notion_trash_page", map[string]any{"page_id": "x"})); !strings.Contains(answer, `"error"`) {
		t.Errorf("what is not offered is done: %s", answer)
	}
	f.call(first, key, "", "tools/list", map[string]any{})
	f.wantNoSecret(append(tokens(t, first, teller), "secret_Rn7VxQ2k/+seeded", key))
}

// tokens are those that a server gives of the connection of user-42.
func tokens(t *testing.T, server, key string) []string {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), "GET", server+"/connections/user-42?provider_config_key=notion&refresh_token=true", nil)
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Authorization", "Bearer "+key)
	resp, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	var c struct {
		Credentials struct {
			AccessToken  string `json:"access_token"`
			RefreshToken string `json:"refresh_token"`
		}
	}
	if err := json.NewDecoder(resp.Body).Decode(&c); err != nil || c.Credentials.AccessToken == "" || c.Credentials.RefreshToken == "" {
		t.Fatalf("%d: no tokens, %v", resp.StatusCode, err)
	}
	return []string{c.Credentials.AccessToken, c.Credentials.RefreshToken}
}

// wantNoSecret searches all frames for secrets, as they are and encoded.
func (f *frames) wantNoSecret(secrets []string) {
	f.t.Helper()
	seen := f.seen.String()
	for _, s := range secrets {
		for _, form := range []string{s, url.QueryEscape(s), url.PathEscape(s), base64.StdEncoding.EncodeToString([]byte(s)), base64.RawURLEncoding.EncodeToString([]byte(s))} {
			if strings.Contains(seen, strings.TrimRight(form, "=")) {
				f.t.Errorf("%.12s… is in a frame", form)
			}
		}
	}
}
