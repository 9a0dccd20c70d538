package engine_test

import (
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/nango-lite/nango-lite/engine"
	"github.com/nango-lite/nango-lite/schema"
)

// slackish is an API that answers 200 to everything.
func slackish(in *schema.Integration) {
	in.Requests.Retries = &schema.Retries{MaxRetries: new(int)}
	in.Requests.Errors = &schema.Errors{
		Code: schema.Paths{"error"}, Message: schema.Paths{"detail.text", "detail", "warnings.0"}, RequestID: &schema.RequestID{Body: "request"},
		Rules: []schema.ErrorRule{
			{When: schema.Condition{Code: schema.OneOrMany[string]{"invalid_auth", "token_revoked"}}, Kind: "reauthorize"},
			{When: schema.Condition{Code: schema.OneOrMany[string]{"missing_scope"}}, Kind: "denied"},
			{When: schema.Condition{Body: map[string]any{"ok": false}}, Kind: "client"},
		},
	}
	in.Notes = []schema.Note{{Text: "no condition"}, {Text: "Ask for channels:read.", When: &schema.Condition{Code: schema.OneOrMany[string]{"missing_scope"}}}}
}

func TestCheckResponse(t *testing.T) {
	problem := header("Content-Type", "application/problem+json; charset=utf-8")
	for _, c := range []struct {
		name  string
		reply reply
		want  engine.Error // Kind "" for none
	}{
		{"fine", reply{status: 200, body: `{"ok":true}`}, engine.Error{}},
		{"created", reply{status: 201, body: `{"ok":true}`}, engine.Error{}},
		{"not modified", reply{status: 304}, engine.Error{}},
		{"error in a 200", reply{status: 200, body: `{"ok":false,"error":"invalid_auth","request":"r-1"}`}, engine.Error{Kind: engine.KindReauthorize, Code: "invalid_auth", RequestID: "r-1"}},
		{"with a hint", reply{status: 200, body: `{"ok":false,"error":"missing_scope","detail":{"text":"needs channels:read"}}`}, engine.Error{Kind: engine.KindDenied, Code: "missing_scope", Message: "needs channels:read", Hint: "Ask for channels:read."}},
		{"message elsewhere", reply{status: 403, body: `{"ok":true,"detail":"","warnings":["no more berths"]}`}, engine.Error{Kind: engine.KindDenied, Message: "no more berths"}},
		{"any other", reply{status: 200, body: `{"ok":false,"error":"too <weird> to be a code"}`}, engine.Error{Kind: engine.KindClient, Code: "(unreadable)", Message: "too <weird> to be a code"}},
		{"header names the request", reply{status: 404, header: header("X-Request-Id", "r-2")}, engine.Error{Kind: engine.KindNotFound, RequestID: "r-2"}},
		{"429", reply{status: 429, header: header("Retry-After", "90")}, engine.Error{Kind: engine.KindRateLimited, RetryAfter: 90 * time.Second}},
		{"problem", reply{status: 422, header: problem, body: `{"type":"https://fjord.test/problems/no-credit","title":"No credit","detail":"Your balance is 30."}`}, engine.Error{Kind: engine.KindClient, Code: "https://fjord.test/problems/no-credit", Message: "Your balance is 30."}},
		{"blank problem", reply{status: 403, header: problem, body: `{"type":"about:blank","title":"Forbidden"}`}, engine.Error{Kind: engine.KindDenied, Message: "Forbidden"}},
		{"not JSON", reply{status: 500, body: "<html>"}, engine.Error{Kind: engine.KindUnavailable}},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				resp, err := client(t, keyedEngine(t, &script{replies: []reply{c.reply}}, nil, slackish)).Get("/x")
				if err != nil {
					t.Fatal(err)
				}
				compareError(t, engine.CheckResponse(resp), c.want, c.reply.status)
				if b, err := io.ReadAll(resp.Body); string(b) != c.reply.body || err != nil {
					t.Errorf("the body is now %q, %v", b, err)
				}
			})
		})
	}
}

func compareError(t *testing.T, err error, want engine.Error, status int) {
	t.Helper()
	if want.Kind == "" {
		if err != nil {
			t.Errorf("got %v, want nil", err)
		}
		return
	}
	var got *engine.Error
	if !errors.As(err, &got) {
		t.Fatalf("got %v", err)
	}
	if got.Kind != want.Kind || got.Code != want.Code || got.Message != want.Message || got.Hint != want.Hint || got.RequestID != want.RequestID || got.RetryAfter != want.RetryAfter || got.Status != status || got.Key != alice {
		t.Errorf("got %+v, want %+v", *got, want)
	}
	if got.Message != "" && strings.Contains(got.Error(), got.Message) {
		t.Errorf("the text %q holds the provider's words", got.Error())
	}
}

func TestS34_ProblemTypes(t *testing.T) {
	for _, name := range []string{"quota-exceeded", "temporary-reduced-capacity", "abnormal-usage-detected"} {
		for _, status := range []int{403, 429, 503} {
			resp := &http.Response{StatusCode: status, Header: header("Content-Type", "application/problem+json"), Body: io.NopCloser(strings.NewReader(`{"type":"https://iana.org/assignments/http-problem-types#` + name + `"}`)), ContentLength: -1}
			var e *engine.Error
			if err := engine.CheckResponse(resp); !errors.As(err, &e) || e.Kind != engine.KindRateLimited || e.Code != name {
				t.Errorf("%d %s: got %v", status, name, err)
			}
		}
	}
}

func TestKindsOfStatuses(t *testing.T) {
	for status, want := range map[int]engine.Kind{
		200: "", 204: "", 206: "", 304: "", 302: engine.KindInvalidResponse, 400: engine.KindClient, 401: engine.KindReauthorize, 402: engine.KindDenied, 403: engine.KindDenied,
		404: engine.KindNotFound, 405: engine.KindUnsupported, 408: engine.KindUnavailable, 409: engine.KindClient, 410: engine.KindNotFound, 415: engine.KindUnsupported, 421: engine.KindUnavailable, 422: engine.KindClient, 423: engine.KindUnavailable, 425: engine.KindUnavailable,
		429: engine.KindRateLimited, 451: engine.KindDenied, 500: engine.KindUnavailable, 501: engine.KindUnsupported, 503: engine.KindUnavailable, 599: engine.KindUnavailable,
	} {
		resp := &http.Response{StatusCode: status, Header: http.Header{}, Body: http.NoBody}
		if got := engine.ErrorKind(engine.CheckResponse(resp)); got != want {
			t.Errorf("%d: got %q, want %q", status, got, want)
		}
	}
}

// A refusal of the token is answered by a refresh once a call, whatever says so.
func TestRefusalIsAnsweredByARefresh(t *testing.T) {
	expired := schema.Condition{Body: map[string]any{"error": "token_expired"}}
	for _, c := range []struct {
		name   string
		status int
		body   string
		change func(*schema.Integration)
		method string
		stream bool
		calls  int
		final  int
	}{
		{"401", 401, `{}`, nil, "GET", false, 2, 200},
		{"401 to a POST", 401, `{}`, nil, "POST", false, 2, 200},
		{"401 to a stream", 401, `{}`, nil, "POST", true, 1, 401},
		{"refresh_on", 200, `{"error":"token_expired"}`, func(in *schema.Integration) { in.Auth.RefreshOn = []schema.Condition{expired} }, "GET", false, 2, 200},
		{"another 403", 403, `{"error":"no"}`, func(in *schema.Integration) { in.Auth.RefreshOn = []schema.Condition{expired} }, "GET", false, 1, 403},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				p := &provider{token: answers(`{"access_token":"a1","refresh_token":"r1","expires_in":3600}`, `{"access_token":"a2","refresh_token":"r2","expires_in":3600}`)}
				calls := 0
				p.api = func(r *http.Request) (int, string) {
					calls++
					if r.Header.Get("Authorization") == "Bearer a1" {
						return c.status, c.body
					}
					return 200, `{}`
				}
				e := newEngine(t, p, nil, c.change)
				connect(t, e)
				var body io.Reader = strings.NewReader("ping")
				if c.stream {
					body = io.NopCloser(body)
				}
				r, _ := http.NewRequest(c.method, "/x", body)
				resp, err := client(t, e).Do(r)
				if err != nil || resp.StatusCode != c.final || calls != c.calls {
					t.Fatalf("got %v, %v after %d calls", resp, err, calls)
				}
				if c.stream { // the refresh was not for nothing
					if status, err := get(t, client(t, e), "/x"); status != 200 || err != nil || len(p.calls) != 2 {
						t.Errorf("then got %d, %v", status, err)
					}
				}
			})
		})
	}
}

func TestRefusalForGoodEndsAfterOneRefresh(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := &provider{token: answers(`{"access_token":"a1","refresh_token":"r1","expires_in":3600}`)}
		calls := 0
		p.api = func(*http.Request) (int, string) { calls++; return 401, `{}` }
		e := newEngine(t, p, nil, nil)
		connect(t, e)
		resp, err := client(t, e).Get("/x")
		if err != nil || resp.StatusCode != 401 || calls != 2 || len(p.calls) != 2 {
			t.Fatalf("got %v, %v after %d calls and %d token requests", resp, err, calls, len(p.calls))
		}
		if err := engine.CheckResponse(resp); !errors.Is(err, engine.ErrReauthorize) {
			t.Errorf("got %v", err)
		}
	})
}

func TestVerify(t *testing.T) {
	check := func(in *schema.Integration) { in.Requests.Verify = &schema.Verify{Path: "/me"} }
	for _, c := range []struct {
		status int
		change func(*schema.Integration)
		want   engine.Kind
	}{{200, check, ""}, {401, check, engine.KindReauthorize}, {200, nil, engine.KindUnsupported}} {
		api := &script{replies: []reply{{status: c.status}}}
		e := keyedEngine(t, api, nil, c.change)
		if got := engine.ErrorKind(e.Verify(t.Context(), alice)); got != c.want {
			t.Errorf("%d: got %q, want %q", c.status, got, c.want)
		}
		if c.change != nil && api.sent[0].URL.String() != "https://api.fjord.test/v1/me" || api.open != 0 {
			t.Errorf("asked for %v, %d open", api.sent[0].URL, api.open)
		}
	}
	e := keyedEngine(t, &script{replies: []reply{{status: 401}}}, nil, check)
	bob := engine.Key{Integration: "fjord", ConnectionID: "bob"}
	if _, err := e.Connect(t.Context(), bob, engine.Credentials{APIKey: secret("b")}, &engine.ConnectOptions{Verify: true}); !errors.Is(err, engine.ErrReauthorize) {
		t.Errorf("connecting with a key that is refused: got %v", err)
	}
	if _, err := e.Connection(t.Context(), bob); !errors.Is(err, engine.ErrNotFound) {
		t.Errorf("it was stored: %v", err)
	}
}

func TestConnectionFromContext(t *testing.T) {
	var seen *engine.Connection
	rt := roundTripFunc(func(r *http.Request) (*http.Response, error) {
		seen, _ = engine.ConnectionFromContext(r.Context())
		return answer(r, 200, ""), nil
	})
	if _, err := get(t, client(t, keyedEngine(t, rt, nil, nil)), "/x"); err != nil || seen == nil || seen.Key != alice {
		t.Errorf("got %v, %v", seen, err)
	}
	if _, ok := engine.ConnectionFromContext(t.Context()); ok {
		t.Error("a context without a call has a connection")
	}
}

// Where a token is refused and the way to another is closed for now, to connect
// again would not help.
func TestRefusedTokenThatCannotBeReplaced(t *testing.T) {
	for _, c := range []struct {
		name   string
		status int
		body   string
		want   engine.Kind
	}{
		{"down", 503, `upstream connect error`, engine.KindUnavailable},
		{"our secret is wrong", 401, `{"error":"invalid_client"}`, engine.KindClient},
		{"too many", 429, `{"error":"slow_down"}`, engine.KindRateLimited},
		{"a page", 200, `<title>Just a moment</title>`, engine.KindInvalidResponse},
		{"the grant is gone", 400, `{"error":"invalid_grant"}`, engine.KindReauthorize},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				first := answers(`{"access_token":"a1","refresh_token":"r1"}`)
				p := &provider{api: func(*http.Request) (int, string) { return 401, `{}` }}
				p.token = func(call *tokenCall) (int, string) {
					if call.params.Get("grant_type") == "refresh_token" {
						return c.status, c.body
					}
					return first(call)
				}
				e := newEngine(t, p, nil, nil)
				connect(t, e)
				resp, err := client(t, e).Get("/x")
				if err != nil {
					t.Fatal(err)
				}
				err = engine.CheckResponse(resp)
				if got := engine.ErrorKind(err); got != c.want || !strings.Contains(err.Error(), "401") {
					t.Errorf("got %v, want %s", err, c.want)
				}
			})
		})
	}
	resp, err := client(t, keyedEngine(t, &script{replies: []reply{{status: 401}}}, nil, nil)).Get("/x")
	if err != nil || !errors.Is(engine.CheckResponse(resp), engine.ErrReauthorize) {
		t.Errorf("a key that is refused: got %v", err)
	}
}
