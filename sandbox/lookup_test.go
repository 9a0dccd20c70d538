package sandbox_test

import (
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/nango-lite/nango-lite/sandbox"
	"github.com/nango-lite/nango-lite/schema"
)

// yardLike has fields that are looked up: at a URL with a sample, below base_url
// without one, and elsewhere by POST.
func yardLike() *schema.Integration {
	return &schema.Integration{
		Name: "yard", Auth: schema.Auth{AuthMode: schema.APIKey}, Credentials: map[string]schema.Field{"api_key": {Pattern: "k-[0-9]+"}},
		Connection: map[string]schema.ConnectionField{
			"site": {From: schema.FromRequest, Request: &schema.LookUp{URL: "https://api.yard.example/sites"},
				List: &schema.Choices{Items: "sites", Value: "id", When: map[string]any{"kind": []any{"quay", "dock"}}}},
			"team": {From: schema.FromRequest, Path: "team.id", Request: &schema.LookUp{Path: "/team", Params: map[string]string{"v": "2"}}, Field: schema.Field{Example: "t-7"}},
			"region": {From: schema.FromRequest, Request: &schema.LookUp{Method: "POST", URL: "https://where.yard.example/find", BodyFormat: "json",
				Params: map[string]string{"key": "${api_key}", "site": "${connection.site}"}, Headers: map[string]string{"X-Find": "1"}}, Field: schema.Field{Enum: []string{"n", "s"}}},
		},
		Requests: schema.Requests{BaseURL: "https://api.yard.example/v1/${connection.site}", Headers: map[string]string{"X-Key": "${api_key}", "X-Team": "${connection.team}"}},
		Samples: []schema.Sample{
			{Kind: schema.SampleLookUp, Request: &schema.SampleRequest{Path: "/sites"}, Response: schema.SampleResponse{Body: map[string]any{"sites": []any{
				map[string]any{"id": "a", "kind": "quay"}, map[string]any{"id": "b", "kind": "crane"}, map[string]any{"id": "c", "kind": "dock"}}}}},
			{Request: &schema.SampleRequest{Path: "/ships"}, Response: schema.SampleResponse{Body: map[string]any{"ships": []any{}}}},
		},
	}
}

func TestLookUps(t *testing.T) {
	t.Parallel()
	p, err := sandbox.New(yardLike(), &sandbox.Options{NoRateLimit: true})
	if err != nil {
		t.Fatal(err)
	}
	mux := sandbox.NewMux(p)
	for _, row := range []struct {
		name, method, target, headers, body string
		status                              int
		want                                string
	}{
		{"by the sample", "GET", "api.yard.example/sites", "X-Key: k-1", "", 200, `"id":"c"`},
		{"without a key", "GET", "api.yard.example/sites", "", "", 401, "header X-Key is missing"},
		{"with a wrong key", "GET", "api.yard.example/sites", "X-Key: x", "", 401, "declared pattern"},
		{"by another method", "POST", "api.yard.example/sites", "X-Key: k-1", "", 405, "is made with GET"},
		{"made up, without what it is to find", "GET", "api.yard.example/v1/a/team?v=2", "X-Key: k-1", "", 200, `{"team":{"id":"t-7"}}`},
		{"without its parameter", "GET", "api.yard.example/v1/a/team", "X-Key: k-1", "", 400, "query parameter v is missing"},
		{"elsewhere", "POST", "where.yard.example/find", "X-Find: 1", `{"key":"k-1","site":"c"}`, 200, `{"region":"n"}`},
		{"elsewhere, without its header", "POST", "where.yard.example/find", "", `{"key":"k-1","site":"c"}`, 400, "header X-Find is missing"},
		{"elsewhere, with a wrong key", "POST", "where.yard.example/find", "X-Find: 1", `{"key":"x","site":"c"}`, 401, "declared pattern"},
		{"elsewhere, with another site", "POST", "where.yard.example/find", "X-Find: 1", `{"key":"k-1","site":"b"}`, 403, "nothing that a look-up has answered"},
		{"elsewhere, as a form", "POST", "where.yard.example/find", "X-Find: 1", `key=k-1&site=c`, 400, "Content-Type must be application/json"},
		{"a call", "GET", "api.yard.example/v1/c/ships", "X-Key: k-1\nX-Team: t-7", "", 200, `"ships"`},
		{"a call for a site that was not to choose", "GET", "api.yard.example/v1/b/ships", "X-Key: k-1\nX-Team: t-7", "", 404, "declares no URL"},
		{"a call as another team", "GET", "api.yard.example/v1/c/ships", "X-Key: k-1\nX-Team: t-8", "", 403, "nothing that a look-up has answered"},
		{"a call without its team", "GET", "api.yard.example/v1/c/ships", "X-Key: k-1", "", 400, "header X-Team is missing"},
	} {
		r := httptest.NewRequest(row.method, "/yard/"+row.target, strings.NewReader(row.body))
		for line := range strings.Lines(row.headers) {
			name, value, _ := strings.Cut(strings.TrimSpace(line), ": ")
			r.Header.Set(name, value)
		}
		r.Header.Set("Content-Type", "application/json")
		if !strings.HasPrefix(row.body, "{") {
			r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		}
		w := httptest.NewRecorder()
		mux.ServeHTTP(w, r)
		if w.Code != row.status || !strings.Contains(w.Body.String()+w.Header().Get(sandbox.RefusalHeader), row.want) {
			t.Errorf("%s: got %d %s %s, want %d with %s", row.name, w.Code, w.Header().Get(sandbox.RefusalHeader), w.Body, row.status, row.want)
		}
	}
}

// The integration that is played stays as it was given.
func TestLookUpsChangeNothing(t *testing.T) {
	t.Parallel()
	i := yardLike()
	if _, err := sandbox.New(i, nil); err != nil {
		t.Fatal(err)
	}
	if f := i.Connection["site"]; f.Enum != nil || f.Example != "" {
		t.Errorf("got %+v", f)
	}
}
