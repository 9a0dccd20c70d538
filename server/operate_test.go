package server_test

import (
	"net/http"
	"sync/atomic"
	"testing"

	"github.com/nango-lite/nango-lite/schema"
	"github.com/nango-lite/nango-lite/server"
)

// takesAll is a checker of inputs that finds nothing.
type takesAll struct{}

func (takesAll) CheckInput(any) []schema.InputProblem { return nil }

func tideOperations() map[string]*schema.Operation {
	id := map[string]any{"type": "object", "properties": map[string]any{"id": map[string]any{"type": "string"}}, "required": []any{"id"}}
	return map[string]*schema.Operation{
		"read": {Request: schema.OperationRequest{Path: "/tides"}},
		"move": {Request: schema.OperationRequest{Method: "POST", Path: "/tides/${input.id}", Body: map[string]any{"id": "${input.id}"}}, Input: id, Checker: takesAll{}},
	}
}

func TestOperationsOverHTTP(t *testing.T) {
	s := newStage(t, nil)
	var calls atomic.Int64
	s.answerAPI(func(w http.ResponseWriter, r *http.Request) {
		calls.Add(1)
		if r.Header.Get("Authorization") != "Bearer "+accessSecret {
			t.Errorf("called with %q", r.Header.Get("Authorization"))
		}
		switch r.URL.Path {
		case "/api/tides":
			_, _ = w.Write([]byte(`{"high": "06:00"}`))
		case "/api/tides/down":
			w.WriteHeader(http.StatusServiceUnavailable)
		}
	})
	key := s.key("doer", []server.Scope{server.ScopeOperations}, "tides/user-42")
	if a := s.send("POST", "/o/tides/user-42/read", key, ``); a.StatusCode != 200 || a.body != `{"high":"06:00"}`+"\n" {
		t.Errorf("got %d %s", a.StatusCode, a.body)
	}
	if a := s.send("POST", "/o/tides/user-42/move", key, `{"id": "a/b"}`); a.StatusCode != 200 || a.body != "null\n" {
		t.Errorf("got %d %s", a.StatusCode, a.body)
	}
	before := calls.Load()
	s.want(s.send("POST", "/o/tides/user-42/move", key, `{}`), 400, "invalid_input")
	s.want(s.send("POST", "/o/tides/user-42/move", key, `{"id": ".."}`), 400, "invalid_input")
	s.want(s.send("POST", "/o/tides/user-42/move", key, `[1]`), 400, "invalid_body")
	s.want(s.send("POST", "/o/tides/user-42/nothing", key, `{}`), 404, "not_found")
	s.want(s.send("POST", "/o/tides/user-42/read/more", key, `{}`), 400, "invalid_uri_params")
	s.want(s.send("POST", "/o/tides/user-43/read", key, `{}`), 403, "forbidden")
	s.want(s.do("GET", "/o/tides/user-42/read", nil, bearer(key)...), 405, "method_not_allowed")
	s.want(s.send("POST", "/o/tides/user-42/read", s.key("reader", []server.Scope{server.ScopeRead}), `{}`), 403, "forbidden")
	if calls.Load() != before {
		t.Errorf("the provider was called %d times for what is refused", calls.Load()-before)
	}
	s.want(s.send("POST", "/o/tides/user-42/move", key, `{"id": "down"}`), 503, "unavailable")
	if n := calls.Load() - before; n != 1 {
		t.Errorf("what is not repeatable was sent %d times", n)
	}
}
