package server_test

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/nango-lite/nango-lite/engine"
	"github.com/nango-lite/nango-lite/schema"
	"github.com/nango-lite/nango-lite/server"
)

// By every route there is, whoever holds a key that is bound to user-42 gets nothing of
// user-43: refused, logged, and nothing said. A route without a row here fails.
func TestABoundKeyByEveryRoute(t *testing.T) {
	s := newStage(t, func(o *server.Options) {
		o.Metrics, o.Catalog = http.NotFoundHandler(), shelf{}
		o.Agents = func(http.ResponseWriter, *http.Request, server.Agent) { t.Error("an agent is served") }
	})
	const other = "another-s3cret-token"
	s.connect("tides", "user-43", engine.Credentials{Token: engine.Token{AccessToken: schema.NewSecret(other), RefreshToken: schema.NewSecret(other + "-too")}})
	s.answerAPI(func(_ http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Authorization") != "Bearer "+accessSecret {
			t.Errorf("the provider was called with another's token: %s", r.URL)
		}
	})
	key := s.key("bound", server.Scopes, "tides/user-42")
	json := func(method, path, body string) func() answer {
		return func() answer { return s.send(method, path, key, body) }
	}
	ask := func(method, path string) func() answer {
		return func() answer { return s.do(method, path, nil, bearer(key)...) }
	}
	const one = "/connections/user-43?provider_config_key=tides"
	refused := map[string]func() answer{
		"GET /connections/{id}":       ask("GET", one),
		"DELETE /connections/{id}":    ask("DELETE", one),
		"PATCH /connections/{id}":     json("PATCH", one, `{"tags": {"a": "b"}}`),
		"POST /connections":           json("POST", "/connections", `{"provider_config_key": "tides", "connection_id": "user-43", "credentials": {"type": "OAUTH2", "access_token": "mine"}}`),
		"POST /connections/metadata":  json("POST", "/connections/metadata", `{"provider_config_key": "tides", "connection_id": ["user-42", "user-43"], "metadata": {"a": 1}}`),
		"PATCH /connections/metadata": json("PATCH", "/connections/metadata", `{"provider_config_key": "tides", "connection_id": "user-43", "metadata": {"a": 1}}`),
		"POST /oauth/token":           func() answer { return s.askToken("tides/user-43", key) },
		"POST /o/":                    json("POST", "/o/tides/user-43/read", `{}`),
		"POST /action/trigger": func() answer {
			return s.do("POST", "/action/trigger", strings.NewReader(`{"action_name": "read"}`), append(nango(key, "tides", "user-43"), "Content-Type", "application/json")...)
		},
		"POST /mcp":   json("POST", "/mcp?connection=user-43", `{}`),
		"any /c/":     ask("POST", "/c/tides/user-43/x"),
		"any /proxy/": func() answer { return s.do("PUT", "/proxy/x", nil, nango(key, "tides", "user-43")...) },
		"any /proxy/, named twice": func() answer {
			return s.do("PUT", "/proxy/x", nil, nango(key, "tides", "user-43", "Connection-Id", "user-42")...)
		},
		"GET /metrics":                     ask("GET", "/metrics"),
		"GET /integrations/{integration}":  ask("GET", "/integrations/lamps"),
		"POST /connect/sessions":           json("POST", "/connect/sessions", `{"allowed_integrations": ["tides"], "connection_id": "user-43"}`),
		"POST /connect/sessions/reconnect": json("POST", "/connect/sessions/reconnect", `{"connection_id": "user-43", "integration_id": "tides"}`),
	}
	harmless := map[string]string{ // what it says is the same for everybody, or only of user-42
		"GET /healthz": "/healthz", "GET /readyz": "/readyz", "GET /openapi.json": "/openapi.json", "GET /connections": "/connections?search=user",
		"GET /o/openapi.json": "/o/openapi.json", "GET /scripts/config": "/scripts/config",
		"GET /providers": "/providers", "GET /providers/{provider}": "/providers/harbour", "GET /providers/{provider}/templates": "/providers/x/templates",
		"GET /integrations": "/integrations", "POST /integrations": "", "POST /integrations/quickstart": "", "PATCH /integrations/{integration}": "", "DELETE /integrations/{integration}": "",
	}
	for path, methods := range s.server.Routes() {
		if ofBrowsers(path) {
			continue
		}
		for _, m := range methods {
			name := m + " " + path
			if _, ok := harmless[name]; !ok && refused[name] == nil {
				t.Errorf("%s is not tried", name)
			}
		}
	}
	for name, try := range refused {
		before := strings.Count(s.logged(), "\n")
		if a := try(); a.StatusCode/100 != 4 || strings.Contains(a.body, "s3cret") {
			t.Errorf("%s: %d %s", name, a.StatusCode, a.body)
		}
		lines := strings.Split(s.logged(), "\n")[before:]
		if text := strings.Join(lines, "\n"); !strings.Contains(text, "api_key=bound") || !strings.Contains(text, "code=") {
			t.Errorf("%s: nothing is logged of it: %s", name, text)
		}
	}
	for name, path := range harmless {
		if path == "" {
			continue
		}
		if a := s.do("GET", path, nil, bearer(key)...); a.StatusCode >= 500 && a.StatusCode != 501 || strings.Contains(a.body, "user-43") || strings.Contains(a.body, "s3cret") {
			t.Errorf("%s: %d %s", name, a.StatusCode, a.body)
		}
	}
	c, err := s.engine.Connection(t.Context(), engine.Key{Integration: "tides", ConnectionID: "user-43"})
	if err != nil || c.Credentials.Token.AccessToken.Reveal() != other || c.Tags != nil || c.Metadata != nil {
		t.Errorf("user-43 was changed: %v, %v", c, err)
	}
	mine, err := s.engine.Connection(t.Context(), user42)
	if err != nil || mine.Metadata != nil {
		t.Errorf("half of a refused request was done: %v, %v", mine, err)
	}
	if a := s.do("GET", "/c/tides/user-42/x", nil, bearer(key)...); a.StatusCode != 200 {
		t.Errorf("after all that, its own: %d", a.StatusCode)
	}
}

// Whatever a caller says, and wherever, calls go to the integration's origin and the
// credentials nowhere else.
func TestNothingLeadsElsewhere(t *testing.T) {
	s := newStage(t, nil)
	elsewhere := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		t.Errorf("a stranger got %s %s with %v", r.Method, r.URL, r.Header)
	}))
	defer elsewhere.Close()
	host := strings.TrimPrefix(elsewhere.URL, "http://")
	s.answerAPI(func(w http.ResponseWriter, r *http.Request) {
		if !strings.HasPrefix(r.URL.Path, "/api") {
			t.Errorf("outside of base_url: %s", r.URL)
		}
		if r.Host == host {
			t.Errorf("the provider was told another host")
		}
		http.Redirect(w, r, elsewhere.URL+"/taken", http.StatusFound)
	})
	elsewhere.Config.Handler = http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		// A redirect of the provider's may be followed, with nothing that grants access.
		if r.URL.Path != "/taken" || strings.Contains(fmt.Sprint(r.Header), accessSecret) || strings.Contains(fmt.Sprint(r.Header), operator) {
			t.Errorf("a stranger got %s with %v", r.URL, r.Header)
		}
	})
	for _, line := range []string{
		"GET /c/tides/user-42/@%s/x", "GET /c/tides/user-42//%s/x", "GET /c/tides/user-42/%%2f%%2f%s/x", "GET /c/tides/user-42/http://%s/x",
		"GET /c/tides/user-42/..%%2f..%%2f%s", "GET /c/tides/user-42/\\%s", "GET /c/tides/user-42/%%5c%%5c%s/x", "GET /c/tides@%s/user-42/x", "GET /c/tides/%s/x",
		"GET /c/tides/user-42?url=http://%s/", "GET /c/tides/user-42/;@%s/", "GET http://%s/c/tides/user-42/x", "GET http://user@%s/proxy/x",
		"GET /proxy/http://%s/x", "GET /proxy//%s/x", "GET /proxy/@%s/x", "GET /proxy/..//%s", "CONNECT %s", "GET /proxy/%%0d%%0aHost:%%20%s/x",
	} {
		for _, more := range []string{"", "Base-Url-Override: http://%s\r\n", "Base-Url-Override: http://%s@127.0.0.1/\r\n", "Nango-Proxy-Host: %s\r\nX-Forwarded-Host: %[1]s\r\nX-Original-URL: http://%[1]s/\r\n", "Host: %s\r\n"} {
			text := fmt.Sprintf(line, host) + " HTTP/1.1\r\nConnection: close\r\nAuthorization: Bearer " + operator + "\r\nProvider-Config-Key: tides\r\nConnection-Id: user-42\r\n"
			if !strings.HasPrefix(more, "Host") {
				text += "Host: server.example\r\n"
			}
			if more != "" {
				text += fmt.Sprintf(more, host)
			}
			conn, err := net.Dial("tcp", strings.TrimPrefix(s.url, "http://"))
			if err != nil {
				t.Fatal(err)
			}
			_ = conn.SetDeadline(time.Now().Add(30 * time.Second))
			_, _ = io.WriteString(conn, text+"\r\n")
			answer, _ := io.ReadAll(bufio.NewReader(conn))
			conn.Close()
			if strings.Contains(string(answer), accessSecret) || strings.Contains(string(answer), operator) {
				t.Errorf("%q: the answer holds what grants access: %s", line, answer)
			}
		}
	}
}

// A secret that stands in every field of a connection, and in everything that is sent,
// shows up in no line of the log, error, metric, audit entry or message.
func TestSeededSecretsShowUpNowhere(t *testing.T) {
	hook := &product{}
	var seen []server.Request
	s := newStage(t, func(o *server.Options) {
		o.Observe = func(q server.Request) { seen = append(seen, q) }
		o.Webhook = &server.Webhook{URL: "https://app.example/hooks", Secret: schema.NewSecret(webhookSecret), Transport: hook}
	})
	seeded := engine.Credentials{Token: engine.Token{
		AccessToken: schema.NewSecret("s3cret-1"), RefreshToken: schema.NewSecret("s3cret-2"), Raw: schema.NewSecret(`{"a": "s3cret-3"}`), ExpiresAt: s.now().Add(-time.Hour),
		Secondary: map[string]engine.Token{"second": {AccessToken: schema.NewSecret("s3cret-4")}},
	}}
	s.connect("tides", "seeded", seeded)
	s.answerToken(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(400)
		_, _ = io.WriteString(w, `{"error": "invalid_request", "error_description": "s3cret-6", "error_uri": "https://s3cret-5.example"}`)
	})
	var errors []string
	for _, a := range []answer{
		s.do("GET", "/c/tides/seeded/s3cret-7?q=s3cret-8", nil, append(bearer(operator), "X-A", "s3cret-9")...),
		s.do("POST", "/proxy/s3cret-7", strings.NewReader("s3cret-10"), nango(operator, "tides", "seeded", "Nango-Proxy-A", "s3cret-11", "Base-Url-Override", "")...),
		s.do("GET", "/proxy/x", nil, "Authorization", "Bearer "+operator, "Provider-Config-Key", "tides", "Connection-Id", "seeded", "Base-Url-Override", "https://s3cret-12.example/s3cret-12"),
		s.do("GET", "/connections/seeded?provider_config_key=tides", nil, bearer(operator)...),
		s.do("GET", "/connections?s3cret-13=s3cret-13", nil, bearer(operator)...),
		s.do("GET", "/connections?cursor=s3cret-13", nil, bearer(operator)...),
		s.send("POST", "/connections", operator, `{"provider_config_key": "lamps", "connection_id": "x", "credentials": {"type": "API_KEY", "apiKey": "s3cret-14", "nonsense": "s3cret-15"}}`),
		s.send("POST", "/connections/metadata", operator, `{"provider_config_key": "tides", "connection_id": "seeded", "metadata": {"s3cret-16": "s3cret-16"}, "s3cret-17": 1}`),
		s.send("PATCH", "/connections/seeded?provider_config_key=tides", operator, `{"tags": {"a": "b"}, "end_user": "s3cret-18"}`),
		s.askToken("tides/seeded", operator, "s3cret-19", "s3cret-19"), s.askToken("tides/seeded", "s3cret-20"),
		s.do("GET", "/providers/s3cret-21", nil, bearer(operator)...), s.do("GET", "/s3cret-22", nil), s.do("GET", "/records/s3cret-23", nil),
	} {
		if a.code() == "" {
			t.Errorf("%s %s did not fail: %d", a.Request.Method, a.Request.URL, a.StatusCode)
		}
		errors = append(errors, a.body)
	}
	if err := s.engine.Revoke(t.Context(), engine.Key{Integration: "tides", ConnectionID: "seeded"}); err != nil {
		t.Error(err)
	}
	s.drained()
	audits, err := s.records.Records(t.Context(), "audit", "", 100)
	if err != nil {
		t.Fatal(err)
	}
	hooks, err := s.records.Records(t.Context(), "webhook", "", 100)
	if err != nil || len(hooks) == 0 {
		t.Fatalf("%d messages, %v", len(hooks), err)
	}
	var stored strings.Builder
	for _, r := range slices.Concat(audits, hooks) {
		stored.Write(r.Open)
	}
	for where, text := range map[string]string{
		"log": s.logged(), "errors": strings.Join(errors, ""), "requests for metrics": fmt.Sprint(seen), "audit log and messages": stored.String(),
	} {
		text = strings.ReplaceAll(text, "integration=tides connection=seeded", "")
		for _, secret := range []string{"s3cret", operator, webhookSecret} {
			if i := strings.Index(text, secret); i >= 0 {
				t.Errorf("the %s hold %s: %.300s", where, secret, text[max(i-150, 0):])
			}
		}
	}
}

// FuzzBodies sends whatever body to each route that takes one, with a key that may do
// everything: the server goes on, fails with an error of its own, and quotes nothing.
func FuzzBodies(f *testing.F) {
	routes := []struct{ method, path string }{
		{"POST", "/connections"}, {"POST", "/connections/metadata"}, {"PATCH", "/connections/metadata"}, {"PATCH", "/connections/user-42?provider_config_key=tides"}, {"POST", "/integrations"},
	}
	for i, body := range []string{
		`{"provider_config_key": "lamps", "credentials": {"type": "API_KEY", "apiKey": "k"}, "tags": {"a": "b"}, "end_user": {"id": "7"}}`,
		`{"provider_config_key": "tides", "connection_id": ["user-42"], "metadata": {"a": [1, {"b": null}]}}`, `{"metadata": {}, "connection_id": "x", "provider_config_key": "tides"}`,
		`{"tags": {"a": "b"}, "end_user": null}`, `{`, `null`, `[]`, `{"credentials": null}`, `{"credentials": {"type": null}, "provider_config_key": "tides"}`, `{"end_user": {}}`,
		`{"provider_config_key": "tides", "credentials": {"type": "OAUTH2", "access_token": "", "raw": [], "config_override": 7}}`,
	} {
		f.Add(i, body)
	}
	var s *stage
	f.Fuzz(func(t *testing.T, route int, body string) {
		if s == nil || s.T != t {
			s = newStage(t, nil)
		}
		r := routes[(route%len(routes)+len(routes))%len(routes)]
		a := s.send(r.method, r.path, operator, body)
		if strings.Contains(s.logged(), "msg=panic") {
			t.Fatalf("panic:\n%s", s.logged())
		}
		if a.StatusCode >= 500 && a.StatusCode != 501 {
			t.Errorf("%s %s: %d %s, of %q", r.method, r.path, a.StatusCode, a.body, body)
		}
	})
}

// ofBrowsers reports whether a route takes the token of a connect session, or a flow's
// cookie, and no API key: TestSessionsOfABoundKey holds that a bound key gets no session
// for somebody else.
func ofBrowsers(path string) bool {
	for _, prefix := range []string{"/oauth/connect/", "/oauth/callback", "/oauth/choose", "/oauth/device", "/api-auth/", "/auth/", "/oauth2/auth/", "/connect/fields/", "/connect/credentials/", "/ui"} {
		if strings.HasPrefix(path, prefix) {
			return true
		}
	}
	return path == "/" || path == "/connect" || path == "/connect.js" || path == "/connect/again" || path == "/connect/session"
}
