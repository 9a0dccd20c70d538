package operate_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/nango-lite/nango-lite/engine"
	"github.com/nango-lite/nango-lite/server/internal/access"
	"github.com/nango-lite/nango-lite/server/internal/answer"
	"github.com/nango-lite/nango-lite/server/internal/apikey"
	"github.com/nango-lite/nango-lite/server/internal/operate"
)

// echo answers with what it was asked for.
type echo struct{}

func (echo) Do(_ context.Context, k engine.Key, operation string, input any) (json.RawMessage, error) {
	if operation == "missing" {
		return nil, &engine.Error{Kind: engine.KindNotFound}
	}
	return json.Marshal(fmt.Sprintf("%s %s %v", k, operation, len(input.(map[string]json.RawMessage))))
}

type keys map[string]*apikey.Key

func (k keys) Find(_ context.Context, text string) (*apikey.Key, error) { return k[text], nil }

func TestServe(t *testing.T) {
	o := &operate.Operations{Engine: echo{}, Guard: &access.Guard{Limit: &access.Limiter{}, Keys: keys{
		"good":  {Name: "good", Scopes: []apikey.Scope{apikey.ScopeOperations}, Connections: []string{"tides/*"}},
		"proxy": {Name: "proxy", Scopes: []apikey.Scope{apikey.ScopeProxy}},
	}}}
	for _, c := range []struct{ key, method, target, body, want string }{
		{"good", "POST", "/o/tides/a%2Fb/search", `{"q": "x"}`, `200 "tides/a/b search 1"`},
		{"good", "POST", "/o/tides/a/search", ``, `200 "tides/a search 0"`},
		{"good", "POST", "/o/tides/a/missing", ``, `404 {"error":{"code":"not_found"`},
		{"good", "GET", "/o/tides/a/search", ``, `405 {"error":{"code":"method_not_allowed"`},
		{"good", "POST", "/o/tides/a/search?q=x", ``, `400 {"error":{"code":"invalid_query_params"`},
		{"good", "POST", "/o/tides/a/b/search", ``, `400 {"error":{"code":"invalid_uri_params"`},
		{"good", "POST", "/o/tides/a/", ``, `400 {"error":{"code":"invalid_uri_params"`},
		{"good", "POST", "/o/lamps/a/search", ``, `403 {"error":{"code":"forbidden"`},
		{"proxy", "POST", "/o/tides/a/search", ``, `403 {"error":{"code":"forbidden"`},
		{"bad", "POST", "/o/tides/a/search", ``, `401 {"error":{"code":"unknown_api_key"`},
	} {
		r, rec := httptest.NewRequest(c.method, c.target, strings.NewReader(c.body)), httptest.NewRecorder()
		r.Header.Set("Authorization", "Bearer "+c.key)
		r.Header.Set("Content-Type", "application/json")
		o.Serve((&answer.Options{Now: time.Now, MaxBodyBytes: 1 << 10}).Begin(rec, r), r.URL.EscapedPath())
		if got := fmt.Sprint(rec.Code, " ", rec.Body); !strings.HasPrefix(got, c.want) {
			t.Errorf("%s %s by %s: got %s, want %s", c.method, c.target, c.key, got, c.want)
		}
	}
}
