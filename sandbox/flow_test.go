package sandbox_test

import (
	"strings"
	"testing"
	"time"

	"github.com/nango-lite/nango-lite/sandbox"
)

func TestConsentExchangeCallRefresh(t *testing.T) {
	t.Parallel()
	f := newFlow(t, notionLike("notion"), nil)
	u, err := sandbox.Allow(t.Context(), f.rt, f.authURL(nil), "allow")
	if err != nil {
		t.Fatal(err)
	}
	if got := u.Query().Get("state"); got != "st4te" || !strings.HasPrefix(u.String(), redirectURI+"?") {
		t.Fatalf("callback %s", u)
	}
	resp, tok := f.do(f.exchangeRequest(u.Query().Get("code"), nil))
	if resp.StatusCode != 200 || tok["bot_id"] != "b1" || tok["access_token"] == "secret_x" {
		t.Fatalf("%s %v", resp.Status, tok)
	}
	if _, stated := tok["expires_in"]; stated {
		t.Error("the sample states no expiry, the answer does")
	}
	resp, body := f.get("/v1/users", tok.text("access_token"), nil)
	if resp.StatusCode != 200 || body["object"] != "list" || resp.Header.Get("X-Notion") != "yes" || resp.Header.Get("X-Request-Id") == "" {
		t.Fatalf("%s %v %v", resp.Status, resp.Header, body)
	}
	resp, again := f.do(f.refreshRequest(tok.text("refresh_token")))
	if resp.StatusCode != 200 || again.text("refresh_token") == tok.text("refresh_token") {
		t.Fatalf("%s %v", resp.Status, again)
	}
	if s := f.p.Stats(); s.Consents != 1 || s.Exchanges != 1 || s.Refreshes != 1 || s.Calls != 1 || len(s.Redemptions) != 1 || s.Refused != 0 {
		t.Errorf("stats %+v", s)
	}
}

func TestSecondaryTokens(t *testing.T) {
	t.Parallel()
	f := newFlow(t, slackLike(), nil)
	tok := f.connect()
	for _, path := range []string{"access_token", "authed_user.access_token"} {
		if resp, body := f.get("/users.list", tok.text(path), nil); resp.StatusCode != 200 || body["ok"] != true {
			t.Errorf("%s: %s %v", path, resp.Status, body)
		}
	}
	resp, again := f.do(f.refreshRequest(tok.text("authed_user.refresh_token")))
	if resp.StatusCode != 200 || again.text("authed_user.access_token") != "" || again.text("access_token") == "" {
		t.Errorf("refresh of the user's chain: %v", again)
	}
	if resp, body := f.do(f.refreshRequest(tok.text("refresh_token"))); body["ok"] != true {
		t.Errorf("the bot's chain is another: %s %v", resp.Status, body)
	}
}

func TestLifetimes(t *testing.T) {
	t.Parallel()
	c := newClock()
	f := newFlow(t, notionLike("notion"), &sandbox.Options{Now: c.now, TokenLifetime: 2 * time.Second})
	tok := f.connect()
	if tok["expires_in"] != 2.0 {
		t.Fatalf("expires_in = %v", tok["expires_in"])
	}
	c.advance(2 * time.Second)
	resp, body := f.get("/v1/users", tok.text("access_token"), nil)
	if resp.StatusCode != 401 || body["code"] != "unauthorized" || !strings.Contains(body.text("message"), "expired") {
		t.Errorf("%s %v", resp.Status, body)
	}
	slack := newFlow(t, slackLike(), nil).connect()
	if slack["expires_in"] != 43200.0 {
		t.Errorf("the sample's lifetime: got %v", slack["expires_in"])
	}
	bare := notionLike("bare")
	bare.Samples = nil
	if tok := newFlow(t, bare, nil).connect(); tok["expires_in"] != 3600.0 || tok["token_type"] != "Bearer" {
		t.Errorf("without samples: %v", tok)
	}
}
