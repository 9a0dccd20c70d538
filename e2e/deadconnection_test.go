package e2e

import (
	"encoding/json"
	"strings"
	"testing"
)

// A user takes the grant back at the provider: the product is told once, the operator sees
// one line and sends a link, and after it id, tags and every address that was handed out are as
// before.
func TestDeadConnection(t *testing.T) {
	t.Parallel()
	needPrograms(t)
	browser := chromium(t)
	n := install(t, `integrations:
    notion: {extends_blueprint: notion:v0, oauth_client_id: "5a1d1c2e", oauth_client_secret: secret_Rn7VxQ2k, oauth_scopes: ''}
server:
    webhook: {url: "http://127.0.0.1:39483/hooks", secret: invented-0123456789-0123456789-0123456789}
`)
	sandbox := n.start("sandbox", "--addr", "127.0.0.1:0").line()
	server := n.start("--sandbox="+sandbox, "serve", "--addr", "127.0.0.1:0", "--no-access-log")
	url, key := server.line(), server.line()
	out := startNode(t, []string{"URL=" + url, "SANDBOX=" + sandbox, "KEY=" + key, "CHROMIUM=" + browser, "HOME=" + n.dir, "PORT=39483"}, "deadconnection.mjs").end()
	var saw struct {
		Told []struct {
			Operation, ConnectionID string
			Success                 bool
			Error                   struct{ Type string }
			Tags                    map[string]string
		}
		Calls map[string]struct {
			Status int
			Code   string
		}
		List, Link string
		Lines      int
		Connection struct {
			ID     string
			Tags   map[string]string
			Errors []any
		}
	}
	if err := json.Unmarshal([]byte(out.stdout), &saw); err != nil {
		t.Fatalf("exit %d\n%s%s\n%s", out.code, out.stdout, out.stderr, &server.stderr)
	}
	// The first call after it has the provider's own answer, by which the server finds out.
	for name, want := range map[string]int{"connected": 200, "revoked": 401, "revoked, once more": 424, "again": 200} {
		if got := saw.Calls[name]; got.Status != want || (want == 424) != (got.Code == "invalid_grant") {
			t.Errorf("%s: %+v", name, got)
		}
	}
	var operations []string
	for _, m := range saw.Told {
		if m.ConnectionID != "user-7" {
			continue // the server plays one of its own
		}
		operations = append(operations, m.Operation)
		if m.Success == (m.Operation == "refresh") || m.Operation == "refresh" && m.Error.Type != "needs_reauthorization" || m.Tags["team"] != "harbour" {
			t.Errorf("the product was told %+v", m)
		}
	}
	if got := strings.Join(operations, " "); got != "creation refresh override" {
		t.Errorf("the product was told %q", got)
	}
	if saw.Lines != 1 || !strings.Contains(saw.List, "Need their user") {
		t.Errorf("%d lines on the operator's page:\n%s", saw.Lines, saw.List)
	}
	if c := saw.Connection; !strings.HasPrefix(saw.Link, url+"/connect/again?link=") || c.ID != "user-7" || c.Tags["team"] != "harbour" || len(c.Errors) > 0 {
		t.Errorf("after %s: %+v", saw.Link, c)
	}
}
