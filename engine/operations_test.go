package engine_test

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"strings"
	"syscall"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/nango-lite/nango-lite/engine"
	"github.com/nango-lite/nango-lite/schema"
)

// takes is a checker of inputs that refuses what is named bad.
type takes struct{}

func (takes) CheckInput(input any) []schema.InputProblem {
	if m, _ := input.(map[string]any); m["id"] == "bad" {
		return []schema.InputProblem{{Path: "id", Message: "it is bad"}}
	}
	return nil
}

func inputSchema(required []any, names ...string) map[string]any {
	properties := map[string]any{}
	for _, name := range names {
		properties[name] = map[string]any{}
	}
	return map[string]any{"type": "object", "required": required, "properties": properties}
}

func operations() map[string]*schema.Operation {
	id := inputSchema([]any{"id"}, "id")
	return map[string]*schema.Operation{
		"get": {Request: schema.OperationRequest{Path: "/things/${input.id}"}, Input: id, Checker: takes{},
			Output: &schema.Output{Path: "thing", Fields: map[string]string{"name": "n.short"}}},
		"create":  {Request: schema.OperationRequest{Method: "POST", Path: "/things/${input.id}", Body: map[string]any{"id": "${input.id}"}}, Input: id, Checker: takes{}},
		"search":  {Effect: schema.EffectRead, Request: schema.OperationRequest{Method: "POST", Path: "/things/${input.id}"}, Input: id, Checker: takes{}},
		"replace": {Request: schema.OperationRequest{Method: "PUT", Path: "/things/${input.id}"}, Input: id, Checker: takes{}},
		"patch":   {Repeat: schema.RepeatIdempotent, Request: schema.OperationRequest{Method: "PATCH", Path: "/things/${input.id}"}, Input: id, Checker: takes{}},
		"once":    {Repeat: schema.RepeatNever, Request: schema.OperationRequest{Method: "PUT", Path: "/things/${input.id}"}, Input: id, Checker: takes{}},
		"list":    {Request: schema.OperationRequest{Path: "/list"}, Pages: &schema.Pages{}, Output: &schema.Output{Fields: map[string]string{"k": "id"}}},
	}
}

// operated is an engine with a connection whose API is answered by f.
func operated(t *testing.T, f func(*http.Request) (*http.Response, error), change func(*schema.Integration)) *engine.Engine {
	t.Helper()
	in := &schema.Integration{
		Auth: schema.Auth{AuthMode: schema.NoAuth},
		Requests: schema.Requests{BaseURL: "https://api.acme.example/v1", Retries: &schema.Retries{TimeBetweenRetriesSec: new(0.001)},
			Pagination: &schema.Pagination{Kind: "cursor", Items: "items", Cursor: &schema.PageCursor{Response: "next", Request: "after"}}},
		Operations: operations(),
	}
	if change != nil {
		change(in)
	}
	e, err := engine.New(&schema.Config{Integrations: map[string]*schema.Integration{"acme": in}}, &engine.Options{Transport: transportFunc(f)})
	if err != nil {
		t.Fatal(err)
	}
	return e
}

type transportFunc func(*http.Request) (*http.Response, error)

func (f transportFunc) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

func jsonAnswer(r *http.Request, status int, body string) *http.Response {
	return &http.Response{StatusCode: status, Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1, Header: http.Header{"Content-Type": {"application/json"}}, Body: io.NopCloser(strings.NewReader(body)), Request: r}
}

var acmeKey = engine.Key{Integration: "acme", ConnectionID: "one"}

func TestDoPicksItsOutput(t *testing.T) {
	var asked string
	e := operated(t, func(r *http.Request) (*http.Response, error) {
		asked = r.Method + " " + r.URL.String()
		return jsonAnswer(r, 200, "\ufeff"+`{"thing": {"n": {"short": "tide"}, "x": 1}}`), nil
	}, nil)
	got, err := e.Do(t.Context(), acmeKey, "get", map[string]string{"id": "a/b"})
	if err != nil || string(got) != `{"name":"tide"}` || asked != "GET https://api.acme.example/v1/things/a%2Fb" {
		t.Errorf("got %s, %v, asked %s", got, err, asked)
	}
	out, err := engine.Call[struct{ Name string }](t.Context(), e, acmeKey, "get", struct {
		ID string `json:"id"`
	}{"a"})
	if err != nil || out.Name != "tide" {
		t.Errorf("got %+v, %v", out, err)
	}
}

// What does not fit reaches nobody, and the error tells it from all other kinds.
func TestDoRefusesBeforeItSends(t *testing.T) {
	sent := 0
	e := operated(t, func(r *http.Request) (*http.Response, error) { sent++; return jsonAnswer(r, 200, "{}"), nil }, nil)
	for _, input := range []any{nil, map[string]string{"id": ".."}, map[string]string{"id": "bad"}, map[string]string{"id": "x", "other": "y"}} {
		_, err := e.Do(t.Context(), acmeKey, "create", input)
		var invalid *engine.InputError
		if !errors.Is(err, engine.ErrInvalidInput) || !errors.As(err, &invalid) || len(invalid.Problems) != 1 {
			t.Errorf("%v: got %v", input, err)
		}
	}
	if _, err := e.Do(t.Context(), acmeKey, "nothing", nil); !errors.Is(err, engine.ErrNotFound) {
		t.Errorf("no such operation: got %v", err)
	}
	for _, err := range e.Each(t.Context(), acmeKey, "get", map[string]string{"id": "x"}) {
		if !errors.Is(err, engine.ErrUnsupported) {
			t.Errorf("no pages: got %v", err)
		}
	}
	if sent > 0 {
		t.Errorf("%d requests were sent", sent)
	}
}

// An operation that is not declared repeatable reaches the provider once, whatever the
// integration says of retries; one that is, again.
func TestDoRepeatsWhatMayBeRepeated(t *testing.T) {
	for name, c := range map[string]struct {
		fail func(*http.Request) (*http.Response, error)
		want map[string]int
	}{
		"503": {func(r *http.Request) (*http.Response, error) { return jsonAnswer(r, 503, "{}"), nil },
			map[string]int{"get": 4, "search": 4, "replace": 4, "patch": 4, "create": 1, "once": 1}},
		"connection lost": {func(*http.Request) (*http.Response, error) { return nil, io.ErrUnexpectedEOF },
			map[string]int{"get": 4, "search": 4, "replace": 4, "patch": 4, "create": 1, "once": 1}},
		"surely not sent": {func(*http.Request) (*http.Response, error) {
			return nil, &net.OpError{Op: "dial", Net: "tcp", Err: syscall.ECONNREFUSED}
		}, map[string]int{"get": 4, "search": 4, "replace": 4, "patch": 4, "create": 4, "once": 4}},
		"429": {func(r *http.Request) (*http.Response, error) { return jsonAnswer(r, 429, "{}"), nil },
			map[string]int{"get": 4, "create": 4, "once": 4}},
	} {
		for _, unsafe := range []string{"when_not_sent", "always"} {
			t.Run(name+"/"+unsafe, func(t *testing.T) {
				for operation, want := range c.want {
					sent := 0
					e := operated(t, func(r *http.Request) (*http.Response, error) { sent++; return c.fail(r) }, func(in *schema.Integration) {
						in.Requests.Retries.UnsafeMethods = unsafe
						in.Requests.Retries.Safe = []string{"POST /things/*"}
						in.Requests.Retries.MaxWaitSeconds = new(10.0)
					})
					if _, err := e.Do(t.Context(), acmeKey, operation, map[string]string{"id": "x"}); err == nil {
						t.Errorf("%s: no error", operation)
					}
					if sent != want {
						t.Errorf("%s was sent %d times, want %d", operation, sent, want)
					}
				}
			})
		}
	}
}

func TestOperationsWithPages(t *testing.T) {
	pages := map[string]string{"": `{"items": [{"id": 1, "x": 0}, {"id": 2}], "next": "b"}`, "b": `{"items": [{"id": 3}]}`}
	e := operated(t, func(r *http.Request) (*http.Response, error) {
		return jsonAnswer(r, 200, pages[r.URL.Query().Get("after")]), nil
	}, nil)
	var items []string
	for item, err := range e.Each(t.Context(), acmeKey, "list", nil) {
		if err != nil {
			t.Fatal(err)
		}
		items = append(items, string(item))
	}
	if diff := cmp.Diff([]string{`{"k":1}`, `{"k":2}`, `{"k":3}`}, items); diff != "" {
		t.Error(diff)
	}
	first, err := e.Do(t.Context(), acmeKey, "list", nil)
	if want := `{"items":[{"k":1},{"k":2}],"next_cursor":"b"}`; err != nil || string(first) != want {
		t.Errorf("got %s, %v", first, err)
	}
	second, err := e.Do(t.Context(), acmeKey, "list", map[string]string{"cursor": "b"})
	if want := `{"items":[{"k":3}]}`; err != nil || string(second) != want {
		t.Errorf("got %s, %v", second, err)
	}
}

func TestDoSaysWhatTheAnswerIsNot(t *testing.T) {
	for name, c := range map[string]struct {
		body, want string
	}{
		"no JSON":        {"a,b", "the answer is not JSON"},
		"no path":        {`{"other": 1}`, "the answer has nothing at output.path, thing"},
		"nothing at all": {"", "the answer has nothing at output.path, thing"},
	} {
		t.Run(name, func(t *testing.T) {
			e := operated(t, func(r *http.Request) (*http.Response, error) { return jsonAnswer(r, 200, c.body), nil }, nil)
			_, err := e.Do(t.Context(), acmeKey, "get", map[string]string{"id": "x"})
			if !errors.Is(err, engine.ErrInvalidResponse) || !strings.Contains(err.Error(), c.want) || !strings.Contains(err.Error(), "do get") {
				t.Errorf("got %v", err)
			}
		})
	}
	e := operated(t, func(r *http.Request) (*http.Response, error) { return jsonAnswer(r, 204, ""), nil }, nil)
	if got, err := e.Do(t.Context(), acmeKey, "create", map[string]string{"id": "x"}); err != nil || string(got) != "null" {
		t.Errorf("no body: got %s, %v", got, err)
	}
}

func TestEventsNameTheOperation(t *testing.T) {
	var names []string
	in := &schema.Integration{Auth: schema.Auth{AuthMode: schema.NoAuth}, Requests: schema.Requests{BaseURL: "https://api.acme.example"}, Operations: operations()}
	e, err := engine.New(&schema.Config{Integrations: map[string]*schema.Integration{"acme": in}}, &engine.Options{
		Transport: transportFunc(func(r *http.Request) (*http.Response, error) { return jsonAnswer(r, 200, "{}"), nil }),
		Observe:   func(_ context.Context, ev engine.Event) { names = append(names, string(ev.Kind)+" "+ev.Operation) },
	})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := e.Do(t.Context(), acmeKey, "create", map[string]string{"id": "x"}); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"attempt create", "call create"}, names); diff != "" {
		t.Error(diff)
	}
	all, err := e.Operations("acme")
	if err != nil || len(all) != 7 || all[0].Name != "create" || all[0].Does() != schema.EffectWrite {
		t.Errorf("got %v, %v", all, err)
	}
}
