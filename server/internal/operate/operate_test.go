package operate_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/nango-lite/nango-lite/engine"
	"github.com/nango-lite/nango-lite/schema"
	"github.com/nango-lite/nango-lite/server/internal/access"
	"github.com/nango-lite/nango-lite/server/internal/answer"
	"github.com/nango-lite/nango-lite/server/internal/apikey"
	"github.com/nango-lite/nango-lite/server/internal/operate"
)

// echo answers with what it was asked for.
type echo struct{}

func (echo) Integrations() []*schema.Integration {
	return []*schema.Integration{{Name: "lamps"}, {Name: "tides"}}
}

func (echo) Operations(string) ([]engine.Operation, error) {
	id := map[string]any{"type": "object", "properties": map[string]any{"id": map[string]any{"type": "string", "description": "Its id."}}, "required": []any{"id"}}
	return []engine.Operation{
		{Name: "list", Operation: &schema.Operation{Summary: "List them.", Pages: &schema.Pages{}, Output: &schema.Output{Fields: map[string]string{"id": "id"}}}},
		{Name: "move", Operation: &schema.Operation{Summary: "Move one.", Description: "Gently.", Request: schema.OperationRequest{Method: "POST"}, Input: id}},
		{Name: "sink", Operation: &schema.Operation{Summary: "Sink one.", Request: schema.OperationRequest{Method: "DELETE"}, Input: id}},
	}, nil
}

func (echo) Do(_ context.Context, k engine.Key, operation string, input any) (json.RawMessage, error) {
	if operation == "missing" {
		return nil, &engine.Error{Kind: engine.KindNotFound}
	}
	if raw, ok := input.(json.RawMessage); ok {
		return json.Marshal(fmt.Sprintf("%s %s %s", k, operation, raw))
	}
	inputs, _ := input.(map[string]json.RawMessage)
	return json.Marshal(fmt.Sprintf("%s %s %v", k, operation, len(inputs)))
}

type keys map[string]*apikey.Key

func (k keys) Find(_ context.Context, text string) (*apikey.Key, error) { return k[text], nil }

func operations() *operate.Operations {
	may := []apikey.Scope{apikey.ScopeOperations}
	return &operate.Operations{Engine: echo{}, Guard: &access.Guard{Limit: &access.Limiter{}, Keys: keys{
		"good":   {Name: "good", Scopes: may, Connections: []string{"tides/*"}},
		"reader": {Name: "reader", Scopes: may, Effects: []schema.Effect{"read"}},
		"proxy":  {Name: "proxy", Scopes: []apikey.Scope{apikey.ScopeProxy}},
	}}}
}

// ask makes a request with a key, and returns the status and the body.
func ask(r *http.Request, key string, serve func(*answer.Writer)) string {
	rec := httptest.NewRecorder()
	r.Header.Set("Authorization", "Bearer "+key)
	if r.Header.Get("Content-Type") == "" {
		r.Header.Set("Content-Type", "application/json")
	}
	serve((&answer.Options{Now: time.Now, MaxBodyBytes: 1 << 10}).Begin(rec, r))
	return fmt.Sprint(rec.Code, " ", rec.Body)
}

func TestServe(t *testing.T) {
	o := operations()
	for _, c := range []struct{ key, method, target, body, want string }{
		{"good", "POST", "/o/tides/a%2Fb/search", `{"q": "x"}`, `200 "tides/a/b search 1"`},
		{"good", "POST", "/o/tides/a/search", ``, `200 "tides/a search 0"`},
		{"good", "POST", "/o/tides/a/missing", ``, `404 {"error":{"code":"not_found"`},
		{"good", "GET", "/o/tides/a/search", ``, `405 {"error":{"code":"method_not_allowed"`},
		{"good", "POST", "/o/tides/a/search?q=x", ``, `400 {"error":{"code":"invalid_query_params"`},
		{"good", "POST", "/o/tides/a/b/search", ``, `400 {"error":{"code":"invalid_uri_params"`},
		{"good", "POST", "/o/tides/a/", ``, `400 {"error":{"code":"invalid_uri_params"`},
		{"good", "POST", "/o/lamps/a/search", ``, `403 {"error":{"code":"forbidden"`},
		{"reader", "POST", "/o/lamps/a/list", ``, `200 `},
		{"reader", "POST", "/o/lamps/a/move", `{"id": "x"}`, `403 {"error":{"code":"forbidden","message":"the API key \"reader\" does no operation whose effect is write"`},
		{"reader", "POST", "/o/lamps/a/sink", `{"id": "x"}`, `403 {"error":{"code":"forbidden"`},
		{"proxy", "POST", "/o/tides/a/search", ``, `403 {"error":{"code":"forbidden"`},
		{"bad", "POST", "/o/tides/a/search", ``, `401 {"error":{"code":"unknown_api_key"`},
	} {
		r := httptest.NewRequest(c.method, c.target, strings.NewReader(c.body))
		if got := ask(r, c.key, func(w *answer.Writer) { o.Serve(w, r.URL.EscapedPath()) }); !strings.HasPrefix(got, c.want) {
			t.Errorf("%s %s by %s: got %s, want %s", c.method, c.target, c.key, got, c.want)
		}
	}
}

func TestTrigger(t *testing.T) {
	o := operations()
	for _, c := range []struct{ key, headers, body, want string }{
		{"good", "tides a/b", `{"action_name": "move", "input": {"id": "x"}}`, `200 "tides/a/b move {\"id\": \"x\"}"`},
		{"good", "tides a", `{"action_name": "list"}`, `200 "tides/a list 0"`},
		{"good", "tides a async", `{"action_name": "list"}`, `501 {"error":{"code":"not_implemented"`},
		{"good", "tides", `{"action_name": "list"}`, `400 {"error":{"code":"invalid_headers"`},
		{"good", "tides a", `{}`, `400 {"error":{"code":"invalid_body"`},
		{"good", "lamps a", `{"action_name": "list"}`, `403 {"error":{"code":"forbidden"`},
		{"reader", "tides a", `{"action_name": "sink"}`, `403 {"error":{"code":"forbidden"`},
		{"proxy", "tides a", `{"action_name": "list"}`, `403 {"error":{"code":"forbidden"`},
	} {
		r := httptest.NewRequest("POST", "/action/trigger", strings.NewReader(c.body))
		for i, value := range strings.Fields(c.headers) {
			name := []string{"Provider-Config-Key", "Connection-Id", "X-Async"}[i]
			r.Header.Set(name, strings.Replace(value, "async", "true", 1))
		}
		if got := ask(r, c.key, o.Trigger); !strings.HasPrefix(got, c.want) {
			t.Errorf("%s %s by %s: got %s, want %s", c.headers, c.body, c.key, got, c.want)
		}
	}
}

// What a key may not do, it is not told of.
func TestScripts(t *testing.T) {
	o := operations()
	for _, c := range []struct {
		key, query string
		want, not  []string
	}{
		{"good", "", []string{`[{"providerConfigKey":"tides","provider":"tides","syncs":[],"actions":[{"name":"list","type":"action","description":"List them."`, `"path":"/o/tides/{connection}/move"`, `"on-events":[]`}, []string{"lamps"}},
		{"good", "?format=openai", []string{`{"data":[{"name":"list","description":"List them.","parameters":{"properties":{"cursor":`, `{"name":"move","description":"Move one. Gently.","parameters":{"properties":{"id":{"description":"Its id.","type":"string"}},"required":["id"],"type":"object"}}`}, []string{"lamps"}},
		{"reader", "?format=openai", []string{`"name":"list"`}, []string{"move", "sink"}},
		{"reader", "?format=yaml", []string{`400 {"error":{"code":"invalid_query_params"`}, nil},
		{"proxy", "", []string{`403 `}, nil},
	} {
		got := ask(httptest.NewRequest("GET", "/scripts/config"+c.query, nil), c.key, o.Scripts)
		for _, part := range c.want {
			if !strings.Contains(got, part) {
				t.Errorf("%s by %s: got %s, want %s", c.query, c.key, got, part)
			}
		}
		for _, part := range c.not {
			if strings.Contains(got, part) {
				t.Errorf("%s by %s: got %s, without %s", c.query, c.key, got, part)
			}
		}
	}
}

func TestDescribe(t *testing.T) {
	o := operations()
	got := ask(httptest.NewRequest("GET", "/o/openapi.json", nil), "reader", o.Describe)
	for _, part := range []string{
		`200 {`, `"openapi":"3.1.0"`, `"/o/lamps/{connection}/list":`, `"/o/tides/{connection}/list":`, `"operationId":"tides_list"`, `"next_cursor"`,
	} {
		if !strings.Contains(got, part) {
			t.Errorf("got %s, want %s", got, part)
		}
	}
	if strings.Contains(got, "/move") {
		t.Errorf("a key that only reads is told of what writes: %s", got)
	}
	if got := ask(httptest.NewRequest("GET", "/o/openapi.json", nil), "proxy", o.Describe); !strings.HasPrefix(got, "403 ") {
		t.Errorf("without the scope: %s", got)
	}
}
