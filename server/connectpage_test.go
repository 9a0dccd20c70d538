package server_test

import (
	"context"
	"encoding/json"
	"html"
	"io"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"github.com/nango-lite/nango-lite/engine"
	"github.com/nango-lite/nango-lite/schema"
)

// paged is a stage with an integration that asks for much, and one that asks for a field
// before it sends the user away.
func paged(t *testing.T, change func(*schema.Server)) *stage {
	t.Helper()
	s := connecting(t, change)
	lamps := s.integration("lamps")
	lamps.DisplayName = "Lamps & Co"
	lamps.Credentials["api_key"] = schema.Field{Title: "Key", Description: "It begins with lk_.", Pattern: "lk_[a-z0-9]+", Secret: true}
	lamps.Connection = map[string]schema.ConnectionField{
		"site":   {From: schema.FromUser, Field: schema.Field{Title: "Site", Example: "harbour"}},
		"region": {From: schema.FromUser, Field: schema.Field{Title: "Region", Enum: []string{"eu", "us"}, Default: "eu"}},
	}
	lamps.ConnectionOrder = []string{"site", "region"}
	lamps.Notes = []schema.Note{{Text: "It is on the settings page.", DocsURL: "https://docs.example/keys", Key: "credentials.api_key"}}
	tides := s.config.Integrations["tides"]
	tides.Connection = map[string]schema.ConnectionField{"harbour": {From: schema.FromUser, Field: schema.Field{Title: "Harbour"}}}
	tides.Auth.AuthorizationURL += "?at=${connection.harbour}"
	s.reload()
	return s
}

// posted sends the page's form.
func (s *stage) posted(j jar, token, integration string, fields ...string) answer {
	s.Helper()
	q := url.Values{"session_token": {token}, "integration": {integration}}
	for i := 0; i < len(fields); i += 2 {
		q.Set(fields[i], fields[i+1])
	}
	a := s.do("POST", "/connect", strings.NewReader(q.Encode()), append(j.header(), "Content-Type", "application/x-www-form-urlencoded", "Origin", "null", "Sec-Fetch-Site", "same-origin")...)
	j.keep(a)
	return a
}

func holds(t *testing.T, a answer, status int, texts ...string) {
	t.Helper()
	if a.StatusCode != status {
		t.Errorf("%d, want %d: %s", a.StatusCode, status, a.body)
	}
	for _, text := range texts {
		if !strings.Contains(html.UnescapeString(a.body), text) {
			t.Errorf("want %q in\n%s", text, a.body)
		}
	}
}

// A user types what an API asks for: each field is explained, what is wrong stands beside it
// before anything is sent, and a secret is typed again.
func TestConnectPageForm(t *testing.T) {
	s := paged(t, nil)
	token := s.session(`{"connection_id": "page", "allowed_integrations": ["lamps"]}`)
	holds(t, s.do("GET", "/connect?session_token="+token, nil), 200,
		"<h1>Connect Lamps & Co</h1>", `type="password"`, "It begins with lk_.", "It is on the settings page.", `href="https://docs.example/keys"`, "harbour", "<option selected>eu", `for="f-site"`)
	called := false
	s.answerAPI(func(http.ResponseWriter, *http.Request) { called = true })
	a := s.posted(jar{}, token, "lamps", "field.api_key", "typo-s3cret", "field.region", "us")
	holds(t, a, 422, "Site is missing.", `aria-invalid="true"`, "<option selected>us", "Key does not have the declared form.")
	if strings.Contains(a.body, "typo-s3cret") || strings.Contains(s.logged(), "typo-s3cret") || called {
		t.Error("a secret was shown, or something was sent")
	}
	holds(t, s.posted(jar{}, token, "lamps", "field.api_key", "lk_good", "field.site", "north"), 200, "<h1>Connected</h1>")
	c, err := s.engine.Connection(t.Context(), engine.Key{Integration: "lamps", ConnectionID: "page"})
	if err != nil || c.Credentials.APIKey.Reveal() != "lk_good" || c.Fields["site"] != "north" || c.Fields["region"] != "eu" {
		t.Errorf("%+v, %v", c, err)
	}
	holds(t, s.do("GET", "/connect?session_token="+token, nil), 200, "Connected")
	used := s.posted(jar{}, token, "lamps", "field.api_key", "lk_other", "field.site", "north")
	holds(t, used, 409, "has been connected already", "Back to the list")
	if strings.Contains(used.body, "Try again") || strings.Contains(used.body, "Not connected") {
		t.Errorf("a user is sent around in a circle: %s", used.body)
	}
}

// What the provider refuses is said so that the user knows whose it is to mend; what was
// typed and is no secret is still there.
func TestConnectPageRefused(t *testing.T) {
	s := paged(t, nil)
	lamps := s.config.Integrations["lamps"]
	lamps.Requests.Verify = &schema.Verify{Method: "GET", Path: "/me"}
	s.reload()
	for status, want := range map[int]string{
		401: "Lamps & Co does not accept what you have typed.",
		503: "Lamps & Co does not answer as it should just now.",
	} {
		s.answerAPI(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(status) })
		token := s.session(`{"connection_id": "no", "allowed_integrations": ["lamps"]}`)
		holds(t, s.posted(jar{}, token, "lamps", "field.api_key", "lk_good", "field.site", "north"), 422, want, `value="north"`, `role="alert"`)
		if _, err := s.engine.Connection(t.Context(), engine.Key{Integration: "lamps", ConnectionID: "no"}); engine.ErrorKind(err) != engine.KindNotFound {
			t.Errorf("%d: it was stored: %v", status, err)
		}
	}
}

var refreshTo = regexp.MustCompile(`http-equiv="refresh" content="0; url=([^"]+)"`)

// Where the API asks for a field first, the form leads on to the provider's page; from there
// back to the page, with what came of it.
func TestConnectPageLeadsToTheProvider(t *testing.T) {
	s := paged(t, nil)
	token := s.session(`{"connection_id": "page", "allowed_integrations": ["tides", "lamps"]}`)
	browser := jar{}
	holds(t, s.do("GET", "/connect?session_token="+token, nil), 200, "Lamps & Co", "tides", "Choose what to connect.")
	holds(t, s.do("GET", "/connect?integration=tides&session_token="+token, nil), 200, "Continue to tides", "Connect something else")
	a := s.posted(browser, token, "tides", "field.harbour", "north & south")
	m := refreshTo.FindStringSubmatch(a.body)
	if m == nil {
		t.Fatalf("%d %s", a.StatusCode, a.body)
	}
	to, err := url.Parse(html.UnescapeString(m[1]))
	if err != nil || to.Query().Get("at") != "north & south" || to.Query().Get("state") == "" {
		t.Fatalf("%s, %v", m[1], err)
	}
	if policy := a.Header.Get("Content-Security-Policy"); !strings.Contains(policy, "form-action 'none'") {
		t.Error(policy)
	}
	denied := s.do("GET", back(to, "code", "", "error", "access_denied"), nil, browser.header()...)
	holds(t, denied, 200, "Not connected", "Try again", "session_token="+token)
	a = s.posted(browser, token, "tides", "field.harbour", "north")
	to, _ = url.Parse(html.UnescapeString(refreshTo.FindStringSubmatch(a.body)[1]))
	holds(t, s.do("GET", back(to), nil, browser.header()...), 200, "<h1>Connected</h1>", "Back to the list")
	holds(t, s.do("GET", "/connect?session_token="+token, nil), 200, "tides — Connected", `integration=lamps`)
	if !s.has("page") {
		t.Error("there is no connection")
	}
}

// What the product has settled for its user is not asked for.
func TestConnectPageAsksOnlyWhatIsOpen(t *testing.T) {
	s := paged(t, nil)
	token := s.session(`{"connection_id": "page", "allowed_integrations": ["lamps", "tides"], "integrations_config_defaults": {"lamps": {"connection_config": {"site": "settled"}}, "tides": {"connection_config": {"harbour": "settled"}}}}`)
	a := s.do("GET", "/connect?integration=lamps&session_token="+token, nil)
	if strings.Contains(a.body, "field.site") || strings.Contains(a.body, "settled") {
		t.Error(a.body)
	}
	holds(t, s.posted(jar{}, token, "lamps", "field.api_key", "lk_good"), 200, "Connected")
	c, err := s.engine.Connection(t.Context(), engine.Key{Integration: "lamps", ConnectionID: "page"})
	if err != nil || c.Fields["site"] != "settled" {
		t.Errorf("%+v %v", c, err)
	}
	browser := jar{}
	list := s.do("GET", "/connect?session_token="+token, nil)
	at := regexp.MustCompile(`href="(/oauth/connect/tides[^"]+)"`).FindStringSubmatch(list.body)
	if at == nil {
		t.Fatalf("nothing leads to the provider at once: %s", list.body)
	}
	to := s.begin(browser, html.UnescapeString(at[1]))
	holds(t, s.do("GET", back(to), nil, browser.header()...), 200, "Connected", "Back to the list")
}

// Attacks on the page: reflected values, forms of other sites, frames, messages to strangers,
// sessions that have ended.
func TestConnectPageAttacks(t *testing.T) {
	s := paged(t, func(f *schema.Server) {
		f.AllowedFrames = []string{"https://app.example"}
		f.Brand = &schema.Brand{Name: "</title><script>alert(1)</script>", LogoURL: "https://cdn.example/logo.png", Color: "#ffe100"}
	})
	token := s.session(`{"connection_id": "page", "allowed_integrations": ["lamps"]}`)
	evil := `"><script>alert(1)</script>{{.}}`
	a := s.posted(jar{}, token, "lamps", "field.site", evil)
	if a.StatusCode != 422 || strings.Contains(a.body, "<script>alert") || !strings.Contains(a.body, html.EscapeString(`"><script>alert(1)`)) {
		t.Errorf("%d %s", a.StatusCode, a.body)
	}
	policy := a.Header.Get("Content-Security-Policy")
	for _, want := range []string{"default-src 'none'", "frame-ancestors https://app.example;", "form-action 'self'", "img-src https://cdn.example/logo.png", "script-src 'nonce-", "base-uri 'none'"} {
		if !strings.Contains(policy, want) {
			t.Errorf("%q is not in %s", want, policy)
		}
	}
	if a.Header.Get("Referrer-Policy") != "no-referrer" || a.Header.Get("Cache-Control") != "no-store" {
		t.Error(a.Header)
	}
	holds(t, a, 422, "--accent: #ffe100; --on-accent: #000")
	q := url.Values{"session_token": {token}, "integration": {"lamps"}, "field.api_key": {"lk_evil"}, "field.site": {"x"}}
	for origin, site := range map[string]string{"https://evil.example": "cross-site", "null": "cross-site", "https://other.connect.example": "same-site"} {
		holds(t, s.do("POST", "/connect", strings.NewReader(q.Encode()), "Content-Type", "application/x-www-form-urlencoded", "Origin", origin, "Sec-Fetch-Site", site), 403, "a page of another server")
	}
	holds(t, s.do("POST", "/connect", strings.NewReader(q.Encode()), "Content-Type", "application/x-www-form-urlencoded", "Origin", "https://evil.example"), 403, "a page of another server")
	holds(t, s.do("GET", "/connect?session_token="+token+"&origin=https://evil.example", nil), 400, "none of server.allowed_frames")
	holds(t, s.do("GET", "/connect?session_token="+token+"&origin=https://app.example", nil), 200, `const origin = "https://app.example"`)
	holds(t, s.do("GET", "/connect?session_token="+token+"&integration=tides", nil), 403, "does not allow this integration")
	s.do("DELETE", "/connect/session", nil, bearer(token)...)
	holds(t, s.posted(jar{}, token, "lamps", "field.api_key", "lk_good", "field.site", "x"), 401, "has ended")
}

// A dead connection is a link by which its user connects again: id, tags and metadata stay, and
// a token is had by the same client as before.
func TestADeadConnectionLeadsToItsUser(t *testing.T) {
	s := connecting(t, nil)
	k := engine.Key{Integration: "tides", ConnectionID: "user-42"}
	holds(t, s.send("PATCH", "/connections/user-42?provider_config_key=tides", operator, `{"tags": {"team": "harbour"}}`), 200)
	holds(t, s.send("POST", "/connections/metadata", operator, `{"provider_config_key": "tides", "connection_id": "user-42", "metadata": {"plan": "gold"}}`), 201)
	s.answerToken(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(400)
		_, _ = io.WriteString(w, `{"error": "invalid_grant"}`)
	})
	s.advance(2 * 3600e9)
	dead := func() string {
		t.Helper()
		a := s.askToken("tides/user-42", operator)
		var got struct {
			Error string
			URI   string `json:"error_uri"`
		}
		if err := json.Unmarshal([]byte(a.body), &got); err != nil || a.StatusCode != 400 || got.Error != "invalid_grant" || !strings.HasPrefix(got.URI, public+"/connect/again?link=") {
			t.Fatalf("%d %s", a.StatusCode, a.body)
		}
		return strings.TrimPrefix(got.URI, public)
	}
	link := dead()
	if again := dead(); again != link {
		t.Error("each request costs a record")
	}
	s.answerToken(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		_, _ = io.WriteString(w, `{"access_token": "new-token", "token_type": "Bearer", "expires_in": 3600}`)
	})
	a := s.do("GET", link, nil)
	if a.StatusCode != 303 {
		t.Fatalf("%d %s", a.StatusCode, a.body)
	}
	browser := jar{}
	to := s.begin(browser, strings.TrimPrefix(a.Header.Get("Location"), public))
	holds(t, s.do("GET", back(to), nil, browser.header()...), 200, "Connected")
	c, err := s.engine.Connection(context.Background(), k)
	if err != nil || c.Status != engine.StatusActive || c.Tags["team"] != "harbour" || c.Metadata["plan"] != "gold" {
		t.Errorf("%+v %v", c, err)
	}
	holds(t, s.askToken("tides/user-42", operator), 200, "new-token")
	holds(t, s.do("GET", link, nil), 200, "There is nothing to do")
	holds(t, s.do("GET", "/connect/again?link=made-up", nil), 404, "this link has ended")
	s.advance(25 * 3600e9)
	holds(t, s.do("GET", link, nil), 404)
}
