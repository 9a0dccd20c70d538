package server_test

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/nango-lite/nango-lite/engine"
	"github.com/nango-lite/nango-lite/schema"
	"github.com/nango-lite/nango-lite/server"
)

// listed returns the connections of a list, as integration/id.
func (s *stage) listed(query, key string) string {
	s.Helper()
	a := s.do("GET", "/connections"+query, nil, bearer(key)...)
	var got struct {
		Connections []struct {
			ID           int64
			ConnectionID string `json:"connection_id"`
			Integration  string `json:"provider_config_key"`
			Errors       []struct{ Type string }
			Tags         map[string]string
			Metadata     map[string]any
			Created      time.Time
		}
	}
	if err := json.Unmarshal([]byte(a.body), &got); err != nil || a.StatusCode != 200 {
		s.Fatalf("%s: %d %s", query, a.StatusCode, a.body)
	}
	var names []string
	for _, c := range got.Connections {
		if c.ID <= 0 || c.ID >= 1<<53 || c.Errors == nil || c.Tags == nil || c.Metadata == nil || c.Created.IsZero() {
			s.Errorf("a connection as Nango's clients do not read it: %+v", c)
		}
		names = append(names, c.Integration+"/"+c.ConnectionID)
	}
	return strings.Join(names, " ")
}

func TestListConnections(t *testing.T) {
	s := newStage(t, nil)
	s.connect("lamps", "a/b", engine.Credentials{APIKey: schema.NewSecret(apiKeySecret)})
	bound := s.key("bound", []server.Scope{server.ScopeRead}, "*/user-42")
	for _, c := range []struct{ query, key, want string }{
		{"", operator, "lamps/a/b lamps/user-42 tides/user-42"},
		{"?integrationId=lamps", operator, "lamps/a/b lamps/user-42"},
		{"?integrationId=lamps,tides&connectionId=user-42", operator, "lamps/user-42 tides/user-42"},
		{"?search=USER", operator, "lamps/user-42 tides/user-42"},
		{"?limit=2", operator, "lamps/a/b lamps/user-42"},
		{"?limit=2&page=1", operator, "tides/user-42"},
		{"?limit=2&page=2", operator, ""},
		{"?limit=1&page=1", bound, "tides/user-42"},
		{"?endUserId=7", operator, ""},
		{"?tags[team]=a", operator, ""},
		{"", bound, "lamps/user-42 tides/user-42"},
		{"?integrationId=none", operator, ""},
	} {
		if got := s.listed(c.query, c.key); got != c.want {
			t.Errorf("%q: got %q, want %q", c.query, got, c.want)
		}
	}
	for _, bad := range []string{"?limit=0", "?limit=2001", "?limit=x", "?page=-1", "?page=x", "?integrationID=lamps", "?limit=1&limit=2", "?limit=%zz", "?page=99999999999999999999"} {
		s.want(s.do("GET", "/connections"+bad, nil, bearer(operator)...), 400, "invalid_query_params")
	}
}

// More connections than a page of the store has are listed all, each once.
func TestListManyConnections(t *testing.T) {
	s := newStage(t, nil)
	for i := range 1100 {
		s.connect("lamps", fmt.Sprintf("many-%04d", i), engine.Credentials{APIKey: schema.NewSecret("k")})
	}
	all := strings.Fields(s.listed("?search=many", operator))
	if len(all) != 1100 || all[0] != "lamps/many-0000" || all[1099] != "lamps/many-1099" {
		t.Errorf("got %d", len(all))
	}
	if got := s.listed("?search=many&limit=2&page=549", operator); got != "lamps/many-1098 lamps/many-1099" {
		t.Errorf("the last page: %s", got)
	}
}

// shown returns a connection's answer as a map.
func (s *stage) shown(path, key string) map[string]any {
	s.Helper()
	a := s.do("GET", path, nil, bearer(key)...)
	var got map[string]any
	if err := json.Unmarshal([]byte(a.body), &got); err != nil || a.StatusCode != 200 {
		s.Fatalf("%s: %d %s", path, a.StatusCode, a.body)
	}
	return got
}

func TestShowConnection(t *testing.T) {
	s := newStage(t, nil)
	all := "&force_refresh=false&refresh_token=false&refresh_github_app_jwt_token=false" // as @nangohq/node sends it
	got := s.shown("/connections/user-42?provider_config_key=tides"+all, operator)
	for _, name := range []string{"id", "connection_id", "provider_config_key", "provider", "errors", "end_user", "tags", "metadata", "connection_config", "webhook_url_override", "created_at", "updated_at", "last_fetched_at", "credentials"} {
		if _, ok := got[name]; !ok {
			t.Errorf("%s is missing", name)
		}
	}
	credentials := got["credentials"].(map[string]any)
	if credentials["type"] != "OAUTH2" || credentials["access_token"] != accessSecret || credentials["refresh_token"] != nil || credentials["expires_at"] == nil {
		t.Errorf("credentials: %v", credentials)
	}
	got = s.shown("/connections/user-42?provider_config_key=tides&refresh_token=true", operator)
	if got["credentials"].(map[string]any)["refresh_token"] != refreshSecret {
		t.Error("the refresh token was asked for")
	}
	got = s.shown("/connections/user-42?provider_config_key=lamps&force_refresh=true", operator)
	if c := got["credentials"].(map[string]any); c["type"] != "API_KEY" || c["apiKey"] != apiKeySecret {
		t.Errorf("a key: %v", c)
	}
}

// A refresh token is in the raw answer of the provider too, and stays there.
func TestRawHoldsNoRefreshTokenUnlessAskedFor(t *testing.T) {
	s := newStage(t, nil)
	s.answerToken(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		_, _ = io.WriteString(w, `{"access_token": "new", "refresh_token": "secret-2", "token_type": "Bearer", "expires_in": 3600, "team": {"refresh_token": "secret-3", "id": 7}, "list": ["secret-2"]}`)
	})
	got := s.shown("/connections/user-42?provider_config_key=tides&force_refresh=true", operator)
	text, _ := json.Marshal(got)
	if strings.Contains(string(text), "secret-") || !strings.Contains(string(text), `"id":7`) {
		t.Errorf("got %s", text)
	}
	got = s.shown("/connections/user-42?provider_config_key=tides&refresh_token=true", operator)
	if raw := got["credentials"].(map[string]any)["raw"].(map[string]any); raw["refresh_token"] != "secret-2" {
		t.Errorf("asked for: %v", raw)
	}
	if n := s.redeemed.Load(); n != 1 {
		t.Errorf("redeemed %d times", n)
	}
}

// Whoever may see connections is not thereby given what grants access.
func TestReadingIsNotBeingGiven(t *testing.T) {
	s := newStage(t, nil)
	reader := s.key("reader", []server.Scope{server.ScopeRead})
	got := s.shown("/connections/user-42?provider_config_key=tides", reader)
	if c := got["credentials"].(map[string]any); len(c) != 1 || c["type"] != "OAUTH2" {
		t.Errorf("credentials: %v", c)
	}
	for _, more := range []string{"&refresh_token=true", "&force_refresh=true"} {
		s.want(s.do("GET", "/connections/user-42?provider_config_key=tides"+more, nil, bearer(reader)...), 403, "forbidden")
	}
	s.want(s.do("DELETE", "/connections/user-42?provider_config_key=tides", nil, bearer(reader)...), 403, "forbidden")
	tokens := s.key("tokens", []server.Scope{server.ScopeToken})
	s.want(s.do("GET", "/connections", nil, bearer(tokens)...), 403, "forbidden")
	s.want(s.do("GET", "/connections/user-42?provider_config_key=tides", nil, bearer(tokens)...), 403, "forbidden")
}

func TestAConnectionThatIsDeadOrOutOfReach(t *testing.T) {
	s := newStage(t, nil)
	const path = "/connections/user-42?provider_config_key=tides"
	s.advance(2 * time.Hour)
	s.answerToken(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(503) })
	s.want(s.do("GET", path, nil, bearer(operator)...), 503, "unavailable")
	s.answerToken(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(400)
		_, _ = io.WriteString(w, `{"error": "invalid_grant"}`)
	})
	s.advance(time.Minute)
	s.want(s.do("GET", path, nil, bearer(operator)...), 424, "invalid_grant")
	reader := s.key("reader", []server.Scope{server.ScopeRead})
	if got := s.shown(path, reader)["errors"].([]any); len(got) != 1 || got[0].(map[string]any)["type"] != "auth" {
		t.Errorf("errors: %v", got)
	}
}

func TestRequestsForAConnectionThatAreWrong(t *testing.T) {
	s := newStage(t, nil)
	for path, code := range map[string]string{
		"/connections/user-42": "invalid_query_params",
		"/connections/user-42?provider_config_key=tides&force_refresh=yes":         "invalid_query_params",
		"/connections/user-42?provider_config_key=tides&refresh_token=1":           "invalid_query_params",
		"/connections/user-42?provider_config_key=tides&nonsense=1":                "invalid_query_params",
		"/connections/user-42?provider_config_key=tides&provider_config_key=lamps": "invalid_query_params",
		"/connections/?provider_config_key=tides":                                  "invalid_uri_params",
		"/connections/%00?provider_config_key=tides":                               "invalid_uri_params",
	} {
		s.want(s.do("GET", path, nil, bearer(operator)...), 400, code)
	}
	s.want(s.do("GET", "/connections/nobody?provider_config_key=tides", nil, bearer(operator)...), 404, "not_found")
	s.want(s.do("GET", "/connections/user-42?provider_config_key=nothing", nil, bearer(operator)...), 404, "not_found")
	s.want(s.do("GET", "/connections/user-42?provider_config_key=tides", nil), 401, "missing_auth_header")
	s.want(s.do("PUT", "/connections/user-42?provider_config_key=tides", nil, bearer(operator)...), 405, "method_not_allowed")
}

func TestRemoveConnection(t *testing.T) {
	s := newStage(t, nil)
	s.connect("lamps", "a/b c", engine.Credentials{APIKey: schema.NewSecret("k")})
	const path = "/connections/a/b%20c?provider_config_key=lamps" // as @nangohq/node writes it
	s.shown(path, operator)
	if a := s.do("DELETE", path, nil, bearer(operator)...); a.StatusCode != 200 || !strings.Contains(a.body, `"success":true`) {
		t.Errorf("%d %s", a.StatusCode, a.body)
	}
	s.want(s.do("DELETE", path, nil, bearer(operator)...), 404, "not_found")
	s.want(s.do("GET", path, nil, bearer(operator)...), 404, "not_found")
}
