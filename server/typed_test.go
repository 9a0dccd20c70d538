package server_test

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"

	"github.com/nango-lite/nango-lite/engine"
	"github.com/nango-lite/nango-lite/schema"
)

// typing has an integration for each way to connect without a page. Its API takes one
// key and refuses others.
func typing(t *testing.T) *stage {
	s := connecting(t, nil)
	in := s.integration("lamps")
	in.Requests.Verify = &schema.Verify{Path: "/me"}
	in.Connection = map[string]schema.ConnectionField{
		"site": {From: schema.FromUser, Field: schema.Field{Optional: true}},
		"pier": {From: schema.FromRequest, Request: &schema.LookUp{Path: "/piers"}, List: &schema.Choices{Items: "piers", Value: "id", Title: "name"}},
	}
	in.Credentials["tenant_name"] = schema.Field{Title: "Tenant", Optional: true}
	s.reload()
	s.answerAPI(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		switch {
		case r.Header.Get("X-Lamp-Key") != "good-key":
			w.WriteHeader(401)
		case strings.HasSuffix(r.URL.Path, "/piers"):
			_, _ = w.Write([]byte(`{"piers": [{"id": "p1", "name": "North"}, {"id": "p2", "name": "South"}]}`))
		default:
			_, _ = w.Write([]byte(`{}`))
		}
	})
	return s
}

func (s *stage) typed(path, token, body string) answer {
	s.Helper()
	at := path + "?connect_session_token=" + token
	return s.do("POST", at, strings.NewReader(body), "Content-Type", "application/json", "Origin", "https://anywhere.example")
}

// A key that is typed is tried, stored with the session's tags, and what is open is
// chosen with the session.
func TestConnectWithAKey(t *testing.T) {
	s := typing(t)
	token := s.session(`{"allowed_integrations": ["lamps"], "connection_id": "user-7", "tags": {"team": "harbour"}}`)
	s.want(s.typed("/api-auth/api-key/lamps", token, `{"apiKey": "s3cret-wrong"}`), 400, "connection_validation_failed")
	a := s.typed("/api-auth/api-key/lamps", token, `{"apiKey": "good-key", "tenantName": "t"}`)
	if a.StatusCode != 200 || strings.TrimSpace(a.body) != `{"connectionId":"user-7","isPending":true,"openFields":["pier"],"providerConfigKey":"lamps"}` || a.Header.Get("Access-Control-Allow-Origin") != "*" {
		t.Fatalf("%d %s %v", a.StatusCode, a.body, a.Header)
	}
	c, err := s.engine.Connection(t.Context(), engine.Key{Integration: "lamps", ConnectionID: "user-7"})
	if err != nil || c.Tags["team"] != "harbour" || c.Credentials.APIKey.Reveal() != "good-key" || c.Credentials.Field("tenant_name").Reveal() != "t" {
		t.Fatalf("%+v, %v", c, err)
	}
	var shown struct {
		Data struct {
			Open []struct {
				Name    string
				Choices []struct{ Value, Title string }
			}
		}
	}
	a = s.do("GET", "/connect/fields/lamps", nil, bearer(token)...)
	if err := json.Unmarshal([]byte(a.body), &shown); err != nil || len(shown.Data.Open) != 1 || len(shown.Data.Open[0].Choices) != 2 || shown.Data.Open[0].Choices[1].Title != "South" {
		t.Fatalf("%d %s", a.StatusCode, a.body)
	}
	s.want(s.do("POST", "/connect/fields/lamps", strings.NewReader(`{"fields": {"pier": "p9"}}`), jsonOf(token)...), 400, "invalid_credentials")
	s.want(s.do("POST", "/connect/fields/lamps", strings.NewReader(`{"fields": {"site": "x"}}`), jsonOf(token)...), 400, "invalid_body")
	if a = s.do("POST", "/connect/fields/lamps", strings.NewReader(`{"fields": {"pier": "p2"}}`), jsonOf(token)...); a.StatusCode != 200 || !strings.Contains(a.body, `"open":[]`) {
		t.Errorf("%d %s", a.StatusCode, a.body)
	}
	s.want(s.typed("/api-auth/api-key/lamps", token, `{"apiKey": "good-key"}`), 409, "connect_session_used")
	if strings.Contains(s.logged(), "s3cret") || strings.Contains(s.logged(), token) {
		t.Errorf("the log tells too much:\n%s", s.logged())
	}
}

// Members are named as the integration names them, or as JavaScript does; what is
// unknown, of another shape or said twice is refused.
func TestWhatIsTypedIsChecked(t *testing.T) {
	s := typing(t)
	for body, code := range map[string]string{
		``: "invalid_credentials", `{`: "invalid_body", `[]`: "invalid_body", `{"apiKey": 1}`: "invalid_body", `{"apiKey": ["x"]}`: "invalid_body", `{"apiKey": {"key": "x"}}`: "invalid_body",
		`{"apiKey": "good-key", "api_key": "s3cret"}`: "invalid_body", `{"apiKey": "good-key", "what": "s3cret"}`: "invalid_body", `{"apiKey": "good-key", "type": "BASIC"}`: "invalid_body",
		`{"apiKey": "good-key", "site": "a", "Site": "b"}`: "invalid_body", `{"api": {"key": "good-key"}, "api_key": "good-key"}`: "invalid_body",
	} {
		a := s.typed("/api-auth/api-key/lamps", s.session(`{"connection_id": "user-7"}`), body)
		if s.want(a, 400, code); strings.Contains(a.body, "s3cret") {
			t.Errorf("what was sent is quoted: %s", a.body)
		}
	}
	for _, body := range []string{`{"api_key": "good-key"}`, `{"api": {"key": "good-key"}}`, `{"type": "API_KEY", "apiKey": "good-key", "tenantName": null, "assertionOption": {}}`} {
		if a := s.typed("/api-auth/api-key/lamps", s.session(`{}`), body); a.StatusCode != 200 {
			t.Errorf("%s: %d %s", body, a.StatusCode, a.body)
		}
	}
	token := s.session(`{}`)
	s.want(s.typed("/api-auth/basic/lamps", token, `{"apiKey": "good-key"}`), 400, "auth_mode_err")
	s.want(s.typed("/connect/credentials/tides", token, `{}`), 400, "auth_mode_err")
	s.want(s.typed("/auth/oauth-outbound/lamps", token, `{}`), 501, "auth_mode_err")
	s.want(s.typed("/api-auth/api-key/nowhere", token, `{"apiKey": "good-key"}`), 404, "unknown_config_key")
	s.want(s.typed("/api-auth/api-key/lamps", "x", `{"apiKey": "good-key"}`), 401, "invalid_connect_session_token_format")
	s.want(s.typed("/api-auth/api-key/lamps", token+"&redirect_url=https://app.example/done", `{"apiKey": "good-key"}`), 400, "url_param_err")
	s.want(s.typed("/api-auth/api-key/lamps", token+"&params[site]=a", `{"apiKey": "good-key", "site": "b"}`), 400, "invalid_body")
	if a := s.typed("/connect/credentials/lamps", token+"&params[site]=a", `{"apiKey": "good-key"}`); a.StatusCode != 200 {
		t.Errorf("%d %s", a.StatusCode, a.body)
	}
}

// In the window a user chooses what is open, and the page that waits is told afterwards.
func TestChoosingInTheWindow(t *testing.T) {
	s := typing(t)
	in := s.integration("tides")
	in.Connection = map[string]schema.ConnectionField{
		"pier": {From: schema.FromRequest, Request: &schema.LookUp{Path: "/piers"}, List: &schema.Choices{Items: "piers", Value: "id", Title: "name"}},
	}
	s.reload()
	s.answerAPI(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		_, _ = w.Write([]byte(`{"piers": [{"id": "p1", "name": "<b>North"}, {"id": "p2", "name": "South"}]}`))
	})
	ws, id := s.waits("")
	j := jar{}
	to := s.begin(j, "/oauth/connect/tides?connect_session_token="+s.session(`{"connection_id": "user-7"}`)+"&ws_client_id="+id)
	a := s.do("GET", back(to), nil, j.header()...)
	j.keep(a)
	_, token, _ := strings.Cut(a.body, `name="token" value="`)
	token, _, _ = strings.Cut(token, `"`)
	if a.StatusCode != 200 || token == "" || !strings.Contains(a.body, "&lt;b&gt;North") || !strings.Contains(a.Header.Get("Content-Security-Policy"), "form-action 'self'") {
		t.Fatalf("%d %s", a.StatusCode, a.body)
	}
	post := func(j jar, token, value string) answer {
		a := s.do("POST", "/oauth/choose", strings.NewReader("token="+token+"&field=pier&value="+value), append(j.header(), "Content-Type", "application/x-www-form-urlencoded")...)
		j.keep(a)
		return a
	}
	wrong := post(j, token, "p9")
	if wrong.StatusCode != 200 || !strings.Contains(wrong.body, "Try again") {
		t.Errorf("a choice that is none: %d %s", wrong.StatusCode, wrong.body)
	}
	_, token, _ = strings.Cut(wrong.body, `name="token" value="`)
	token, _, _ = strings.Cut(token, `"`)
	if a := post(j, token, "p2"); a.StatusCode != 200 || !strings.Contains(a.body, "Connected") {
		t.Errorf("%d %s", a.StatusCode, a.body)
	}
	if m := s.message(ws); m["message_type"] != "success" || m["is_pending"] != false {
		t.Errorf("the page that waits: %v", m)
	}
	c, err := s.engine.Connection(t.Context(), engine.Key{Integration: "tides", ConnectionID: "user-7"})
	if err != nil || c.Fields["pier"] != "p2" {
		t.Errorf("%v, %v", c.Fields, err)
	}
	if a := post(j, token, "p1"); a.StatusCode != 400 {
		t.Errorf("the form counts twice: %d", a.StatusCode)
	}
}
