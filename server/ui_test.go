package server_test

import (
	"fmt"
	"html"
	"io"
	"maps"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/nango-lite/nango-lite/engine"
	"github.com/nango-lite/nango-lite/schema"
	"github.com/nango-lite/nango-lite/server"
)

// A visitor is a browser on the operator's pages.
type visitor struct {
	*stage
	http *http.Client
	form string // the token of the page that was seen last
}

var formField = regexp.MustCompile(`name="form" value="([^"]*)"`)

func (s *stage) visitor() *visitor {
	jar, err := cookiejar.New(nil)
	if err != nil {
		s.Fatal(err)
	}
	return &visitor{stage: s, http: &http.Client{Jar: jar}}
}

// see sends a request and keeps the page's token.
func (v *visitor) see(method, path string, body io.Reader, header ...string) answer {
	v.Helper()
	r, err := http.NewRequestWithContext(v.Context(), method, v.url+path, body)
	if err != nil {
		v.Fatal(err)
	}
	for i := 0; i+1 < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	resp, err := v.http.Do(r)
	if err != nil {
		v.Fatal(err)
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		v.Fatal(err)
	}
	if found := formField.FindStringSubmatch(string(text)); found != nil {
		v.form = found[1]
	}
	return answer{Response: resp, body: string(text)}
}

func (v *visitor) get(path string) answer { v.Helper(); return v.see("GET", path, nil) }

// send posts a form as the page that was seen last would.
func (v *visitor) post(path string, fields ...string) answer {
	v.Helper()
	q := url.Values{"form": {v.form}}
	for i := 0; i+1 < len(fields); i += 2 {
		q.Set(fields[i], fields[i+1])
	}
	return v.see("POST", path, strings.NewReader(q.Encode()), "Content-Type", "application/x-www-form-urlencoded", "Sec-Fetch-Site", "same-origin")
}

// signedIn is a visitor who has shown a key.
func (s *stage) signedIn(key string) *visitor {
	s.Helper()
	v := s.visitor()
	v.get("/ui/login")
	if a := v.post("/ui/login", "key", key); a.StatusCode != 200 || a.Request.URL.Path != "/ui" {
		s.Fatalf("not signed in: %d at %s: %s", a.StatusCode, a.Request.URL, a.body)
	}
	return v
}

const tides42 = "?integration=tides&id=user-42"

// text returns what a person reads on a page.
func (a answer) text() string {
	inner := regexp.MustCompile(`(?s)<style.*?</style>|<[^>]*>`).ReplaceAllString(a.body, " ")
	return strings.Join(strings.Fields(html.UnescapeString(inner)), " ")
}

func (v *visitor) has(a answer, status int, wants ...string) {
	v.Helper()
	for _, want := range wants {
		if a.StatusCode != status || !strings.Contains(a.text(), want) {
			v.Errorf("%s %s: %d, want %d and %q in: %s", a.Request.Method, a.Request.URL.Path, a.StatusCode, status, want, a.text())
		}
	}
}

// An operator signs in, sees what is there, refreshes, verifies and disconnects.
func TestOperatorsPages(t *testing.T) {
	s := newStage(t, func(o *server.Options) { o.Calls, o.PublicURL = &server.Calls{}, "http://connect.example" })
	s.config.Integrations["tides"].Values = []schema.Value{
		{Path: "oauth_client_secret", Text: clientSecret, Hidden: true, Origin: schema.Origin{Reference: "env:TIDES", File: "integrations.yaml", Line: 4}},
		{Path: "requests.base_url", Text: "https://api.tides.example", Origin: schema.Origin{Blueprint: "tides:v0", File: "blueprints/tides.yaml", Line: 9}},
	}
	v := s.signedIn(operator)
	v.has(v.get("/ui"), 200, "lamps/user-42", "tides/user-42 works", "All connections")
	v.has(v.get("/ui/connection"+tides42), 200, "Token until", "Scopes read write", "OAUTH2")
	v.has(v.post("/ui/connection/refresh", "integration", "tides", "id", "user-42"), 200, "The token was refreshed")
	v.has(v.post("/ui/connection/verify", "integration", "tides", "id", "user-42"), 422, "That did not work", "declares no")
	v.has(v.get("/ui/integrations"), 200, "tides", "lamps")
	v.has(v.get("/ui/integrations/tides"), 200, "[REDACTED]", "env:TIDES (integrations.yaml:4)", "https://api.tides.example", "tides:v0 (blueprints/tides.yaml:9)")
	v.has(v.get("/ui/activity"), 200, "Calls: 0. With errors: 0. Waits: 0. Most calls in a minute: 0.", "Waits and budgets", "The last calls")
	v.has(v.post("/ui/connection/disconnect", "integration", "tides", "id", "user-42"), 422, "tick the box")
	v.has(v.post("/ui/connection/disconnect", "integration", "tides", "id", "user-42", "sure", "yes"), 200, "tides/user-42 is removed")
	v.has(v.get("/ui/connection"+tides42), 404, "there is no such connection")
	v.post("/ui/logout")
	if a := v.get("/ui"); a.Request.URL.Path != "/ui/login" {
		t.Errorf("after signing out: %s", a.Request.URL)
	}
}

// A connection whose grant has ended stands first, with the reason and a link for its user;
// one whose provider is away for a while does not.
func TestDeadConnectionsStandFirst(t *testing.T) {
	s := newStage(t, func(o *server.Options) { o.PublicURL = "http://connect.example" })
	v := s.signedIn(operator)
	s.answerToken(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(503) })
	v.has(v.get("/ui/connection"+tides42), 200, "State works")
	v.has(v.post("/ui/connection/refresh", "integration", "tides", "id", "user-42"), 422, "the provider cannot be reached", "State works")
	if a := v.get("/ui"); strings.Contains(a.text(), "Need their user") {
		t.Errorf("what is temporary shows as dead: %s", a.text())
	}
	s.advance(2 * time.Hour)
	v = s.signedIn(operator) // the session has ended
	s.answerToken(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(400)
		_, _ = io.WriteString(w, `{"error": "invalid_grant", "error_description": "<img src=x onerror=alert(1)>"}`)
	})
	a := v.post("/ui/connection/refresh", "integration", "tides", "id", "user-42")
	v.has(a, 422, "its user has to connect again", "State needs its user")
	if strings.Contains(a.body, "<img") {
		t.Errorf("the provider's words are markup: %s", a.body)
	}
	text := v.get("/ui").text()
	dead, all := strings.Index(text, "tides/user-42 needs its user"), strings.Index(text, "lamps/user-42 works")
	if dead < 0 || all < dead || !strings.Contains(text, "invalid_grant") {
		t.Errorf("the page: %s", text)
	}
	v.has(v.get("/ui?state=dead"), 200, "tides/user-42")
	made := v.post("/ui/connection/link", "integration", "tides", "id", "user-42")
	if !strings.Contains(made.body, `value="http://connect.example/connect/again?link=`) {
		t.Errorf("no link: %s", made.text())
	}
}

// Without an API key that has the scope nothing is seen, and what changes something needs the
// scope connect as well.
func TestKeysOfThePages(t *testing.T) {
	s := newStage(t, nil)
	v := s.visitor()
	for path, methods := range s.server.Routes() {
		if !strings.HasPrefix(path, "/ui") || path == "/ui/login" || path == "/ui/live.js" || strings.HasPrefix(path, "/ui/live/") {
			continue
		}
		for _, m := range methods {
			if a := v.see(m, strings.ReplaceAll(path, "{integration}", "tides"), nil); a.Request.URL.Path != "/ui/login" {
				t.Errorf("%s %s is open: %d %s", m, path, a.StatusCode, a.text())
			}
		}
	}
	for name, key := range map[string]string{"no such API key": "nlk_no", "not the scope ui": s.key("reader", []server.Scope{server.ScopeRead, server.ScopeConnect})} {
		s.advance(time.Second)
		v.get("/ui/login")
		v.has(v.post("/ui/login", "key", key), 403, name)
	}
	looker := s.signedIn(s.key("looker", []server.Scope{server.ScopeUI}))
	looker.has(looker.get("/ui/connection"+tides42), 200, "it changes nothing here")
	for _, what := range []string{"refresh", "verify", "link", "disconnect"} {
		looker.has(looker.post("/ui/connection/"+what, "integration", "tides", "id", "user-42", "sure", "yes"), 403, "has not the scope connect")
	}
	if err := server.RevokeAPIKey(t.Context(), s.records, "looker"); err != nil {
		t.Fatal(err)
	}
	s.advance(3 * time.Second)
	if a := looker.get("/ui"); a.Request.URL.Path != "/ui/login" {
		t.Error("a session outlives its key")
	}
	s.advance(time.Second)
	var refused bool
	for range 5 {
		v.get("/ui/login")
		refused = refused || v.post("/ui/login", "key", "guess").StatusCode == 429
	}
	if !refused {
		t.Error("guessing has no limit")
	}
}

// A session's cookie is kept from scripts, other sites and plain connections, and not kept
// itself; it ends; and whoever has signed in is sent nowhere else.
func TestSessionsOfThePages(t *testing.T) {
	s := newStage(t, func(o *server.Options) { o.PublicURL = "https://connect.example/here" })
	page := s.do("GET", "/ui/login", nil)
	token := formField.FindStringSubmatch(page.body)[1]
	before := page.Cookies()[0]
	a := s.do("POST", "/ui/login?next=https://evil.example&redirect=//evil.example", strings.NewReader(url.Values{"form": {token}, "key": {operator}, "next": {"//evil.example"}}.Encode()),
		"Content-Type", "application/x-www-form-urlencoded", "Cookie", before.Name+"="+before.Value)
	if to := a.Header.Get("Location"); a.StatusCode != 303 || to != "/here/ui" {
		t.Errorf("%d to %q: %s", a.StatusCode, to, a.body)
	}
	var made *http.Cookie
	for _, c := range a.Cookies() {
		if c.Name == "__Host-nango_lite_ui" {
			made = c
		}
	}
	if made == nil || !made.HttpOnly || !made.Secure || made.SameSite != http.SameSiteStrictMode || made.Path != "/" || made.Domain != "" || made.MaxAge <= 0 || made.MaxAge > 7200 {
		t.Fatalf("the cookie is %v", made)
	}
	kept, err := s.records.Records(t.Context(), "ui_session", "", 10)
	if err != nil || len(kept) != 1 {
		t.Fatalf("%d sessions, %v", len(kept), err)
	}
	for _, secret := range []string{made.Value, operator} {
		if strings.Contains(kept[0].ID+string(kept[0].Open)+string(kept[0].Sealed), secret) {
			t.Error("the store holds what grants access")
		}
	}
	if a := s.do("GET", "/ui", nil, "Cookie", made.Name+"="+made.Value); a.StatusCode != 200 {
		t.Errorf("signed in: %d", a.StatusCode)
	}
	s.advance(2*time.Hour + time.Second)
	if a := s.do("GET", "/ui", nil, "Cookie", made.Name+"="+made.Value); a.StatusCode != 303 {
		t.Errorf("after its end: %d", a.StatusCode)
	}
}

// A page of another site can neither show these pages in a frame nor press their buttons,
// and a form without the token of the session does nothing.
func TestForgedFormsOfThePages(t *testing.T) {
	s := newStage(t, func(o *server.Options) {
		o.Settings = func() *schema.Server { return &schema.Server{AllowedFrames: []string{"https://app.example"}} }
	})
	v := s.signedIn(operator)
	for path, live := range map[string]bool{
		"/ui": true, "/ui/login": false, "/ui/connection" + tides42: true, "/ui/integrations": true, "/ui/integrations/tides": true, "/ui/activity": true, "/ui/audit": true,
		"/ui/connection?integration=x&id=y": false,
	} {
		a := v.get(path)
		policies := a.Header.Values("Content-Security-Policy")
		policy := policies[0]
		// A script has to please both policies: it is one of our files, and the one that carries the nonce.
		if live && (!strings.Contains(policy, "script-src 'nonce-") || len(policies) != 2 || policies[1] != "script-src 'self'") || !live && (strings.Contains(policy, "script-src") || len(policies) != 1) {
			t.Errorf("%s: scripts may run as %q says", path, policies)
		}
		if !strings.Contains(policy, "frame-ancestors 'none'") || !strings.Contains(policy, "default-src 'none'") ||
			a.Header.Get("X-Frame-Options") != "DENY" || a.Header.Get("Cache-Control") != "no-store" || a.Header.Get("X-Content-Type-Options") != "nosniff" {
			t.Errorf("%s: %v", path, a.Header)
		}
	}
	v = s.signedIn(operator)
	good := v.form
	for path, methods := range s.server.Routes() {
		if !strings.HasPrefix(path, "/ui") || !slices.Contains(methods, "POST") {
			continue
		}
		for name, try := range map[string]struct {
			form   string
			header []string
		}{
			"another site":          {good, []string{"Sec-Fetch-Site", "cross-site", "Origin", "https://evil.example"}},
			"a site beside":         {good, []string{"Sec-Fetch-Site", "same-site"}},
			"another origin":        {good, []string{"Origin", "https://evil.example"}},
			"no token":              {"", []string{"Sec-Fetch-Site", "same-origin"}},
			"another's token":       {strings.Repeat("0", 64), []string{"Sec-Fetch-Site", "same-origin"}},
			"no token, old browser": {"", nil},
		} {
			body := url.Values{"form": {try.form}, "integration": {"tides"}, "id": {"user-42"}, "sure": {"yes"}, "key": {operator}}.Encode()
			a := v.see("POST", path, strings.NewReader(body), append(try.header, "Content-Type", "application/x-www-form-urlencoded")...)
			if a.StatusCode != 403 {
				t.Errorf("%s, %s: %d %s", path, name, a.StatusCode, a.text())
			}
		}
	}
	if _, err := s.engine.Connection(t.Context(), user42); err != nil || s.redeemed.Load() != 0 {
		t.Errorf("something was done: %v", err)
	}
}

// ownScript is what a page has of scripts: one file, by the page's nonce.
var ownScript = regexp.MustCompile(`<script nonce="[A-Z2-7]{26}" src="/ui/live.js" [^<>]*></script>`)

// Whatever others have chosen, such as ids, tags, fields and a provider's words, is text.
func TestStoredScriptsOnThePages(t *testing.T) {
	const bad = `"><script>alert(1)</script><img src=x onerror=alert(2)>'{{.}}javascript:`
	s := newStage(t, func(o *server.Options) { o.Calls, o.PublicURL = &server.Calls{}, "http://connect.example" })
	k := engine.Key{Integration: "tides", ConnectionID: bad}
	s.connect("tides", bad, engine.Credentials{Token: engine.Token{AccessToken: schema.NewSecret("a"), RefreshToken: schema.NewSecret("b"), Scopes: []string{bad}}})
	if _, err := s.engine.Annotate(t.Context(), k, func(c *engine.Connection) error {
		c.Tags, c.Fields = map[string]string{bad: bad}, map[string]string{bad: bad}
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	s.config.Integrations["tides"].Values = []schema.Value{{Path: bad, Text: bad, Origin: schema.Origin{File: bad}}}
	s.answerToken(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(400)
		_, _ = io.WriteString(w, `{"error": "invalid_grant", "error_description": "<script>alert(1)</script><img src=x onerror=alert(2)>"}`)
	})
	v := s.signedIn(operator)
	at := "?" + url.Values{"integration": {"tides"}, "id": {bad}}.Encode()
	fields := []string{"integration", "tides", "id", bad}
	for _, see := range []func() answer{
		func() answer { return v.get("/ui/connection" + at) },
		func() answer { return v.post("/ui/connection/refresh", fields...) },
		func() answer { return v.post("/ui/connection/verify", fields...) },
		func() answer { return v.post("/ui/connection/link", fields...) },
		func() answer { return v.get("/ui") },
		func() answer { return v.get("/ui?q=" + url.QueryEscape(bad) + "&integration=" + url.QueryEscape(bad)) },
		func() answer { return v.get("/ui?cursor=" + url.QueryEscape(bad)) },
		func() answer { return v.get("/ui/integrations/" + url.PathEscape(bad)) },
		func() answer { return v.get("/ui/integrations/tides") },
		func() answer { return v.get("/ui/activity") },
		func() answer { return v.get("/ui/audit") },
		func() answer { return v.post("/ui/connection/disconnect", append(fields, "sure", "yes")...) },
	} {
		a := see()
		a.body = ownScript.ReplaceAllString(a.body, "")
		if a.StatusCode >= 500 || strings.Contains(a.body, "<script") || strings.Contains(a.body, "<img") || strings.Contains(a.body, `href="javascript`) {
			t.Errorf("%s %s: %d %s", a.Request.Method, a.Request.URL.Path, a.StatusCode, a.body)
		}
	}
}

// A key that is bound to one connection sees and touches that one alone.
func TestABoundKeyOnThePages(t *testing.T) {
	calls := &server.Calls{}
	s := newStage(t, func(o *server.Options) { o.Calls, o.PublicURL = calls, "http://connect.example" })
	s.connect("tides", "user-43", engine.Credentials{Token: engine.Token{AccessToken: schema.NewSecret("other"), RefreshToken: schema.NewSecret("other-2")}})
	other := engine.Key{Integration: "tides", ConnectionID: "user-43"}
	for _, k := range []engine.Key{user42, other} {
		calls.Observe(t.Context(), engine.Event{Kind: engine.EventCall, Time: s.now(), Key: k, Method: "GET", Status: 200})
	}
	s.askToken("tides/user-43", operator)
	s.drained()
	v := s.signedIn(s.key("bound", server.Scopes, "tides/user-42"))
	for _, path := range []string{"/ui", "/ui?q=user", "/ui?state=dead", "/ui/connection" + tides42, "/ui/integrations", "/ui/integrations/tides", "/ui/integrations/lamps", "/ui/activity", "/ui/audit"} {
		if a := v.get(path); a.StatusCode >= 500 || strings.Contains(a.body, "user-43") || strings.Contains(a.text(), "lamps") {
			t.Errorf("%s: %d %s", path, a.StatusCode, a.text())
		}
	}
	v.has(v.get("/ui"), 200, "tides/user-42")
	v.has(v.get("/ui/activity"), 200, "counts are of all", "tides/user-42 GET answered 200 OK")
	v.has(v.get("/ui/connection?integration=tides&id=user-43"), 403, "not bound")
	v.has(v.get("/ui/connection?integration=tides&id=nobody"), 403, "not bound")
	for _, what := range []string{"refresh", "verify", "link", "disconnect"} {
		v.has(v.post("/ui/connection/"+what, "integration", "tides", "id", "user-43", "sure", "yes"), 403, "not bound")
	}
	if c, err := s.engine.Connection(t.Context(), other); err != nil || c.Credentials.Token.AccessToken.Reveal() != "other" {
		t.Errorf("another's connection was touched: %v", err)
	}
	v.has(v.post("/ui/connection/refresh", "integration", "tides", "id", "user-42"), 200, "The token was refreshed")
}

// A secret that stands in every field of a connection and of an integration is on no page.
func TestSeededSecretsAreOnNoPage(t *testing.T) {
	calls := &server.Calls{}
	s := newStage(t, func(o *server.Options) { o.Calls, o.PublicURL = calls, "http://connect.example" })
	s.connect("tides", "seeded", engine.Credentials{
		APIKey: schema.NewSecret("s3cret-0"), Username: schema.NewSecret("s3cret-1"), Password: schema.NewSecret("s3cret-2"),
		Token: engine.Token{
			AccessToken: schema.NewSecret("s3cret-4"), RefreshToken: schema.NewSecret("s3cret-5"), Raw: schema.NewSecret(`{"a": "s3cret-6"}`), TokenSecret: schema.NewSecret("s3cret-7"),
			Secondary: map[string]engine.Token{"b": {AccessToken: schema.NewSecret("s3cret-8")}},
		},
	})
	k := engine.Key{Integration: "tides", ConnectionID: "seeded"}
	if _, err := s.engine.Annotate(t.Context(), k, func(c *engine.Connection) error { c.Metadata = map[string]any{"s3cret-9": "s3cret-9"}; return nil }); err != nil {
		t.Fatal(err)
	}
	s.config.Integrations["tides"].Values = []schema.Value{{Path: "oauth_client_secret", Text: clientSecret, Hidden: true, Supplied: []schema.Secret{schema.NewSecret("s3cret-10")}}}
	calls.Observe(t.Context(), engine.Event{
		Kind: engine.EventCall, Time: s.now(), Key: k, Method: "GET", URL: "https://api.example/s3cret-11", Reason: "s3cret-12", Message: "s3cret-13", Status: 500,
		Err: &engine.Error{Kind: engine.KindUnavailable, Detail: "s3cret-14", Message: "s3cret-15"},
	})
	s.answerToken(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(400)
		_, _ = io.WriteString(w, `{"error": "invalid_grant", "error_description": "what of s3cret-5 and `+clientSecret+`?"}`)
	})
	v := s.signedIn(operator)
	pages := map[string]answer{}
	for _, path := range []string{"/ui", "/ui?q=s", "/ui/connection?integration=tides&id=seeded", "/ui/integrations", "/ui/integrations/tides", "/ui/activity", "/ui/audit", "/ui/login"} {
		pages[path] = v.get(path)
	}
	v.get("/ui")
	for _, what := range []string{"refresh", "verify", "link", "disconnect"} {
		pages[what] = v.post("/ui/connection/"+what, "integration", "tides", "id", "seeded")
	}
	pages["after"] = v.get("/ui/connection?integration=tides&id=seeded")
	for where := range maps.Keys(pages) {
		for _, secret := range []string{"s3cret", operator} {
			if i := strings.Index(pages[where].body, secret); i >= 0 {
				t.Errorf("%s: %s", where, pages[where].body[max(0, i-150):])
			}
		}
	}
	if text := s.logged(); strings.Contains(text, "s3cret") || strings.Contains(text, operator) {
		t.Error("the log holds a secret")
	}
}

// Many connections are shown a part at a time; a search goes through all, in steps.
func TestManyConnectionsOnThePages(t *testing.T) {
	s := newStage(t, nil)
	for i := range 5100 {
		s.connect("lamps", fmt.Sprintf("many-%04d", i), engine.Credentials{APIKey: schema.NewSecret("k")})
	}
	v := s.signedIn(operator)
	rows := regexp.MustCompile(`lamps/many-\d{4}`)
	more := regexp.MustCompile(`<a href="([^"]*)">More</a>`)
	first := v.get("/ui")
	found := more.FindStringSubmatch(first.body)
	if n := len(rows.FindAllString(first.body, -1)); n != 50 || found == nil {
		t.Fatalf("%d rows, %v", n, found)
	}
	second := rows.FindAllString(v.get(html.UnescapeString(found[1])).body, -1)
	if len(second) != 50 || second[0] != "lamps/many-0050" {
		t.Errorf("then %d, %v", len(second), second[:1])
	}
	if a := v.get("/ui?q=many-5099"); strings.Count(a.text(), "lamps/many-5099 works") != 1 {
		t.Errorf("a whole id is not found at once: %s", a.text())
	}
	if a := v.get("/ui?q=many-0007"); strings.Count(a.text(), "lamps/many-0007 works") != 1 {
		t.Errorf("it is there twice: %s", a.text())
	}
	delete(s.config.Integrations, "lamps")
	s.reload()
	v.has(v.get("/ui?q=many-0007"), 200, "lamps/many-0007 works") // although its integration is gone
	a := v.get("/ui?q=MANY-5099")
	found = more.FindStringSubmatch(a.body)
	v.has(a, 200, "Nothing among the 5000 that were looked at")
	if found == nil {
		t.Fatal("the search ends there")
	}
	v.has(v.get(html.UnescapeString(found[1])), 200, "lamps/many-5099 works")
}
