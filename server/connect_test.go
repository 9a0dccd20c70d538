package server_test

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/coder/websocket"

	"github.com/nango-lite/nango-lite/engine"
	"github.com/nango-lite/nango-lite/schema"
	"github.com/nango-lite/nango-lite/server"
)

// public is where the servers of these tests are said to be.
const public = "https://connect.example"

// connecting is a stage whose server has an address, and more integrations.
func connecting(t *testing.T, change func(*schema.Server)) *stage {
	t.Helper()
	file := &schema.Server{AllowedRedirects: []string{"https://app.example/done", "https://app.example/exact?step=2"}, AllowedOrigins: nil}
	if change != nil {
		change(file)
	}
	s := newStage(t, func(o *server.Options) {
		o.PublicURL = public
		o.Settings = func() *schema.Server { return file }
	})
	s.answerToken(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		_, _ = io.WriteString(w, `{"access_token": "new-token", "token_type": "Bearer", "expires_in": 3600}`)
	})
	return s
}

// A jar is a browser's cookies, for one server.
type jar map[string]string

func (j jar) header() []string {
	var all []string
	for name, v := range j {
		all = append(all, name+"="+v)
	}
	if len(all) == 0 {
		return nil
	}
	return []string{"Cookie", strings.Join(all, "; ")}
}

func (j jar) keep(a answer) {
	for _, c := range a.Cookies() {
		if c.MaxAge < 0 {
			delete(j, c.Name)
		} else {
			j[c.Name] = c.Value
		}
	}
}

// jsonOf are the headers of a request with JSON.
func jsonOf(key string) []string { return append(bearer(key), "Content-Type", "application/json") }

// session makes a connect session and returns its token.
func (s *stage) session(body string) string {
	s.Helper()
	return s.sessionWith(operator, "/connect/sessions", body)
}

func (s *stage) sessionWith(key, path, body string) string {
	s.Helper()
	a := s.do("POST", path, strings.NewReader(body), jsonOf(key)...)
	var got struct{ Data struct{ Token string } }
	if err := json.Unmarshal([]byte(a.body), &got); err != nil || a.StatusCode != 201 {
		s.Fatalf("no session: %d %s", a.StatusCode, a.body)
	}
	return got.Data.Token
}

// begin opens the connect page in a browser, and returns where it is sent.
func (s *stage) begin(j jar, path string) *url.URL {
	s.Helper()
	a := s.do("GET", path, nil, j.header()...)
	if a.StatusCode != 302 {
		s.Fatalf("%s: %d %s", path, a.StatusCode, a.body)
	}
	j.keep(a)
	to, err := url.Parse(a.Header.Get("Location"))
	if err != nil {
		s.Fatal(err)
	}
	return to
}

// back is the callback's path and query for what a browser was sent to.
func back(to *url.URL, more ...string) string {
	u, _ := url.Parse(to.Query().Get("redirect_uri"))
	q := url.Values{"state": {to.Query().Get("state")}, "code": {"the-code"}}
	for i := 0; i < len(more); i += 2 {
		q.Set(more[i], more[i+1])
		if more[i+1] == "" {
			q.Del(more[i])
		}
	}
	return u.EscapedPath() + "?" + q.Encode()
}

func (s *stage) has(id string) bool {
	s.Helper()
	c, err := s.engine.Connection(s.Context(), engine.Key{Integration: "tides", ConnectionID: id})
	return err == nil && c.Credentials.Token.AccessToken.Reveal() == "new-token"
}

// From a session through the provider's page to a connection that works.
func TestConnectThroughTheProvidersPage(t *testing.T) {
	s := connecting(t, nil)
	token := s.session(`{"allowed_integrations": ["tides"], "connection_id": "user-7", "tags": {"team": "harbour"}}`)
	j := jar{}
	to := s.begin(j, "/oauth/connect/tides?connect_session_token="+token+"&authorization_params[prompt]=login")
	q := to.Query()
	if !strings.HasPrefix(to.String(), s.provider.URL+"/authorize?") || q.Get("prompt") != "login" || q.Get("redirect_uri") != public+"/oauth/callback/tides" {
		t.Errorf("sent to %s", to)
	}
	a := s.do("GET", back(to), nil, j.header()...)
	if a.StatusCode != 200 || !strings.Contains(a.body, "Connected") || !s.has("user-7") {
		t.Fatalf("%d %s", a.StatusCode, a.body)
	}
	if j.keep(a); len(j) != 0 {
		t.Errorf("cookies that are left: %v", j)
	}
	if again := s.do("GET", "/oauth/connect/tides?connect_session_token="+token, nil); again.StatusCode != 409 {
		t.Errorf("the session made a second connection: %d", again.StatusCode)
	}
}

// The state counts once, in time, in the browser that began, at the callback that was
// named, and for a session that has not been ended.
func TestS1_CallbacksOfOthersAreRefused(t *testing.T) {
	for name, c := range map[string]struct {
		spoil  func(s *stage, j jar, path string) (string, jar)
		status int
		word   string
	}{
		"no cookie (CSRF)": {func(_ *stage, _ jar, path string) (string, jar) { return path, jar{} }, 400, "has not begun"},
		"another's cookie": {func(_ *stage, j jar, path string) (string, jar) {
			return path, jar{only(j): "AAAAAAAAAAAAAAAAAAAAAAAAAA"}
		}, 400, "has not begun"},
		"a cookie of no value": {func(_ *stage, j jar, path string) (string, jar) { return path, jar{only(j): ""} }, 400, "has not begun"},
		"another state": {func(_ *stage, j jar, path string) (string, jar) {
			return strings.Replace(path, "state=", "state=x", 1), j
		}, 400, "not known"},
		"no state": {func(_ *stage, j jar, path string) (string, jar) { p, _, _ := strings.Cut(path, "&state="); return p, j }, 400, "no state"},
		"too late": {func(s *stage, j jar, path string) (string, jar) { s.advance(16 * time.Minute); return path, j }, 400, "too long ago"},
		"another callback": {func(_ *stage, j jar, path string) (string, jar) {
			return strings.Replace(path, "/callback/tides", "/callback/lamps", 1), j
		}, 400, "another redirect URI"},
		"the shared callback": {func(_ *stage, j jar, path string) (string, jar) {
			return strings.Replace(path, "/callback/tides", "/callback", 1), j
		}, 400, "another redirect URI"},
		"another issuer's callback": {func(_ *stage, j jar, path string) (string, jar) {
			return strings.Replace(path, "/callback/tides", "/callback/tides/aaaa", 1), j
		}, 400, "another redirect URI"},
		"an ended session": {func(s *stage, j jar, path string) (string, jar) {
			s.do("DELETE", "/connect/session", nil, bearer(s.sessionToken)...)
			return path, j
		}, 401, "ended"},
		"used before": {func(s *stage, j jar, path string) (string, jar) {
			if a := s.do("GET", path, nil, j.header()...); a.StatusCode != 200 {
				s.Fatalf("the first time: %d %s", a.StatusCode, a.body)
			}
			s.redeemed.Store(0)
			return path, j
		}, 400, "not known"},
	} {
		t.Run(name, func(t *testing.T) {
			s := connecting(t, nil)
			s.sessionToken = s.session(`{"allowed_integrations": ["tides"], "connection_id": "user-7"}`)
			j := jar{}
			to := s.begin(j, "/oauth/connect/tides?connect_session_token="+s.sessionToken)
			path, cookies := c.spoil(s, j, back(to))
			a := s.do("GET", path, nil, cookies.header()...)
			if a.StatusCode != c.status || !strings.Contains(a.body, c.word) {
				t.Errorf("got %d %s", a.StatusCode, a.body)
			}
			if n := s.redeemed.Load(); n != 0 {
				t.Errorf("the token endpoint was called %d times", n)
			}
			if a := s.do("GET", back(to), nil, j.header()...); a.StatusCode == 200 && name != "another state" && name != "no state" {
				t.Error("the flow went on after it")
			}
		})
	}
}

func only(j jar) string {
	for name := range j {
		return name
	}
	return ""
}

// A browser cannot be made to end a flow that another began, even if it has begun one
// itself (session fixation).
func TestS1_FlowsAreBoundToTheirOwnCookie(t *testing.T) {
	s := connecting(t, nil)
	attacker, victim := jar{}, jar{}
	begin := func(j jar, id string) *url.URL {
		return s.begin(j, "/oauth/connect/tides?connect_session_token="+s.session(`{"allowed_integrations": ["tides"], "connection_id": "`+id+`"}`))
	}
	theirs, own := begin(attacker, "mallory"), begin(victim, "victim")
	if a := s.do("GET", back(theirs), nil, victim.header()...); a.StatusCode != 400 || s.has("mallory") {
		t.Errorf("got %d %s", a.StatusCode, a.body)
	}
	if a := s.do("GET", back(own), nil, victim.header()...); a.StatusCode != 200 || !s.has("victim") {
		t.Errorf("the victim's own flow: %d %s", a.StatusCode, a.body)
	}
}

// Whoever only looks at a link ends no flow.
func TestHEADActsNot(t *testing.T) {
	s := connecting(t, nil)
	j := jar{}
	to := s.begin(j, "/oauth/connect/tides?connect_session_token="+s.session(`{"connection_id": "user-7"}`))
	if a := s.do("HEAD", back(to), nil, j.header()...); a.StatusCode != 405 {
		t.Errorf("HEAD: %d", a.StatusCode)
	}
	if a := s.do("HEAD", "/oauth/connect/tides?connect_session_token="+s.session(`{}`), nil); a.StatusCode != 405 || len(a.Cookies()) > 0 {
		t.Errorf("HEAD: %d", a.StatusCode)
	}
	if a := s.do("GET", back(to), nil, j.header()...); a.StatusCode != 200 || !s.has("user-7") {
		t.Errorf("%d %s", a.StatusCode, a.body)
	}
}

func TestCookies(t *testing.T) {
	s := connecting(t, nil)
	a := s.do("GET", "/oauth/connect/tides?connect_session_token="+s.session(`{}`), nil)
	c := a.Header.Get("Set-Cookie")
	for _, want := range []string{"__Host-nango_lite_", "Path=/", "HttpOnly", "Secure", "SameSite=Lax", "Max-Age="} {
		if !strings.Contains(c, want) {
			t.Errorf("%s lacks %s", c, want)
		}
	}
	if strings.Contains(c, "Domain") || a.Header.Get("Referrer-Policy") != "no-referrer" || a.Header.Get("Cache-Control") != "no-store" {
		t.Errorf("%v", a.Header)
	}
}

// OAuth 2.0 Form Post Response Mode: the answer comes as a form of another site's page.
func TestFormPost(t *testing.T) {
	s := connecting(t, nil)
	s.integration("tides").Auth.AuthorizationParams = map[string]string{"response_mode": "form_post"}
	s.reload()
	j := jar{}
	a := s.do("GET", "/oauth/connect/tides?connect_session_token="+s.session(`{"connection_id": "user-7"}`), nil)
	if c := a.Header.Get("Set-Cookie"); !strings.Contains(c, "SameSite=None") || !strings.Contains(c, "Secure") {
		t.Errorf("the cookie does not come along: %s", c)
	}
	j.keep(a)
	to, _ := url.Parse(a.Header.Get("Location"))
	path, form, _ := strings.Cut(back(to), "?")
	if wrong := s.do("POST", path, strings.NewReader(form), append(j.header(), "Content-Type", "text/plain")...); wrong.StatusCode != 415 {
		t.Errorf("no form: %d", wrong.StatusCode)
	}
	if a := s.do("POST", path, strings.NewReader(form), append(j.header(), "Content-Type", "application/x-www-form-urlencoded")...); a.StatusCode != 200 || !s.has("user-7") {
		t.Errorf("%d %s", a.StatusCode, a.body)
	}
}

// A refusal is told, with a state and without; without one it ends the browser's own
// flow, so that nobody waits for it.
func TestRefusals(t *testing.T) {
	for name, c := range map[string]struct {
		more []string
		word string
	}{
		"with a state":    {[]string{"code", "", "error", "access_denied"}, "Not connected"},
		"without a state": {[]string{"code", "", "error", "access_denied", "state", ""}, "Not connected"},
	} {
		t.Run(name, func(t *testing.T) {
			s := connecting(t, nil)
			ws, id := s.waits("")
			j := jar{}
			to := s.begin(j, "/oauth/connect/tides?connect_session_token="+s.session(`{}`)+"&ws_client_id="+id)
			a := s.do("GET", back(to, c.more...), nil, j.header()...)
			if a.StatusCode != 200 || !strings.Contains(a.body, c.word) {
				t.Errorf("got %d %s", a.StatusCode, a.body)
			}
			if m := s.message(ws); m["message_type"] != "error" || m["error_type"] != "callback_err" {
				t.Errorf("the page that waits was told %v", m)
			}
		})
	}
}

// waits opens the WebSocket of a page, as Nango's frontend client does.
func (s *stage) waits(origin string) (*websocket.Conn, string) {
	s.Helper()
	header := http.Header{}
	if origin != "" {
		header.Set("Origin", origin)
	}
	c, _, err := websocket.Dial(s.Context(), s.url+"/", &websocket.DialOptions{HTTPHeader: header})
	if err != nil {
		s.Fatal(err)
	}
	s.Cleanup(func() { c.CloseNow() })
	m := s.message(c)
	if m["message_type"] != "connection_ack" {
		s.Fatalf("the first message is %v", m)
	}
	return c, m["ws_client_id"].(string)
}

func (s *stage) message(c *websocket.Conn) map[string]any {
	s.Helper()
	ctx, cancel := context.WithTimeout(s.Context(), 20*time.Second)
	defer cancel()
	_, text, err := c.Read(ctx)
	if err != nil {
		s.Fatalf("no message: %v", err)
	}
	var m map[string]any
	if err := json.Unmarshal(text, &m); err != nil {
		s.Fatal(err)
	}
	return m
}

// Whoever is named and allowed is told the result; whoever is not, is not.
func TestS3_S8_WhoIsToldTheResult(t *testing.T) {
	s := connecting(t, func(f *schema.Server) { f.AllowedOrigins = []string{"https://app.example"} })
	flow := func(more string) answer {
		j := jar{}
		to := s.begin(j, "/oauth/connect/tides?connect_session_token="+s.session(`{"connection_id": "user-7"}`)+more)
		return s.do("GET", back(to), nil, j.header()...)
	}
	ws, id := s.waits("https://app.example")
	if a := flow("&ws_client_id=" + id); strings.Contains(a.body, "<script") || a.StatusCode != 200 {
		t.Errorf("%d %s", a.StatusCode, a.body)
	}
	if m := s.message(ws); m["message_type"] != "success" || m["connection_id"] != "user-7" || m["provider_config_key"] != "tides" || m["is_pending"] != false {
		t.Errorf("the socket: %v", m)
	}
	a := flow("&opener_origin=https://app.example")
	if !strings.Contains(a.body, `for (const origin of ["https://app.example"])`) || !strings.Contains(a.body, `postMessage({"payload":{"connectionId":"user-7","isPending":false,"providerConfigKey":"tides"},"type":"connect"}, origin)`) {
		t.Errorf("the opener: %s", a.body)
	}
	for from, to := range map[string]string{
		"https://app.example/done":         "https://app.example/done?connection_id=user-7&provider_config_key=tides",
		"https://app.example/done?mine=1":  "https://app.example/done?connection_id=user-7&mine=1&provider_config_key=tides",
		"https://app.example/exact?step=2": "https://app.example/exact?connection_id=user-7&provider_config_key=tides&step=2",
	} {
		if a := flow("&redirect_url=" + url.QueryEscape(from)); a.StatusCode != 303 || a.Header.Get("Location") != to {
			t.Errorf("the redirect: %d %s", a.StatusCode, a.Header.Get("Location"))
		}
	}
}

// S3: the browser is sent nowhere that the file does not name, and no page is told that
// it does not.
func TestS3_S8_NoOtherPlaceIsTold(t *testing.T) {
	s := connecting(t, func(f *schema.Server) { f.AllowedOrigins = []string{"https://app.example"} })
	token := s.session(`{}`)
	for _, more := range []string{
		"redirect_url=https://evil.example/done", "redirect_url=https://app.example/done/more", "redirect_url=https://app.example/doneX",
		"redirect_url=https://app.example.evil.example/done", "redirect_url=https://app.example@evil.example/done", "redirect_url=//evil.example/done",
		"redirect_url=https://user@app.example/done", "redirect_url=http://app.example/done", "redirect_url=https://app.example/exact", "redirect_url=https://app.example/exact?step=3",
		"redirect_url=javascript:alert(1)", "redirect_url=https://app.example/done%23x", "redirect_url=https://app.example/done%0d%0aX:%20y", "redirect_url=https:/%5Capp.example/done",
		"opener_origin=https://evil.example", "opener_origin=*", "opener_origin=null", "opener_origin=https://app.example/", "opener_origin=https://app.example:443", "opener_origin=HTTPS://app.example",
		"ws_client_id=x", "ws_client_id=" + strings.Repeat("A", 26) + "." + strings.Repeat("a", 26),
	} {
		a := s.do("GET", "/oauth/connect/tides?connect_session_token="+token+"&"+more, nil)
		if a.StatusCode != 400 || a.Header.Get("Location") != "" || strings.Contains(a.body, "evil") || len(a.Cookies()) > 0 || strings.Contains(a.body, "<script") {
			t.Errorf("%s: %d %s\n%s", more, a.StatusCode, a.Header.Get("Location"), a.body)
		}
	}
	for _, origin := range []string{"https://evil.example", "null", "http://app.example"} {
		if a := s.do("OPTIONS", "/api-auth/api-key/lamps", nil, "Origin", origin); a.StatusCode != 403 || a.Header.Get("Access-Control-Allow-Origin") != "" {
			t.Errorf("%s: %d %v", origin, a.StatusCode, a.Header)
		}
		if _, resp, err := websocket.Dial(t.Context(), s.url, &websocket.DialOptions{HTTPHeader: http.Header{"Origin": {origin}}}); err == nil || resp.StatusCode != 403 {
			t.Errorf("%s opened a socket: %v", origin, err)
		}
	}
	if a := s.do("OPTIONS", "/api-auth/api-key/lamps", nil, "Origin", public); a.StatusCode != 204 {
		t.Errorf("its own origin: %d", a.StatusCode)
	}
	if a := s.do("OPTIONS", "/api-auth/api-key/lamps", nil, "Origin", "https://app.example"); a.StatusCode != 204 || a.Header.Get("Access-Control-Allow-Origin") != "https://app.example" || a.Header.Get("Access-Control-Allow-Credentials") != "" {
		t.Errorf("the allowed one: %d %v", a.StatusCode, a.Header)
	}
}

// What is reflected into a page is text, and the page runs nothing else.
func TestPagesReflectText(t *testing.T) {
	s := connecting(t, func(f *schema.Server) {
		f.AllowedOrigins = []string{"https://app.example"}
		f.OpenConnect = []string{"tides"}
	})
	const evil = `"><script>alert(1)</script><img src=x onerror=alert(1)>'</style></script>`
	x := url.QueryEscape(evil)
	token := s.session(`{}`)
	j := jar{}
	to := s.begin(j, "/oauth/connect/tides?connect_session_token="+token+"&opener_origin=https://app.example")
	for _, path := range []string{
		"/oauth/connect/" + url.PathEscape(evil) + "?connect_session_token=" + token, "/oauth/connect/tides?connect_session_token=" + x, "/oauth/connect/tides?" + x + "=1",
		"/oauth/connect/tides?connect_session_token=" + token + "&params[" + x + "]=" + x, "/oauth/connect/tides?connect_session_token=" + token + "&authorization_params[" + x + "]=" + x + "&authorization_params[state]=" + x,
		"/oauth/connect/tides?connect_session_token=" + token + "&redirect_url=" + x, "/oauth/connect/tides?userId=" + x + "&params[a]=1", "/oauth/connect/tides?connect_session_token=" + token + "&opener_origin=" + x,
		"/oauth/callback/" + url.PathEscape(evil) + "?error=" + x, "/oauth/callback/tides?error=" + x + "&error_description=" + x, "/oauth/callback?state=" + x + "&code=" + x,
		back(to, "code", "", "error", evil, "error_description", evil), "/connect?session_token=" + x, "/oauth/device?flow=" + x,
	} {
		a := s.do("GET", path, nil, j.header()...)
		for _, tag := range []string{"<script>alert", "<img", "onerror=alert(1)>"} {
			if strings.Contains(a.body, tag) {
				t.Errorf("%s: %s", path, a.body)
			}
		}
		if !strings.HasPrefix(a.Header.Get("Content-Type"), "text/html") {
			continue
		}
		csp := a.Header.Get("Content-Security-Policy")
		if !strings.HasPrefix(csp, "default-src 'none'") || strings.Contains(csp, "unsafe") || !strings.Contains(csp, "frame-ancestors 'none'") || a.Header.Get("X-Content-Type-Options") != "nosniff" {
			t.Errorf("%s: %s", path, csp)
		}
	}
}

// What somebody made up is in no log.
func TestMadeUpNamesAreNotLogged(t *testing.T) {
	s := connecting(t, nil)
	for _, path := range []string{"/oauth/connect/s3cret-name?connect_session_token=" + s.session(`{}`), "/oauth/callback/s3cret-name?error=s3cret-error&state=s3cret-state", "/oauth/connect/tides?userId=s3cret-user", "/oauth/connect/tides?s3cret=1"} {
		if a := s.do("GET", path, nil); a.StatusCode/100 != 4 || strings.Contains(a.body, "s3cret") {
			t.Errorf("%s: %d %s", path, a.StatusCode, a.body)
		}
	}
	s.do("POST", "/api-auth/api-key/s3cret-name?connect_session_token="+s.session(`{}`), strings.NewReader(`{}`), jsonOf("x")...)
	if strings.Contains(s.logged(), "s3cret") {
		t.Errorf("the log holds it:\n%s", s.logged())
	}
}

// What a stolen token of a session is good for: one connection of what it allows, for
// half an hour, with an id that it cannot choose. It reads nothing.
func TestAStolenSession(t *testing.T) {
	s := connecting(t, nil)
	token := s.session(`{"allowed_integrations": ["tides"], "connection_id": "user-7"}`)
	for _, path := range []string{"/connections", "/connections/user-42?provider_config_key=tides", "/c/tides/user-42/x", "/metrics"} {
		if a := s.do("GET", path, nil, bearer(token)...); a.StatusCode != 401 && a.StatusCode != 404 {
			t.Errorf("%s: %d %s", path, a.StatusCode, a.body)
		}
	}
	s.want(s.do("POST", "/connect/sessions", strings.NewReader(`{}`), bearer(token)...), 401, "unknown_api_key")
	s.want(s.do("DELETE", "/connections/user-42?provider_config_key=tides", nil, bearer(token)...), 401, "unknown_api_key")
	s.want(s.askToken("tides/user-42", token), 401, "invalid_client")
	for more, status := range map[string]int{
		"/oauth/connect/lamps?connect_session_token=" + token:                       403,
		"/oauth/connect/tides?connection_id=user-42&connect_session_token=" + token: 400,
		"/oauth/connect/tides?userId=user-42&connect_session_token=" + token:        400,
		"/oauth/connect/tides?userId=user-42":                                       403,
		"/oauth/connect/tides?connect_session_token=nango_connect_session_x":        401,
		"/oauth/connect/tides": 401,
	} {
		if a := s.do("GET", more, nil); a.StatusCode != status {
			t.Errorf("%s: %d %s", more, a.StatusCode, a.body)
		}
	}
	s.want(s.do("GET", "/connect/fields/tides", nil, bearer(token)...), 403, "forbidden")
	a := s.do("GET", "/connect/session", nil, bearer(token)...)
	if a.StatusCode != 200 || strings.Contains(a.body, token) || strings.Contains(a.body, operator) {
		t.Errorf("%d %s", a.StatusCode, a.body)
	}
	found, err := s.records.Memory.Records(t.Context(), "connect_session", "", 10)
	if err != nil || len(found) != 1 || strings.Contains(fmt.Sprintf("%s %s %s", found[0].ID, found[0].Open, found[0].Sealed), strings.TrimPrefix(token, "nango_connect_session_")) {
		t.Errorf("what is kept: %d records, %v", len(found), err)
	}
	if strings.Contains(s.logged(), token) {
		t.Errorf("the log holds it:\n%s", s.logged())
	}
	s.advance(30 * time.Minute)
	s.want(s.do("GET", "/connect/session", nil, bearer(token)...), 401, "unknown_connect_session_token")
	if a := s.do("GET", "/oauth/connect/tides?connect_session_token="+token, nil); a.StatusCode != 401 {
		t.Errorf("half an hour later: %d", a.StatusCode)
	}
}

// A key makes sessions for what it is bound to, and says the same of what is there and
// what is not.
func TestSessionsOfABoundKey(t *testing.T) {
	s := connecting(t, nil)
	one, some := s.key("one", server.Scopes, "tides/user-42"), s.key("some", server.Scopes, "tides/*")
	ask := func(key, path, body string) answer {
		return s.do("POST", path, strings.NewReader(body), jsonOf(key)...)
	}
	for _, body := range []string{
		`{"allowed_integrations": ["tides"], "connection_id": "user-43"}`, `{"allowed_integrations": ["tides"]}`, `{"connection_id": "user-42"}`, `{}`,
		`{"allowed_integrations": ["tides", "lamps"], "connection_id": "user-42"}`, `{"allowed_integrations": ["nowhere"], "connection_id": "user-42"}`,
	} {
		s.want(ask(one, "/connect/sessions", body), 403, "forbidden")
	}
	for _, id := range []string{"user-43", "nobody"} {
		s.want(ask(one, "/connect/sessions/reconnect", `{"integration_id": "tides", "connection_id": "`+id+`"}`), 403, "forbidden")
	}
	for key, body := range map[string]string{one: `{"allowed_integrations": ["tides"], "connection_id": "user-42"}`, some: `{"allowed_integrations": ["tides"]}`} {
		if a := ask(key, "/connect/sessions", body); a.StatusCode != 201 {
			t.Errorf("%s: %d %s", body, a.StatusCode, a.body)
		}
	}
	if a := ask(one, "/connect/sessions/reconnect", `{"integration_id": "tides", "connection_id": "user-42"}`); a.StatusCode != 201 {
		t.Errorf("%d %s", a.StatusCode, a.body)
	}
	s.want(ask(some, "/connect/sessions/reconnect", `{"integration_id": "tides", "connection_id": "nobody"}`), 404, "not_found")
	reader := s.key("reader", []server.Scope{server.ScopeRead})
	s.want(ask(reader, "/connect/sessions", `{}`), 403, "forbidden")
}

func TestSessionsThatCannotBeMade(t *testing.T) {
	s := connecting(t, nil)
	for _, body := range []string{
		``, `[]`, `{"allowed_integration": ["tides"]}`, `{"allowed_integrations": "tides"}`, `{"allowed_integrations": ["nowhere"]}`, `{} {}`, `{"connection_id": "a\u0000b"}`,
		`{"integration_id": "tides"}`, `{"integrations_config_defaults": {"nowhere": {}}}`, `{"integrations_config_defaults": {"tides": {"user_scopes": "a"}}}`,
		`{"integrations_config_defaults": {"tides": {"connection_config": {"s3cret": "x"}}}}`, `{"allowed_integrations": ["tides"], "integrations_config_defaults": {"lamps": {}}}`,
	} {
		if body == `{"connection_id": "a\u0000b"}` {
			body = `{"allowed_integrations": ["tides"], "connection_id": "a\u0000b"}`
		}
		a := s.do("POST", "/connect/sessions", strings.NewReader(body), jsonOf(operator)...)
		if s.want(a, 400, "invalid_body"); strings.Contains(a.body, "s3cret") {
			t.Errorf("what was sent is quoted: %s", a.body)
		}
	}
	s.want(s.do("POST", "/connect/sessions/reconnect", strings.NewReader(`{}`), jsonOf(operator)...), 400, "invalid_body")
	s.want(s.do("POST", "/connect/sessions", strings.NewReader(`{"a":"`+strings.Repeat("x", 70_000)+`"}`), jsonOf(operator)...), 413, "invalid_body")
}

// Reconnecting gives the same connection other credentials, once.
func TestReconnect(t *testing.T) {
	s := connecting(t, nil)
	token := s.sessionWith(operator, "/connect/sessions/reconnect", `{"integration_id": "tides", "connection_id": "user-42"}`)
	j := jar{}
	to := s.begin(j, "/oauth/connect/tides?connect_session_token="+token)
	if s.has("user-42") {
		t.Fatal("the test has the new token before")
	}
	if a := s.do("GET", back(to), nil, j.header()...); a.StatusCode != 200 || !s.has("user-42") {
		t.Errorf("%d %s", a.StatusCode, a.body)
	}
	if a := s.do("GET", "/connect/session", nil, bearer(token)...); !strings.Contains(a.body, `"isReconnecting":true`) || !strings.Contains(a.body, `"made":["tides"]`) {
		t.Errorf("%s", a.body)
	}
}

// A callback that finds its session's connection made already is of a second flow.
func TestASessionMakesOneConnection(t *testing.T) {
	s := connecting(t, nil)
	token := s.session(`{"connection_id": "user-7"}`)
	first, second := jar{}, jar{}
	one, two := s.begin(first, "/oauth/connect/tides?connect_session_token="+token), s.begin(second, "/oauth/connect/tides?connect_session_token="+token)
	if a := s.do("GET", back(one), nil, first.header()...); a.StatusCode != 200 {
		t.Fatalf("%d %s", a.StatusCode, a.body)
	}
	s.redeemed.Store(0)
	if a := s.do("GET", back(two), nil, second.header()...); a.StatusCode != 409 || s.redeemed.Load() != 0 {
		t.Errorf("%d %s, %d redeemed", a.StatusCode, a.body, s.redeemed.Load())
	}
}

// What the product has settled, a browser cannot change.
func TestSettledDefaults(t *testing.T) {
	s := connecting(t, nil)
	in := s.integration("tides")
	in.Connection = map[string]schema.ConnectionField{"site": {From: schema.FromUser}}
	in.Auth.AuthorizationURL = s.provider.URL + "/authorize/${connection.site}"
	s.reload()
	token := s.session(`{"integrations_config_defaults": {"tides": {"connection_config": {"site": "acme", "oauth_scopes_override": "a,b"}, "authorization_params": {"prompt": "login"}}}}`)
	at := "/oauth/connect/tides?connect_session_token=" + token
	to := s.begin(jar{}, at+"&params[site]=acme")
	if to.Path != "/authorize/acme" || to.Query().Get("scope") != "a b" || to.Query().Get("prompt") != "login" {
		t.Errorf("sent to %s", to)
	}
	for _, more := range []string{"&params[site]=evil", "&authorization_params[prompt]=none", "&params[other]=1", "&user_scope=a", "&public_key=x", "&hmac=x", "&params[site]=a&params[site]=b", "&what=1", "&params[]=1"} {
		if a := s.do("GET", at+more, nil); a.StatusCode/100 != 4 && a.StatusCode != 500 || a.Header.Get("Location") != "" {
			t.Errorf("%s: %d %s", more, a.StatusCode, a.body)
		}
	}
}

// The open form of 2022 is there where the file names the integration, and only there.
func TestOpenForm(t *testing.T) {
	s := connecting(t, func(f *schema.Server) { f.OpenConnect = []string{"tides"}; f.SharedCallback = []string{"tides"} })
	j := jar{}
	to := s.begin(j, "/oauth/connect/tides?userId=user-7")
	if got := to.Query().Get("redirect_uri"); got != public+"/oauth/callback" {
		t.Errorf("the callback of 2022 is %s", got)
	}
	if a := s.do("GET", back(to), nil); a.StatusCode != 400 {
		t.Errorf("another browser: %d", a.StatusCode)
	}
	j = jar{}
	to = s.begin(j, "/oauth/connect/tides?userId=user-7")
	if a := s.do("GET", back(to), nil, j.header()...); a.StatusCode != 200 || !s.has("user-7") {
		t.Errorf("%d %s", a.StatusCode, a.body)
	}
	for _, path := range []string{"/oauth/connect/lamps?userId=user-7", "/oauth/connect/tides?userId="} {
		if a := s.do("GET", path, nil); a.StatusCode/100 != 4 {
			t.Errorf("%s: %d", path, a.StatusCode)
		}
	}
	s.want(s.do("POST", "/api-auth/api-key/lamps?userId=user-7", strings.NewReader(`{"apiKey": "k"}`), "Content-Type", "application/json"), 403, "integration_not_allowed")
}

// A server that users name has a callback of its own, and shares none.
func TestS37_CallbacksOfServersThatUsersName(t *testing.T) {
	shared := []string{}
	s := connecting(t, func(f *schema.Server) { f.SharedCallback = shared })
	in := s.integration("tides")
	in.Connection = map[string]schema.ConnectionField{"site": {From: schema.FromUser, Field: schema.Field{Format: "uri"}}}
	in.Auth.AuthorizationURL, in.Auth.TokenURL = "${connection.site}/authorize", "${connection.site}/token"
	s.reload()
	uri := func(site string) string {
		return s.begin(jar{}, "/oauth/connect/tides?connect_session_token="+s.session(`{}`)+"&params[site]="+url.QueryEscape(site)).Query().Get("redirect_uri")
	}
	a, b := uri("https://a.example"), uri("https://b.example")
	if a == b || a != uri("https://a.example") || !strings.HasPrefix(a, public+"/oauth/callback/tides/") {
		t.Errorf("%s and %s", a, b)
	}
	j := jar{}
	to := s.begin(j, "/oauth/connect/tides?connect_session_token="+s.session(`{}`)+"&params[site]=https://a.example")
	led := strings.Replace(back(to), strings.TrimPrefix(a, public), strings.TrimPrefix(b, public), 1)
	if got := s.do("GET", led, nil, j.header()...); got.StatusCode != 400 || !strings.Contains(got.body, "another redirect URI") || s.redeemed.Load() != 0 {
		t.Errorf("%d %s", got.StatusCode, got.body)
	}
}

func TestS37_SharedCallbackNeedsConfiguredServers(t *testing.T) {
	s := connecting(t, func(f *schema.Server) { f.SharedCallback = []string{"tides"} })
	in := s.integration("tides")
	in.Connection = map[string]schema.ConnectionField{"site": {From: schema.FromUser, Field: schema.Field{Format: "uri"}}}
	in.Auth.AuthorizationURL = "${connection.site}/authorize"
	s.reload()
	if a := s.do("GET", "/oauth/connect/tides?connect_session_token="+s.session(`{}`)+"&params[site]=https://a.example", nil); a.StatusCode != 500 || !strings.Contains(a.body, "needs a callback of its own") {
		t.Errorf("%d %s", a.StatusCode, a.body)
	}
}
