package e2e

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"
)

// A second server that we did not write, @node-oauth/oauth2-server, so that what one
// lets pass the other may refuse. It reads the Basic header as it stands, without
// decoding it first (RFC 6749 2.3.1); token_request.basic_unescaped is for such.
func TestAnotherServer(t *testing.T) {
	t.Parallel()
	needPrograms(t)
	const secret = "s:cret+with%41 and&more="
	p := startNode(t, []string{"CLIENT_ID=pier", "CLIENT_SECRET=" + secret, "REDIRECT_URI=http://127.0.0.1/oauth/callback"}, "oauth2-server.mjs")
	var ready struct{ Issuer string }
	if err := json.Unmarshal([]byte(p.line()), &ready); err != nil {
		t.Fatal(err)
	}
	n := install(t, strings.ReplaceAll(`integrations:
    pier:
        oauth_client_id: pier
        oauth_client_secret: ${PIER_SECRET}
        oauth_scopes: [read, write]
        auth: {auth_mode: OAUTH2, authorization_url: ISSUER/authorize, token_url: ISSUER/token, token_request: {basic_unescaped: true}}
        requests: &requests
            base_url: ISSUER
            headers: {Authorization: "Bearer ${access_token}"}
            verify: {path: /me}
    machine:
        oauth_client_id: pier
        oauth_client_secret: ${PIER_SECRET}
        oauth_scopes: [read]
        auth: {auth_mode: OAUTH2_CC, token_url: ISSUER/token, authorization_method: body}
        requests: *requests
`, "ISSUER", ready.Issuer), "PIER_SECRET="+secret)

	connect := n.start("connect", "pier", "--no-browser", "--redirect-url", "http://127.0.0.1:0/oauth/callback")
	b := newBrowser(t)
	b.types = map[string]string{"login": "mira"}
	page := b.submit(b.open(connect.line()))
	if out := connect.end(); out.code != 0 || page.status != http.StatusOK {
		t.Fatalf("connect: exit %d; the browser sees %d\n%s%s", out.code, page.status, out.stderr, page.html)
	}
	wantAccount(t, n.run("call", "pier", "/me"), "mira")
	n.must("connections", "refresh", "pier")
	wantAccount(t, n.run("call", "pier", "/me"), "mira")
	n.must("connections", "refresh", "pier") // with the one that came last
	n.must("connect", "machine")
	wantAccount(t, n.run("call", "machine", "/me"), "the machine itself")

	var seen struct {
		Exchanges, Refreshes, Issued, Challenged int
		Refused                                  []string
	}
	resp, err := http.Get(ready.Issuer + "/_stats")
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	if err := json.NewDecoder(resp.Body).Decode(&seen); err != nil {
		t.Fatal(err)
	}
	if seen.Exchanges != 1 || seen.Refreshes != 2 || seen.Issued != 1 || seen.Challenged != 1 || len(seen.Refused) > 0 {
		t.Errorf("the server has seen %+v", seen)
	}
}
