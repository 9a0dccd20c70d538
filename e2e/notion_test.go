package e2e

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"testing"
)

// Notion's own client is the nearest thing to Notion that runs here. What it
// makes of the sandbox's answers says whether the sandbox, and with it our
// blueprint, speaks as Notion does: tokens, lists, pages, errors, the wait of a 429.
func TestNotionsClientAgainstTheSandbox(t *testing.T) {
	t.Parallel()
	needPrograms(t)
	const clientID, clientSecret = "5a1d1c2e-8b7e-4a53-a2b5-0c9e7d6f4b31", "secret_Rn7VxQ2k"
	n := install(t, `integrations:
    notion:
        extends_blueprint: notion:v0
        oauth_client_id: `+clientID+`
        oauth_client_secret: `+clientSecret+`
        oauth_scopes: ''
        auth: {pkce: false} # Notion's client does without
`)
	sandbox := n.start("sandbox", "--addr", "127.0.0.1:0").line()
	base := sandbox + "/notion/api.notion.com"
	code, redirect := notionConsent(t, base, clientID)

	out := startNode(t, []string{
		"BASE_URL=" + base, "SANDBOX=" + sandbox,
		"CLIENT_ID=" + clientID, "CLIENT_SECRET=" + clientSecret,
		"CODE=" + code, "REDIRECT_URI=" + redirect,
	}, "notion.mjs").end()
	var saw struct {
		Workspace, Me, NewToken                        string
		Users                                          []string
		Pages, Waited                                  struct{ Answer, Requests int }
		Unauthorized, NotFound, RateLimited, UsedTwice notionError
		Rotated                                        bool
	}
	if err := json.Unmarshal([]byte(out.stdout), &saw); err != nil {
		t.Fatalf("Notion's client: exit %d\n%s%s", out.code, out.stdout, out.stderr)
	}

	if want := []string{"Mira Oland", "Jonte Vik", "Harbour Sync"}; !slices.Equal(saw.Users, want) || saw.Workspace != "Harbour Lab" {
		t.Errorf("users.list: %q in %q, want %q in Harbour Lab", saw.Users, saw.Workspace, want)
	}
	if saw.Me != "bot" || saw.NewToken != "bot" || !saw.Rotated {
		t.Errorf("users.me: %q, after a refresh %q (rotated: %v), want bot both times", saw.Me, saw.NewToken, saw.Rotated)
	}
	if saw.Pages.Answer != 3 || saw.Pages.Requests < 2 {
		t.Errorf("three users by pages of two: got %d in %d requests", saw.Pages.Answer, saw.Pages.Requests)
	}
	saw.Unauthorized.want(t, http.StatusUnauthorized, "unauthorized")
	saw.NotFound.want(t, http.StatusNotFound, "object_not_found")
	saw.RateLimited.want(t, http.StatusTooManyRequests, "rate_limited")
	if saw.Waited.Answer != 3 || saw.Waited.Requests < 2 {
		t.Errorf("after a 429: %d users in %d requests; want it to have waited and tried again", saw.Waited.Answer, saw.Waited.Requests)
	}
	// The token endpoint speaks RFC 6749, for which the client has no word.
	if saw.UsedTwice.Status != http.StatusBadRequest || saw.UsedTwice.Name == "" {
		t.Errorf("a refresh token used twice: %+v, want status 400", saw.UsedTwice)
	}
}

// A notionError is a failure as Notion's client understood it.
type notionError struct {
	Name, Code, Message, RequestID string
	Status                         int
	Known                          bool
}

func (e notionError) want(t *testing.T, status int, code string) {
	t.Helper()
	if !e.Known || e.Name != "APIResponseError" || e.Status != status || e.Code != code || e.RequestID == "" {
		t.Errorf("Notion's client understood %+v; want an APIResponseError %d %s with a request id", e, status, code)
	}
}

// notionConsent allows access in a browser, and returns the code it brings back.
func notionConsent(t *testing.T, base, clientID string) (code, redirect string) {
	t.Helper()
	app := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
	t.Cleanup(app.Close)
	redirect = app.URL + "/callback"
	b := newBrowser(t)
	b.button = "decision=allow"
	page := b.submit(b.open(base + "/v1/oauth/authorize?" + url.Values{
		"client_id": {clientID}, "redirect_uri": {redirect},
		"response_type": {"code"}, "owner": {"user"}, "state": {"tide"},
	}.Encode()))
	q := page.url.Query()
	if q.Get("code") == "" || q.Get("state") != "tide" {
		t.Fatalf("the browser ended at %s:\n%s", page.url, page.html)
	}
	return q.Get("code"), redirect
}
