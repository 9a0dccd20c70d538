package call_test

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/nango-lite/nango-lite/connection"
	"github.com/nango-lite/nango-lite/engine/internal/call"
	"github.com/nango-lite/nango-lite/engine/internal/carrier"
	"github.com/nango-lite/nango-lite/engine/internal/event"
	"github.com/nango-lite/nango-lite/engine/internal/fault"
	"github.com/nango-lite/nango-lite/engine/internal/layer"
	"github.com/nango-lite/nango-lite/engine/internal/pages"
	"github.com/nango-lite/nango-lite/engine/internal/plan"
	"github.com/nango-lite/nango-lite/schema"
)

var key = connection.Key{Integration: "fjord", ConnectionID: "alice"}

// keyed is a connection that has a key and nothing else, and is its own session.
type keyed struct{}

func (keyed) Value(name string) (string, bool) { return "k3y", name == "api_key" }

func (k keyed) Load(context.Context) (layer.Snapshot, error) { return k, nil }

func (keyed) Fresh(_ context.Context, s layer.Snapshot) (layer.Snapshot, error) { return s, nil }

func (keyed) Refresh(context.Context, layer.Snapshot, string) (layer.Snapshot, error) {
	return nil, errors.New("a key is not refreshed")
}

func (keyed) Refused(layer.Snapshot) {}

// A provider answers requests without a network.
type provider func(*http.Request) *http.Response

func (p provider) RoundTrip(r *http.Request) (*http.Response, error) {
	resp := p(r)
	resp.Request = r
	return resp, nil
}

func answer(status int, body string) *http.Response {
	return &http.Response{StatusCode: status, Header: http.Header{"Content-Type": {"application/json"}}, Body: io.NopCloser(strings.NewReader(body))}
}

// newAPI returns an API that needs no store, no mode and no engine, and what is told of
// its calls.
func newAPI(t *testing.T, requests schema.Requests, p provider) (*call.API, *[]event.Event) {
	t.Helper()
	requests.BaseURL = "https://api.fjord.example/v1"
	requests.Headers = map[string]string{"X-Key": "${api_key}"}
	in, err := plan.New(&schema.Integration{Name: "fjord", Auth: schema.Auth{AuthMode: schema.APIKey}, Requests: requests})
	if err != nil {
		t.Fatal(err)
	}
	carriers, err := carrier.New(p).For(in, nil)
	if err != nil {
		t.Fatal(err)
	}
	told := &[]event.Event{}
	env := &call.Env{Now: time.Now, Watch: &event.Watch{
		Observe:  func(_ context.Context, ev event.Event) { *told = append(*told, ev) },
		Logger:   slog.New(slog.DiscardHandler),
		Now:      time.Now,
		LogLevel: func(string) (string, bool) { return "", true },
		Call:     call.Number,
	}}
	api, err := call.New(env, in, call.Options{Carriers: carriers, Open: func(connection.Key) layer.Session { return keyed{} }})
	if err != nil {
		t.Fatal(err)
	}
	return api, told
}

func TestACallNeedsAPlanAndASession(t *testing.T) {
	api, told := newAPI(t, schema.Requests{}, func(r *http.Request) *http.Response {
		if r.URL.String() != "https://api.fjord.example/v1/boats?x=1" || r.Header.Get("X-Key") != "k3y" {
			t.Errorf("sent %s with %v", r.URL, r.Header)
		}
		return answer(403, `{}`)
	})
	resp, err := api.Caller(key, nil).Client().Get("/boats?x=1")
	if err != nil {
		t.Fatal(err)
	}
	if err := call.Check(resp); fault.KindOf(err) != fault.KindDenied {
		t.Errorf("Check: got %v, want kind denied", err)
	}
	var kinds []event.Kind
	for _, ev := range *told {
		kinds = append(kinds, ev.Kind)
		if ev.Call == 0 || ev.Key != key || ev.URL != "https://api.fjord.example/v1/boats" {
			t.Errorf("told of call %d of %v at %s", ev.Call, ev.Key, ev.URL)
		}
	}
	if len(kinds) != 2 || kinds[0] != event.Attempt || kinds[1] != event.Call {
		t.Errorf("told %v, want an attempt and a call", kinds)
	}
}

func TestVerifyAndPagesAreCalls(t *testing.T) {
	asked := 0
	api, _ := newAPI(t, schema.Requests{
		Verify:     &schema.Verify{Path: "/me"},
		Pagination: &schema.Pagination{Kind: "cursor", Items: "boats", Cursor: &schema.PageCursor{Request: "after", Response: "next"}},
	}, func(r *http.Request) *http.Response {
		asked++
		switch r.URL.RequestURI() {
		case "/v1/me":
			return answer(401, `{}`)
		case "/v1/boats":
			return answer(200, `{"boats": [1, 2], "next": "b"}`)
		}
		return answer(200, `{"boats": [3]}`)
	})
	if err := api.Verify(t.Context(), key, keyed{}); fault.KindOf(err) != fault.KindReauthorize {
		t.Errorf("Verify: got %v, want kind reauthorize", err)
	}
	walk, err := api.Walk(api.Caller(key, keyed{}), call.List{List: pages.List{Key: key, Path: &url.URL{Path: "/boats"}}})
	if err != nil {
		t.Fatal(err)
	}
	items := 0
	for more := true; more; {
		page, again, err := walk.Next(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		items, more = items+len(page), again
	}
	if items != 3 || asked != 3 {
		t.Errorf("got %d items in %d requests, want 3 in 3", items, asked)
	}
}
