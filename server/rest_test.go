package server_test

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/nango-lite/nango-lite/engine"
	"github.com/nango-lite/nango-lite/schema"
	"github.com/nango-lite/nango-lite/server"
)

// A shelf is a catalog of one API.
type shelf struct{}

func (shelf) Names() []string { return []string{"harbour"} }

func (shelf) Provider(name string) (*server.Provider, bool) {
	if name != "harbour" {
		return nil, false
	}
	return &server.Provider{
		Name: name, DisplayName: "Harbour Master", DocsURL: "https://harbour.example/docs", Categories: []string{"shipping"},
		Version: &schema.Version{
			Auth:       schema.Auth{AuthMode: schema.APIKey},
			Connection: map[string]schema.ConnectionField{"port": {From: schema.FromUser, Field: schema.Field{Title: "Port", Example: "oslo"}}, "berth": {From: schema.FromRequest}},
			Requests:   schema.Requests{BaseURL: "https://${connection.port}.harbour.example"},
		},
	}, true
}

// send posts JSON and the like.
func (s *stage) send(method, path, key, body string) answer {
	s.Helper()
	return s.do(method, path, strings.NewReader(body), append(bearer(key), "Content-Type", "application/json")...)
}

func (a answer) read(t *testing.T, into any) {
	t.Helper()
	if err := json.Unmarshal([]byte(a.body), into); err != nil {
		t.Fatalf("%d %s: %v", a.StatusCode, a.body, err)
	}
}

func TestProviders(t *testing.T) {
	s := newStage(t, func(o *server.Options) { o.Catalog = shelf{} })
	type provider struct {
		Name, DisplayName, AuthMode string
		Proxy                       struct{ BaseURL string }
		Config                      map[string]struct {
			Type, Title, Example string
			Automated            bool
		} `json:"connection_config"`
		Credentials map[string]struct{ Secret bool }
	}
	var one struct{ Data provider }
	s.do("GET", "/providers/harbour", nil, bearer(operator)...).read(t, &one)
	p := one.Data
	if p.Name != "harbour" || p.Config["port"].Title != "Port" || p.Config["port"].Automated || !p.Config["berth"].Automated || !p.Credentials["apiKey"].Secret {
		t.Errorf("got %+v", p)
	}
	for search, want := range map[string]int{"": 1, "?search=MASTER": 1, "?search=tide": 0} {
		var all struct{ Data []provider }
		if s.do("GET", "/providers"+search, nil, bearer(operator)...).read(t, &all); len(all.Data) != want || all.Data == nil {
			t.Errorf("%s: %d providers", search, len(all.Data))
		}
	}
	s.want(s.do("GET", "/providers/nothing", nil, bearer(operator)...), 404, "not_found")
	s.want(s.do("GET", "/providers/harbour/templates", nil, bearer(operator)...), 501, "not_implemented")
	s.want(s.do("GET", "/providers", nil), 401, "missing_auth_header")
	s.want(s.do("GET", "/providers", nil, bearer(s.key("caller", []server.Scope{server.ScopeProxy}))...), 403, "forbidden")
	s.want(newStage(t, nil).do("GET", "/providers/harbour", nil, bearer(operator)...), 404, "not_found") // no catalog
}

// Integrations can be read, without a secret, and are changed in the file.
func TestIntegrations(t *testing.T) {
	s := newStage(t, nil)
	a := s.do("GET", "/integrations", nil, bearer(operator)...)
	var all struct {
		Data []struct {
			Key      string `json:"unique_key"`
			Provider string
		}
	}
	if a.read(t, &all); len(all.Data) != 2 || all.Data[0].Key != "lamps" || all.Data[1].Provider != "tides" {
		t.Errorf("got %s", a.body)
	}
	var one struct {
		Data struct {
			Credentials map[string]any
		}
	}
	a = s.do("GET", "/integrations/tides?include=credentials", nil, bearer(operator)...)
	if a.read(t, &one); one.Data.Credentials["client_id"] != "tides-app" || strings.Contains(a.body, clientSecret) {
		t.Errorf("got %s", a.body)
	}
	bound := s.key("bound", server.Scopes, "lamps/*")
	if a = s.do("GET", "/integrations", nil, bearer(bound)...); strings.Contains(a.body, "tides") {
		t.Errorf("a bound key sees %s", a.body)
	}
	s.want(s.do("GET", "/integrations/tides", nil, bearer(bound)...), 403, "forbidden")
	s.want(s.do("GET", "/integrations/nothing", nil, bearer(operator)...), 404, "not_found")
	s.want(s.do("GET", "/integrations/tides?include=everything", nil, bearer(operator)...), 400, "invalid_query_params")
	for method, path := range map[string]string{"POST": "/integrations", "PATCH": "/integrations/tides", "DELETE": "/integrations/tides"} {
		s.want(s.send(method, path, operator, `{}`), 501, "not_implemented")
	}
	s.want(s.send("POST", "/integrations/quickstart", operator, `{}`), 501, "not_implemented")
}

// What Nango has and this server has not is said in words.
func TestWhatIsNotHereSaysSo(t *testing.T) {
	s := newStage(t, nil)
	for _, path := range []string{
		"/sync/trigger", "/sync/status?syncs=*", "/records/?model=x", "/records", "/records/prune", "/action/7",
		"/scripts/x", "/functions/compile", "/integrations/tides/functions", "/integrations/tides/functions/x/code", "/environment-variables", "/environment/api-keys", "/v1/sync", "/config/x", "/config", "/connection/x", "/connection", "/webhook/a/b",
	} {
		a := s.do("GET", path, nil, bearer(operator)...)
		s.want(a, 501, "not_implemented")
	}
	s.want(s.do("GET", "/recordings", nil, bearer(operator)...), 404, "not_found")
	s.want(s.do("GET", "/connectors", nil, bearer(operator)...), 404, "not_found")
}

func TestImportConnection(t *testing.T) {
	s := newStage(t, nil)
	ends := s.now().Add(time.Hour).UTC().Truncate(time.Second)
	a := s.send("POST", "/connections", operator, fmt.Sprintf(`{"provider_config_key": "tides", "connection_id": "from/elsewhere",
		"credentials": {"type": "OAUTH2", "access_token": "s3cret-imported", "refresh_token": "s3cret-imported-too", "expires_at": %q, "raw": {"scope": "a", "team": {"id": 7}}},
		"metadata": {"plan": "gold"}, "tags": {"region": "north"}, "end_user": {"id": "7", "email": "mira@example.com"}}`, ends.Format(time.RFC3339)))
	if a.StatusCode != 201 {
		t.Fatalf("%d %s", a.StatusCode, a.body)
	}
	c, err := s.engine.Connection(t.Context(), engine.Key{Integration: "tides", ConnectionID: "from/elsewhere"})
	if err != nil {
		t.Fatal(err)
	}
	tok := &c.Credentials.Token
	if tok.AccessToken.Reveal() != "s3cret-imported" || tok.RefreshToken.Reveal() != "s3cret-imported-too" || !tok.ExpiresAt.Equal(ends) || c.Metadata["plan"] != "gold" || c.Tags["region"] != "north" || c.Tags["end_user_id"] != "7" {
		t.Errorf("stored: %+v, tags %v", c.Metadata, c.Tags)
	}
	if id, _ := tok.RawValue("team.id"); id != "7" {
		t.Errorf("raw: %q", id)
	}
	got := s.shown("/connections/from/elsewhere?provider_config_key=tides", operator)
	if user := got["end_user"].(map[string]any); user["id"] != "7" || user["email"] != "mira@example.com" || got["credentials"].(map[string]any)["refresh_token"] != nil {
		t.Errorf("shown: %v", got)
	}

	a = s.send("POST", "/connections", s.key("connects", []server.Scope{server.ScopeConnect}), `{"provider_config_key": "lamps", "credentials": {"type": "API_KEY", "apiKey": "s3cret-key"}}`)
	var made struct {
		ID          string `json:"connection_id"`
		Credentials map[string]any
	}
	if a.read(t, &made); a.StatusCode != 201 || len(made.ID) != 36 || len(made.Credentials) != 1 {
		t.Errorf("without an id: %d %s", a.StatusCode, a.body)
	}
}

func TestImportsThatAreRefused(t *testing.T) {
	s := newStage(t, nil)
	for body, code := range map[string]string{
		`{"provider_config_key": "nothing", "credentials": {"type": "OAUTH2", "access_token": "s3cret"}}`:                                                  "unknown_provider_config",
		`{"provider_config_key": "tides", "credentials": {"type": "API_KEY", "apiKey": "s3cret"}}`:                                                         "invalid_body",
		`{"provider_config_key": "tides", "credentials": {"type": "OAUTH2"}}`:                                                                              "invalid_body",
		`{"provider_config_key": "tides", "credentials": {"type": "OAUTH2", "access_token": 7}}`:                                                           "invalid_body",
		`{"provider_config_key": "tides", "credentials": {"type": "OAUTH2", "access_token": "s3cret", "expires_at": "s3cret"}}`:                            "invalid_body",
		`{"provider_config_key": "tides", "credentials": {"type": "OAUTH2", "access_token": "s3cret", "nonsense": "s3cret"}}`:                              "invalid_body",
		`{"provider_config_key": "tides", "credentials": {"type": "OAUTH2", "access_token": "s3cret"}, "connection_config": {"nonsense": "s3cret"}}`:       "invalid_body",
		`{"provider_config_key": "tides", "credentials": {"type": "OAUTH2", "access_token": "s3cret"}, "webhook_url_override": "https://s3cret.example"}`:  "invalid_body",
		`{"provider_config_key": "tides", "credentials": {"type": "OAUTH2", "access_token": "s3cret"}, "s3cret": 1}`:                                       "invalid_body",
		`{"provider_config_key": "tides", "credentials": {"type": "OAUTH2", "access_token": "s3cret"}, "end_user": {"email": "x"}}`:                        "invalid_body",
		`{"provider_config_key": "tides", "connection_id": "\u0000", "credentials": {"type": "OAUTH2", "access_token": "s3cret"}}`:                         "invalid_body",
		`{"provider_config_key": "tides", "credentials": {"type": "OAUTH2", "access_token": "s3cret"}} {}`:                                                 "invalid_body",
		`{"provider_config_key": "tides", "credentials": {"type": "OAUTH2", "access_token": "s3cret"}, "tags": {"a": "` + strings.Repeat("x", 600) + `"}}`: "invalid_body",
		`["s3cret"]`: "invalid_body",
		`{"s3cret`:   "invalid_body",
	} {
		a := s.send("POST", "/connections", operator, body)
		s.want(a, 400, code)
		if strings.Contains(a.body, "s3cret") {
			t.Errorf("the answer quotes the body: %s", a.body)
		}
	}
	good := `{"provider_config_key": "lamps", "connection_id": "x", "credentials": {"type": "API_KEY", "apiKey": "k"}}`
	s.want(s.do("POST", "/connections", strings.NewReader(good), bearer(operator)...), 400, "invalid_body") // no content type
	s.want(s.send("POST", "/connections", s.key("reader", []server.Scope{server.ScopeRead, server.ScopeToken}), good), 403, "forbidden")
	s.want(s.send("POST", "/connections", s.key("bound", nil, "lamps/y", "tides/*"), good), 403, "forbidden")
	s.want(s.send("POST", "/connections", operator, `{"metadata": {"a": "`+strings.Repeat("x", 70_000)+`"}}`), 413, "invalid_body")
	if _, err := s.engine.Connection(t.Context(), engine.Key{Integration: "lamps", ConnectionID: "x"}); engine.ErrorKind(err) != engine.KindNotFound {
		t.Errorf("something was stored: %v", err)
	}
	if strings.Contains(s.logged(), "s3cret") {
		t.Error("the log quotes a body")
	}
}

func TestMetadata(t *testing.T) {
	s := newStage(t, nil)
	s.connect("tides", "b", engine.Credentials{Token: engine.Token{AccessToken: schema.NewSecret("t")}})
	metadata := func(id string) string {
		b, _ := json.Marshal(s.shown("/connections/"+id+"?provider_config_key=tides", operator)["metadata"])
		return string(b)
	}
	a := s.send("POST", "/connections/metadata", operator, `{"metadata": {"a": 1, "deep": {"x": 1}}, "connection_id": ["user-42", "b"], "provider_config_key": "tides"}`)
	if a.StatusCode != 201 || !strings.Contains(a.body, `"connection_id":["user-42","b"]`) {
		t.Errorf("%d %s", a.StatusCode, a.body)
	}
	a = s.send("PATCH", "/connections/metadata", operator, `{"metadata": {"b": null, "deep": {"y": 2}}, "connection_id": "user-42", "provider_config_key": "tides"}`)
	if a.StatusCode != 200 || metadata("user-42") != `{"a":1,"b":null,"deep":{"y":2}}` || metadata("b") != `{"a":1,"deep":{"x":1}}` {
		t.Errorf("%d %s: %s, %s", a.StatusCode, a.body, metadata("user-42"), metadata("b"))
	}
	if got := s.shown("/connections/user-42?provider_config_key=tides", operator)["credentials"].(map[string]any)["access_token"]; got != accessSecret {
		t.Errorf("the token is %v", got)
	}
	s.want(s.send("POST", "/connections/metadata", operator, `{"metadata": {"c": 1}, "connection_id": ["b", "nobody"], "provider_config_key": "tides"}`), 404, "unknown_connection")
	if got := metadata("b"); strings.Contains(got, "c") {
		t.Errorf("half was done: %s", got)
	}
	s.want(s.send("POST", "/connections/metadata", s.key("bound", nil, "tides/b"), `{"metadata": {}, "connection_id": ["b", "user-42"], "provider_config_key": "tides"}`), 403, "forbidden")
	s.want(s.send("POST", "/connections/metadata", s.key("reader", []server.Scope{server.ScopeRead}), `{}`), 403, "forbidden")
	for _, body := range []string{
		`{"metadata": 7, "connection_id": "b", "provider_config_key": "tides"}`, `{"metadata": {}, "connection_id": 7, "provider_config_key": "tides"}`,
		`{"metadata": {}, "connection_id": [], "provider_config_key": "tides"}`, `{"metadata": {}, "connection_id": "b"}`, `{"connection_id": "b", "provider_config_key": "tides"}`,
	} {
		s.want(s.send("POST", "/connections/metadata", operator, body), 400, "invalid_body")
	}
}

func TestPatchConnection(t *testing.T) {
	s := newStage(t, nil)
	const path = "/connections/user-42?provider_config_key=tides"
	patch := func(body string) map[string]any {
		t.Helper()
		if a := s.send("PATCH", path, operator, body); a.StatusCode != 200 || strings.TrimSpace(a.body) != `{"success":true}` {
			t.Errorf("%s: %d %s", body, a.StatusCode, a.body)
		}
		return s.shown(path, operator)
	}
	c := patch(`{"tags": {"region": "north"}, "end_user": {"id": "7", "display_name": "Mira"}}`)
	if c["tags"].(map[string]any)["region"] != "north" || c["end_user"].(map[string]any)["display_name"] != "Mira" {
		t.Errorf("got %v", c)
	}
	if c = patch(`{"end_user": {"id": "8"}, "webhook_url_override": null}`); c["tags"].(map[string]any)["region"] != "north" || c["end_user"].(map[string]any)["display_name"] != nil {
		t.Errorf("another user: %v", c)
	}
	if c = patch(`{"end_user": null}`); c["end_user"] != nil || c["tags"].(map[string]any)["region"] != "north" {
		t.Errorf("nobody: %v", c)
	}
	if c = patch(`{"tags": {}}`); len(c["tags"].(map[string]any)) != 0 {
		t.Errorf("no tags: %v", c)
	}
	for _, body := range []string{`{"webhook_url_override": "https://elsewhere.example"}`, `{"metadata": {}}`, `{"tags": 7}`, `{"tags": {"a": "1", "A": "2"}}`, `{"end_user": {"name": "x"}}`, `{"end_user": {"id": ""}}`, `[]`} {
		s.want(s.send("PATCH", path, operator, body), 400, "invalid_body")
	}
	s.want(s.send("PATCH", "/connections/nobody?provider_config_key=tides", operator, `{"tags": {}}`), 404, "not_found")
	s.want(s.send("PATCH", path, s.key("bound", nil, "tides/b"), `{"tags": {}}`), 403, "forbidden")
}

// A list is narrowed by whose the connections are, and walked by a cursor.
func TestListByTagsAndCursor(t *testing.T) {
	s := newStage(t, nil)
	for i := range 7 {
		body := fmt.Sprintf(`{"provider_config_key": "lamps", "connection_id": "l%d", "credentials": {"type": "API_KEY", "apiKey": "k"}, "end_user": {"id": "u%d", "email": "Mira%d@example.com"}, "tags": {"organization_id": "org-%d", "Shade": "green"}}`, i, i%3, i, i%2)
		if a := s.send("POST", "/connections", operator, body); a.StatusCode != 201 {
			t.Fatal(a.body)
		}
	}
	for query, want := range map[string]string{
		"?endUserId=u1":                       "lamps/l1 lamps/l4",
		"?endUserOrganizationId=org-1":        "lamps/l1 lamps/l3 lamps/l5",
		"?endUserId=u0&tags[shade]=green":     "lamps/l0 lamps/l3 lamps/l6",
		"?tags[SHADE]=red":                    "",
		"?tags%5Bshade%5D=green&limit=2":      "lamps/l0 lamps/l1",
		"?search=mira4":                       "lamps/l4",
		"?search=L5":                          "lamps/l5",
		"?endUserId=u1&limit=1&page=1":        "lamps/l4",
		"?tags[absent]=":                      "",
		"?integrationId=tides,lamps&search=4": "lamps/l4 lamps/user-42 tides/user-42",
	} {
		if got := s.listed(query, operator); got != want {
			t.Errorf("%s: got %s, want %s", query, got, want)
		}
	}
	var walked []string
	for cursor, n := "", 0; ; n++ {
		var page struct {
			Connections []struct {
				ID string `json:"connection_id"`
			}
			Next string `json:"next_cursor"`
		}
		s.do("GET", "/connections?tags[shade]=green&limit=3&cursor="+cursor, nil, bearer(operator)...).read(t, &page)
		for _, c := range page.Connections {
			walked = append(walked, c.ID)
		}
		if cursor = page.Next; cursor == "" || n > 5 {
			break
		}
	}
	if want := []string{"l0", "l1", "l2", "l3", "l4", "l5", "l6"}; !slices.Equal(walked, want) {
		t.Errorf("walked %q", walked)
	}
	s.want(s.do("GET", "/connections?cursor=nonsense", nil, bearer(operator)...), 400, "invalid_query_params")
	s.want(s.do("GET", "/connections?cursor=x&page=1", nil, bearer(operator)...), 400, "invalid_query_params")
}
