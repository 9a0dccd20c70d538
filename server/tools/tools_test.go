package tools_test

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/modelcontextprotocol/go-sdk/mcp"

	"github.com/nango-lite/nango-lite/engine"
	"github.com/nango-lite/nango-lite/schema"
	"github.com/nango-lite/nango-lite/server/tools"
)

type anything struct{}

func (anything) CheckInput(any) []schema.InputProblem { return nil }

func input(names ...string) map[string]any {
	properties := map[string]any{}
	for _, name := range names {
		properties[name] = map[string]any{"type": "string", "description": "What " + name + " is."}
	}
	return map[string]any{"type": "object", "properties": properties}
}

const token = "seeded-token-5d1f"

// stage is a client of tools over an API that is answered by f.
func stage(t *testing.T, o tools.Options, operations int, ids []string, f func(*http.Request) (int, string)) *mcp.ClientSession {
	t.Helper()
	return stageOffering(t, o, nil, operations, ids, f)
}

// stageOffering offers the first of ids by name and asks others about the rest, if others
// is not nil; else it offers all.
func stageOffering(t *testing.T, o tools.Options, others func(engine.Key) bool, operations int, ids []string, f func(*http.Request) (int, string)) *mcp.ClientSession {
	t.Helper()
	in := &schema.Integration{
		Name: "acme", DisplayName: "Acme", Auth: schema.Auth{AuthMode: schema.APIKey},
		Requests: schema.Requests{BaseURL: "https://api.acme.example", Headers: map[string]string{"X-Key": "${api_key}"},
			Pagination: &schema.Pagination{Kind: "cursor", Items: "items", Cursor: &schema.PageCursor{Response: "next", Request: "after"}}},
		Notes: []schema.Note{{Text: "Things are\n  kept for a year.", Key: "operations.list_things"}, {Text: "Not about it.", Key: "requests"}},
		Operations: map[string]*schema.Operation{
			"get_thing":    {Summary: "Read a thing.", Request: schema.OperationRequest{Path: "/things/${input.id}"}, Input: input("id"), Checker: anything{}},
			"delete_thing": {Summary: "Take a thing away.", Request: schema.OperationRequest{Method: "DELETE", Path: "/things/${input.id}"}, Input: input("id"), Checker: anything{}},
			"make_thing":   {Summary: "Make a thing.", Request: schema.OperationRequest{Method: "POST", Path: "/things"}},
			"list_things":  {Summary: "List things.", Request: schema.OperationRequest{Path: "/things"}, Pages: &schema.Pages{}},
		},
	}
	for i := range operations {
		in.Operations[fmt.Sprintf("more_%d", i)] = &schema.Operation{Summary: fmt.Sprintf("Read number %d.", i), Request: schema.OperationRequest{Path: "/more"}}
	}
	e, err := engine.New(&schema.Config{Integrations: map[string]*schema.Integration{"acme": in}}, &engine.Options{
		Transport: transport(func(r *http.Request) (*http.Response, error) {
			status, body := f(r)
			return &http.Response{StatusCode: status, Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1, Header: http.Header{"Content-Type": {"application/json"}}, Body: io.NopCloser(strings.NewReader(body)), Request: r}, nil
		}),
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, id := range ids {
		k := engine.Key{Integration: "acme", ConnectionID: id}
		if id != "missing" {
			if _, err := e.Connect(t.Context(), k, engine.Credentials{APIKey: schema.NewSecret(token)}, nil); err != nil {
				t.Fatal(err)
			}
		}
		if others == nil || len(o.Offers) == 0 {
			o.Offers = append(o.Offers, tools.Offer{Engine: e, Integration: in, Key: k, Others: others})
		}
	}
	here, there := mcp.NewInMemoryTransports()
	go func() { _ = tools.New(o).Run(t.Context(), there) }()
	session, err := mcp.NewClient(&mcp.Implementation{Name: "test", Version: "1"}, nil).Connect(t.Context(), here, nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = session.Close() })
	return session
}

type transport func(*http.Request) (*http.Response, error)

func (f transport) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

func names(t *testing.T, s *mcp.ClientSession) (out []string) {
	t.Helper()
	list, err := s.ListTools(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, tool := range list.Tools {
		out = append(out, tool.Name)
	}
	return out
}

func call(t *testing.T, s *mcp.ClientSession, name string, arguments any) (string, bool) {
	t.Helper()
	r, err := s.CallTool(context.Background(), &mcp.CallToolParams{Name: name, Arguments: arguments})
	if err != nil {
		t.Fatal(err)
	}
	text := ""
	for _, c := range r.Content {
		text += c.(*mcp.TextContent).Text
	}
	if all, _ := json.Marshal(r); strings.Contains(string(all), token) {
		t.Errorf("the credential is in %s", all)
	}
	return text, r.IsError
}

func fine(*http.Request) (int, string) { return 200, `{"id": 1}` }

func TestOnlyWhatReadsIsOfferedUnlessMoreIsAllowed(t *testing.T) {
	s := stage(t, tools.Options{}, 0, []string{"one"}, fine)
	if diff := cmp.Diff([]string{"acme_get_thing", "acme_list_things"}, names(t, s)); diff != "" {
		t.Error(diff)
	}
	if _, err := s.CallTool(t.Context(), &mcp.CallToolParams{Name: "acme_delete_thing", Arguments: map[string]any{"id": "x"}}); err == nil {
		t.Error("what is not offered can be called")
	}
	s = stage(t, tools.Options{Effects: []schema.Effect{"read", "write", "destroy"}}, 0, []string{"one"}, fine)
	list, err := s.ListTools(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	hints := map[string]string{}
	for _, tool := range list.Tools {
		if told := strings.Contains(tool.Description, "Things are kept for a year."); told != (tool.Name == "acme_list_things") || strings.Contains(tool.Description, "Not about it") {
			t.Errorf("%s: %s", tool.Name, tool.Description)
		}
		a := tool.Annotations
		hints[tool.Name] = fmt.Sprintf("reads %t, destroys %t, idempotent %t", a.ReadOnlyHint, *a.DestructiveHint, a.IdempotentHint)
	}
	want := map[string]string{
		"acme_get_thing":    "reads true, destroys false, idempotent true",
		"acme_list_things":  "reads true, destroys false, idempotent true",
		"acme_make_thing":   "reads false, destroys false, idempotent false",
		"acme_delete_thing": "reads false, destroys true, idempotent true",
	}
	if diff := cmp.Diff(want, hints); diff != "" {
		t.Error(diff)
	}
}

func TestCalls(t *testing.T) {
	s := stage(t, tools.Options{MaxResult: 40, Connect: func(k engine.Key) string { return "https://connect.example/" + k.ConnectionID }}, 0, []string{"one"}, func(r *http.Request) (int, string) {
		switch {
		case r.Header.Get("X-Key") != token:
			return 401, `{}`
		case r.URL.Path == "/things/long":
			return 200, `{"text": "` + strings.Repeat("x", 200) + `"}`
		case r.URL.Path == "/things/none":
			return 404, `{"error": "no such thing"}`
		case r.URL.Path == "/things":
			return 200, `{"items": [{"id": 1}], "next": "b"}`
		}
		return 200, `{"id": 1}`
	})
	for name, c := range map[string]struct {
		tool      string
		arguments any
		want      string
		failed    bool
	}{
		"a result":        {"acme_get_thing", map[string]any{"id": "1"}, `{"id": 1}`, false},
		"a page":          {"acme_list_things", nil, `{"items":[{"id":1}],"next_cursor":"b"}`, false},
		"cut":             {"acme_get_thing", map[string]any{"id": "long"}, "[Cut: these are the first 40 of 212 bytes.", false},
		"not found":       {"acme_get_thing", map[string]any{"id": "none"}, "not_found: the provider answered with status 404", true},
		"an input":        {"acme_get_thing", map[string]any{"id": ".."}, "invalid_input", true},
		"an unknown one":  {"acme_get_thing", map[string]any{"idd": "1"}, `did you mean "id"?`, true},
		"somebody else's": {"acme_get_thing", map[string]any{"id": "1", "connection": "two"}, "connection: there is no such input", true},
	} {
		t.Run(name, func(t *testing.T) {
			text, failed := call(t, s, c.tool, c.arguments)
			if !strings.Contains(text, c.want) || failed != c.failed {
				t.Errorf("got %q, failed %t", text, failed)
			}
		})
	}
}

func TestAConnectionThatIsMissingIsSaidWithTheWayToMakeIt(t *testing.T) {
	s := stage(t, tools.Options{Connect: func(k engine.Key) string { return "https://connect.example/" + k.ConnectionID }}, 0, []string{"missing"}, fine)
	text, failed := call(t, s, "acme_get_thing", map[string]any{"id": "1"})
	if !failed || !strings.Contains(text, "A person has to connect the account: https://connect.example/missing") {
		t.Errorf("got %q", text)
	}
}

func TestSeveralConnectionsAreAnArgument(t *testing.T) {
	s := stage(t, tools.Options{}, 0, []string{"one", "two"}, fine)
	for arguments, want := range map[string]string{
		`{"id": "1"}`:                        "the argument connection is required",
		`{"id": "1", "connection": "three"}`: "there is no such connection among those that are offered",
		`{"id": "1", "connection": "two"}`:   `{"id": 1}`,
	} {
		if text, _ := call(t, s, "acme_get_thing", json.RawMessage(arguments)); !strings.Contains(text, want) {
			t.Errorf("%s: got %q", arguments, text)
		}
	}
}

func TestManyOperationsAreFoundAndCalled(t *testing.T) {
	s := stage(t, tools.Options{}, 60, []string{"one"}, fine)
	if diff := cmp.Diff([]string{"call_operation", "search_operations"}, names(t, s)); diff != "" {
		t.Error(diff)
	}
	list, _ := s.ListTools(t.Context(), nil)
	if all, _ := json.Marshal(list); len(all) > 4000 {
		t.Errorf("tools/list has %d characters", len(all))
	}
	found, _ := call(t, s, "search_operations", map[string]any{"query": "read thing"})
	if !strings.HasPrefix(found, `[{"operation":"acme_get_thing","does":"Read a thing.","effect":"read"`) || strings.Contains(found, "delete_thing") {
		t.Errorf("got %s", found)
	}
	text, failed := call(t, s, "call_operation", map[string]any{"operation": "acme_get_thing", "arguments": map[string]any{"id": "1"}})
	if text != `{"id": 1}` || failed {
		t.Errorf("got %q", text)
	}
	if text, failed := call(t, s, "call_operation", map[string]any{"operation": "acme_delete_thing", "arguments": map[string]any{"id": "1"}}); !failed || !strings.Contains(text, "no such operation") {
		t.Errorf("got %q", text)
	}
}

// A client that opens addresses for its user is asked to; when its user has connected, the
// call goes on. One that was asked before, and whose user has not, is told.
func TestClientsThatCanAreAskedToOpenTheLink(t *testing.T) {
	in := &schema.Integration{
		Name: "acme", DisplayName: "Acme", Auth: schema.Auth{AuthMode: schema.APIKey},
		Requests:   schema.Requests{BaseURL: "https://api.acme.example", Headers: map[string]string{"X-Key": "${api_key}"}},
		Operations: map[string]*schema.Operation{"get": {Summary: "Read it.", Request: schema.OperationRequest{Path: "/it"}}},
	}
	e, err := engine.New(&schema.Config{Integrations: map[string]*schema.Integration{"acme": in}}, &engine.Options{
		Transport: transport(func(r *http.Request) (*http.Response, error) {
			return &http.Response{StatusCode: 200, Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1, Header: http.Header{"Content-Type": {"application/json"}}, Body: io.NopCloser(strings.NewReader(`{"id": 1}`)), Request: r}, nil
		}),
	})
	if err != nil {
		t.Fatal(err)
	}
	k := engine.Key{Integration: "acme", ConnectionID: "new"}
	s := tools.New(tools.Options{
		Offers: []tools.Offer{{Engine: e, Integration: in, Key: k}},
		Link:   func(_ context.Context, k engine.Key) string { return "https://connect.example/" + k.ConnectionID },
	})
	connects, opened := false, ""
	here, there := mcp.NewInMemoryTransports()
	go func() { _ = s.Run(t.Context(), there) }()
	session, err := mcp.NewClient(&mcp.Implementation{Name: "test", Version: "1"}, &mcp.ClientOptions{
		Capabilities: &mcp.ClientCapabilities{Elicitation: &mcp.ElicitationCapabilities{URL: &mcp.URLElicitationCapabilities{}}},
		ElicitationHandler: func(ctx context.Context, r *mcp.ElicitRequest) (*mcp.ElicitResult, error) {
			opened = r.Params.Mode + " " + r.Params.URL
			if connects {
				_, err := e.Connect(ctx, k, engine.Credentials{APIKey: schema.NewSecret(token)}, nil)
				return &mcp.ElicitResult{Action: "accept"}, err
			}
			return &mcp.ElicitResult{Action: "decline"}, nil
		},
	}).Connect(t.Context(), here, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = session.Close() }()
	if text, failed := call(t, session, "acme_get", nil); !failed || !strings.Contains(text, "https://connect.example/new") || opened != "url https://connect.example/new" {
		t.Errorf("declined: got %q, opened %q", text, opened)
	}
	connects = true
	if text, failed := call(t, session, "acme_get", nil); failed || text != `{"id": 1}` {
		t.Errorf("accepted: got %q", text)
	}
}

// Where a key reaches more than is listed, a call names its connection, and the key is
// asked about it.
func TestConnectionsThatAreNotListed(t *testing.T) {
	others := func(k engine.Key) bool { return strings.HasPrefix(k.ConnectionID, "team-") }
	s := stageOffering(t, tools.Options{}, others, 0, []string{"one", "team-a", "other"}, fine)
	for arguments, want := range map[string]string{
		`{"id": "1"}`:                           "the argument connection is required",
		`{"id": "1", "connection": "one"}`:      `{"id": 1}`,
		`{"id": "1", "connection": "team-a"}`:   `{"id": 1}`,
		`{"id": "1", "connection": "other"}`:    "there is no such connection",
		`{"id": "1", "connection": "a\u0000b"}`: "there is no such connection",
	} {
		if text, _ := call(t, s, "acme_get_thing", json.RawMessage(arguments)); !strings.Contains(text, want) {
			t.Errorf("%s: got %q", arguments, text)
		}
	}
}

// BenchmarkList states what it costs to list 1,000 operations: as tools of their own, and
// as the pair that stands for many, made anew as for a request over HTTP.
func BenchmarkList(b *testing.B) {
	in := &schema.Integration{Name: "acme", DisplayName: "Acme", Auth: schema.Auth{AuthMode: schema.NoAuth}, Operations: map[string]*schema.Operation{}}
	for i := range 1000 {
		in.Operations[fmt.Sprintf("get_%d", i)] = &schema.Operation{
			Summary: fmt.Sprintf("Read what is numbered %d.", i), Request: schema.OperationRequest{Path: "/things/${input.id}"}, Input: input("id", "query", "colour"), Checker: anything{},
		}
	}
	o := tools.Options{Offers: []tools.Offer{{Integration: in, Key: engine.Key{Integration: "acme", ConnectionID: "one"}}}}
	ask := func(b *testing.B, h http.Handler) {
		const body = `{"jsonrpc":"2.0","id":1,"method":"tools/list","params":{}}`
		r := httptest.NewRequestWithContext(b.Context(), "POST", "/mcp", strings.NewReader(body))
		r.Header.Set("Content-Type", "application/json")
		r.Header.Set("Accept", "application/json, text/event-stream")
		w := httptest.NewRecorder()
		if h.ServeHTTP(w, r); w.Code != 200 || !strings.Contains(w.Body.String(), `"tools":[`) {
			b.Fatal(w.Code, w.Body)
		}
	}
	b.Run("each a tool", func(b *testing.B) {
		single := o
		single.MaxTools = 1000
		s := tools.New(single) // as over stdio: made once
		h := mcp.NewStreamableHTTPHandler(func(*http.Request) *mcp.Server { return s }, &mcp.StreamableHTTPOptions{Stateless: true, JSONResponse: true})
		for b.Loop() {
			ask(b, h)
		}
	})
	b.Run("search and call", func(b *testing.B) {
		for b.Loop() {
			ask(b, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { tools.ServeHTTP(w, r, o) }))
		}
	})
}
