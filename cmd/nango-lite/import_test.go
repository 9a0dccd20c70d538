package main

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
)

// A peer is a server of another make, with connections: what it answers is what its
// public interface is known to answer, in words of our own.
type peer struct {
	*httptest.Server
	refused atomic.Int64 // from which request on its key is not good any more; 0: never
	asked   atomic.Int64
	limited atomic.Bool
}

const peerKey = "7a3c9d1e-invented-0000-peer-s3cret"

// peerConnections are as GET /connections/{id} shows them.
var peerConnections = map[string]string{
	"notes/a b/c": `{"credentials": {"type": "OAUTH2", "access_token": "s3cret-a", "refresh_token": "s3cret-r", "expires_at": "2099-01-02T03:04:05.000Z", "raw": {"access_token": "s3cret-a", "workspace": "w1"}},
		"connection_config": {"tenant": "north", "oauth_scopes_override": "read", "empty": null}, "metadata": {"plan": "gold"}, "tags": {"end_user_id": "7"},
		"end_user": {"id": "7", "email": "mira@example.com", "display_name": null, "tags": {}, "organization": {"id": "o1", "display_name": "Harbour"}}}`,
	"lamps/user-1":   `{"credentials": {"type": "API_KEY", "apiKey": "s3cret-k"}, "connection_config": {}, "metadata": null, "tags": {}, "end_user": null}`,
	"doors/user-1":   `{"credentials": {"type": "BASIC", "username": "mira", "password": "s3cret-p"}, "connection_config": {}, "metadata": {}}`,
	"odd/user-1":     `{"credentials": {"type": "BASIC", "username": "mira", "password": "s3cret-p"}}`,
	"unknown/user-1": `{"credentials": {"type": "API_KEY", "apiKey": "s3cret-k"}}`,
}

func newPeer(t *testing.T) *peer {
	p := &peer{}
	names := slices.Sorted(func(yield func(string) bool) {
		for name := range peerConnections {
			if !yield(name) {
				return
			}
		}
	})
	p.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		n := p.asked.Add(1)
		if last := p.refused.Load(); r.Header.Get("Authorization") != "Bearer "+peerKey || last > 0 && n >= last {
			w.WriteHeader(401)
			fmt.Fprint(w, `{"error": {"code": "unknown_account", "message": "s3cret"}}`)
			return
		}
		if n == 2 && p.limited.Load() {
			w.Header().Set("Retry-After", "0")
			w.WriteHeader(429)
			return
		}
		id, one := strings.CutPrefix(r.URL.Path, "/connections/")
		if !one {
			if r.URL.Query().Get("page") != "0" {
				fmt.Fprint(w, `{"connections": []}`)
				return
			}
			var list []map[string]any
			for i, name := range names {
				integration, id, _ := strings.Cut(name, "/")
				list = append(list, map[string]any{"id": i + 1, "connection_id": id, "provider_config_key": integration, "provider": integration, "errors": []any{}})
			}
			_ = json.NewEncoder(w).Encode(map[string]any{"connections": list})
			return
		}
		q := r.URL.Query()
		body := peerConnections[q.Get("provider_config_key")+"/"+id]
		if body == "" || q.Get("refresh_token") != "true" {
			w.WriteHeader(404)
			return
		}
		fmt.Fprint(w, body)
	}))
	t.Cleanup(p.Close)
	return p
}

const peerIntegrations = `integrations:
    notes:
        oauth_client_id: notes-app
        oauth_client_secret: invented
        oauth_scopes: ''
        auth: {auth_mode: OAUTH2, authorization_url: https://notes.example/authorize, token_url: https://notes.example/token}
        connection:
            tenant: {from: callback, path: tenant}
        requests: {base_url: "https://${connection.tenant}.notes.example", headers: {Authorization: "Bearer ${access_token}"}}
    lights:
        auth: {auth_mode: API_KEY}
        requests: {base_url: https://lamps.example, headers: {Authorization: "Bearer ${api_key}"}}
    doors:
        auth: {auth_mode: USERNAME_PASSWORD}
        requests: {base_url: https://doors.example}
    odd:
        auth: {auth_mode: API_KEY}
        requests: {base_url: https://odd.example, headers: {Authorization: "Bearer ${api_key}"}}
`

// run runs the program to its end.
func (p *peer) run(t *testing.T, dir string, args ...string) (stdout, stderr string, code int) {
	t.Helper()
	cmd := command(t, dir, []string{"NANGO_SECRET_KEY=" + peerKey}, args...)
	var out, said strings.Builder
	cmd.Stdout, cmd.Stderr = &out, &said
	_ = cmd.Run()
	return out.String(), said.String(), cmd.ProcessState.ExitCode()
}

// Connections move over the peer's public interface, one by one; what was interrupted goes
// on where it was, and nothing is copied twice or shown.
func TestImportNangoConnections(t *testing.T) {
	p, dir := newPeer(t), t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "integrations.yaml"), []byte(peerIntegrations), 0o600); err != nil {
		t.Fatal(err)
	}
	args := []string{"--store", "moved.db", "import", "nango-connections", "--from", p.URL, "--rename", "lamps=lights"}
	stdout, stderr, code := p.run(t, dir, append(args, "--dry-run")...)
	if code != 1 || strings.Count(stdout, "would be copied") != 3 {
		t.Errorf("dry: exit %d\n%s%s", code, stdout, stderr)
	}

	p.asked.Store(0)
	p.refused.Store(4) // the key ends after the list and two connections
	stdout, stderr, code = p.run(t, dir, args...)
	if code != 1 || strings.Count(stdout, "copied") != 2 || !strings.Contains(stderr, "status 401; what was copied stays, and the same command goes on from here") {
		t.Errorf("interrupted: exit %d\n%s%s", code, stdout, stderr)
	}
	p.asked.Store(0)
	p.refused.Store(0)
	p.limited.Store(true)
	stdout, stderr, code = p.run(t, dir, args...)
	for _, want := range []string{
		"doors/user-1: is here already\n", "lights/user-1: is here already\n",
		"notes/a b/c: copied; not declared here, and left out: connection_config.oauth_scopes_override\n",
		"odd/user-1: failed: credentials.type must be API_KEY, as the integration has it\n", "unknown/user-1: no such integration\n",
	} {
		if !strings.Contains(stdout, want) {
			t.Errorf("stdout lacks %q:\n%s", want, stdout)
		}
	}
	if code != 1 || !strings.Contains(stderr, "connections: 1 copied, 2 is here already, 1 no such integration, 1 failed") {
		t.Errorf("exit %d\n%s", code, stderr)
	}
	if all := stdout + stderr; strings.Contains(all, "s3cret") {
		t.Errorf("something secret was said:\n%s", all)
	}

	stdout, stderr, _ = p.run(t, dir, "--store", "moved.db", "connections", "show", "notes", "--connection", "a b/c", "--format", "json")
	var c struct {
		Refreshable bool
		ExpiresAt   string `json:"expires_at"`
		Fields      map[string]string
		Metadata    map[string]any
		Tags        map[string]string
	}
	if err := json.Unmarshal([]byte(stdout), &c); err != nil {
		t.Fatalf("%v\n%s%s", err, stdout, stderr)
	}
	if !c.Refreshable || c.Fields["tenant"] != "north" || c.Metadata["plan"] != "gold" || c.Tags["end_user_email"] != "mira@example.com" || c.Tags["organization_id"] != "o1" || !strings.HasPrefix(c.ExpiresAt, "2099-") {
		t.Errorf("got %s", stdout)
	}
}

func TestImportsThatCannotBegin(t *testing.T) {
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "integrations.yaml"), []byte(peerIntegrations), 0o600); err != nil {
		t.Fatal(err)
	}
	p := &peer{}
	for _, args := range [][]string{
		{"--from", "http://nango.example"}, {"--from", "nango.example"}, {"--from", "https://u:p@nango.example"}, {"--rename", "a"},
	} {
		if _, stderr, code := p.run(t, dir, append([]string{"--store", "x.db", "import", "nango-connections"}, args...)...); code != 2 {
			t.Errorf("%q: exit %d: %s", args, code, stderr)
		}
	}
}
