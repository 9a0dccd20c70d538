package engine_test

import (
	"errors"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/nango-lite/nango-lite/engine"
	"github.com/nango-lite/nango-lite/schema"
)

// get makes a call and closes its answer.
func get(t *testing.T, c *http.Client, path string) (int, error) {
	t.Helper()
	resp, err := c.Get(path)
	if err != nil {
		return 0, err
	}
	_ = resp.Body.Close()
	return resp.StatusCode, nil
}

func TestS30_429WithoutRetryAfter(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		api := &script{replies: []reply{{status: 429}, {status: 429}, {status: 200}}}
		start := time.Now()
		if status, err := get(t, client(t, keyedEngine(t, api, nil, nil)), "/x"); status != 200 || err != nil {
			t.Errorf("got %d, %v", status, err)
		}
		// Half of 0.5 s and of 1 s is not left to chance.
		if waited := time.Since(start); waited < 750*time.Millisecond || waited > 1500*time.Millisecond {
			t.Errorf("waited %v", waited)
		}
	})
}

// A moment that has passed, and a wait of nothing, are no leave to ask without a pause.
func TestWaitsThatAreOver(t *testing.T) {
	for _, h := range []http.Header{header("X-Reset", "5"), header("Retry-After", "0"), header("Retry-After", "Thursday, 01-Jan-70 00:00:09 GMT")} {
		synctest.Test(t, func(t *testing.T) {
			api := &script{replies: []reply{{status: 429, header: h}, {status: 200}}}
			start := time.Now()
			_, err := get(t, client(t, keyedEngine(t, api, nil, func(in *schema.Integration) {
				in.Requests.RateLimit = &schema.RateLimit{Wait: []schema.Wait{{Header: "X-Reset", Format: "epoch_seconds"}}}
			})), "/x")
			if waited := time.Since(start); err != nil || len(api.sent) != 2 || waited < 250*time.Millisecond || waited > 500*time.Millisecond {
				t.Errorf("%v: %d attempts after %v, %v", h, len(api.sent), waited, err)
			}
		})
	}
}

func TestDetection(t *testing.T) {
	now := time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC) // where a bubble's clock begins
	limit := func(in *schema.Integration) {
		in.Requests.RateLimit = &schema.RateLimit{
			Detect: []schema.Condition{
				{Status: schema.OneOrMany[int]{403}, Header: map[string]string{"X-Left": "0"}},
				{Status: schema.OneOrMany[int]{200}, Body: map[string]any{"error": "slow_down"}},
				{Status: schema.OneOrMany[int]{429, 529}},
			},
			DefaultWaitSeconds: new(30.0),
			Wait:               []schema.Wait{{Header: "X-Reset", Format: "epoch_seconds"}, {Body: "wait_ms", Format: "milliseconds"}},
		}
	}
	for _, c := range []struct {
		name  string
		reply reply
		want  time.Duration
	}{
		{"header", reply{status: 403, header: http.Header{"X-Left": {"0"}, "X-Reset": {strconv.FormatInt(now.Unix()+20, 10)}}}, 20 * time.Second},
		{"body", reply{status: 200, body: `{"error":"slow_down","wait_ms":2500}`}, 2500 * time.Millisecond},
		{"status", reply{status: 529, header: header("Retry-After", "7")}, 7 * time.Second},
		{"date", reply{status: 429, header: header("Retry-After", "Saturday, 01-Jan-00 00:00:09 GMT")}, 9 * time.Second},
		{"RateLimit", reply{status: 429, header: header("Ratelimit", `"default";r=0;t=4`)}, 4 * time.Second},
		{"not a word", reply{status: 429}, 30 * time.Second},
		{"problem", reply{status: 503, header: header("Content-Type", "application/problem+json"), body: `{"type":"https://iana.org/assignments/http-problem-types#quota-exceeded","wait_ms":1500}`}, 1500 * time.Millisecond},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				api := &script{replies: []reply{c.reply, {status: 200}}}
				r, _ := http.NewRequest("POST", "/x", strings.NewReader("ping"))
				start := time.Now()
				resp, err := client(t, keyedEngine(t, api, nil, limit)).Do(r)
				if err != nil || resp.StatusCode != 200 || len(api.sent) != 2 || time.Since(start) != c.want {
					t.Errorf("got %v, %v after %d attempts and %v; want %v", resp, err, len(api.sent), time.Since(start), c.want)
				}
			})
		})
	}
}

// An answer that is waited for as a limit is told as one, though a rule calls its status
// something else; a rule for a code of a 429 is more exact than the status, and counts.
func TestALimitIsToldAsOne(t *testing.T) {
	statuses := func(n ...int) schema.OneOrMany[int] { return n }
	byText := schema.Condition{Status: statuses(403), Body: map[string]any{"message": map[string]any{"contains": "secondary rate limit"}}}
	left := schema.Condition{Status: statuses(403), Header: map[string]string{"X-Left": "0"}}
	denied := schema.ErrorRule{When: schema.Condition{Status: statuses(403)}, Kind: "denied"}
	spent := schema.ErrorRule{When: schema.Condition{Code: schema.OneOrMany[string]{"insufficient_quota"}}, Kind: "denied"}
	failed := schema.ErrorRule{When: schema.Condition{Body: map[string]any{"ok": false}}, Kind: "client"}
	for name, c := range map[string]struct {
		detect []schema.Condition
		rules  []schema.ErrorRule
		reply  reply
		want   engine.Kind
	}{
		"by its text":          {[]schema.Condition{{Status: statuses(429)}, byText}, []schema.ErrorRule{denied}, reply{status: 403, body: `{"message":"a secondary rate limit"}`}, engine.KindRateLimited},
		"by a header":          {[]schema.Condition{left}, []schema.ErrorRule{denied}, reply{status: 403, header: http.Header{"X-Left": {"0"}}}, engine.KindRateLimited},
		"another 403":          {[]schema.Condition{left, byText}, []schema.ErrorRule{denied}, reply{status: 403, body: `{"message":"no"}`}, engine.KindDenied},
		"a failure in a 200":   {[]schema.Condition{{Body: map[string]any{"error": "slow"}}}, []schema.ErrorRule{failed}, reply{status: 200, body: `{"ok":false,"error":"slow"}`}, engine.KindRateLimited},
		"a code of a 429":      {nil, []schema.ErrorRule{spent}, reply{status: 429, body: `{"error":"insufficient_quota"}`}, engine.KindDenied},
		"a declared 429":       {[]schema.Condition{{Status: statuses(429)}}, []schema.ErrorRule{spent}, reply{status: 429, body: `{"error":"insufficient_quota"}`}, engine.KindDenied},
		"a 429 without a code": {nil, []schema.ErrorRule{spent}, reply{status: 429, body: `{"error":"x"}`}, engine.KindRateLimited},
	} {
		t.Run(name, func(t *testing.T) {
			e := keyedEngine(t, &script{replies: []reply{c.reply}}, nil, func(in *schema.Integration) {
				in.Requests.RateLimit = &schema.RateLimit{Detect: c.detect, DefaultWaitSeconds: new(60.0)}
				in.Requests.Errors = &schema.Errors{Code: schema.Paths{"error"}, Rules: c.rules}
				in.Requests.Retries = &schema.Retries{MaxRetries: new(0)}
			})
			resp, err := client(t, e).Get("/x")
			if err != nil {
				t.Fatal(err)
			}
			defer resp.Body.Close()
			var known *engine.Error
			if err := engine.CheckResponse(resp); !errors.As(err, &known) || known.Kind != c.want || (c.want == engine.KindRateLimited) != (known.RetryAfter == time.Minute) {
				t.Errorf("got %v, want %s", err, c.want)
			}
		})
	}
}

// So it is with an answer that is declared to refuse the token.
func TestARefusedTokenIsToldAsOne(t *testing.T) {
	expired := schema.Condition{Status: schema.OneOrMany[int]{403}, Code: schema.OneOrMany[string]{"token_expired"}}
	for name, c := range map[string]struct {
		rule schema.Condition
		body string
		want engine.Kind
	}{
		"a rule for the status": {schema.Condition{Status: schema.OneOrMany[int]{403}}, `{"error":"token_expired"}`, engine.KindReauthorize},
		"another answer":        {schema.Condition{Status: schema.OneOrMany[int]{403}}, `{"error":"no_scope"}`, engine.KindDenied},
		"a rule for the code":   {schema.Condition{Code: schema.OneOrMany[string]{"token_expired"}}, `{"error":"token_expired"}`, engine.KindDenied},
	} {
		t.Run(name, func(t *testing.T) {
			e := keyedEngine(t, &script{replies: []reply{{status: 403, body: c.body}}}, nil, func(in *schema.Integration) {
				in.Auth.RefreshOn = []schema.Condition{expired}
				in.Requests.Errors = &schema.Errors{Code: schema.Paths{"error"}, Rules: []schema.ErrorRule{{When: c.rule, Kind: "denied"}}}
			})
			resp, err := client(t, e).Get("/x")
			if err != nil {
				t.Fatal(err)
			}
			defer resp.Body.Close()
			if err := engine.CheckResponse(resp); engine.ErrorKind(err) != c.want {
				t.Errorf("got %v, want %s", err, c.want)
			}
		})
	}
}

func TestNothingIsSentWhileNothingIsLeft(t *testing.T) {
	for _, h := range []http.Header{
		{"X-Left": {"0"}, "X-Reset": {"30"}},
		{"Ratelimit": {`"default";r=0;t=30`}},
	} {
		synctest.Test(t, func(t *testing.T) {
			api := &script{replies: []reply{{status: 200, header: h}, {status: 200}}}
			e := keyedEngine(t, api, nil, func(in *schema.Integration) {
				in.Requests.RateLimit = &schema.RateLimit{Remaining: &schema.Remaining{Header: "X-Left", Reset: &schema.Reset{Header: "X-Reset", Format: "seconds"}}}
			})
			c := client(t, e)
			_, _ = get(t, c, "/a")
			if got := e.Limits("fjord"); len(got) != 1 || time.Until(got[0].PausedUntil) != 30*time.Second || got[0].ConnectionID != "alice" {
				t.Errorf("the state is %+v", got)
			}
			start := time.Now()
			if _, err := get(t, c, "/b"); err != nil || time.Since(start) != 30*time.Second {
				t.Errorf("waited %v, %v", time.Since(start), err)
			}
		})
	}
}

func TestPauseThatIsTooLongIsSaidAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		api := &script{replies: []reply{{status: 429, header: header("Retry-After", "600")}}}
		e := keyedEngine(t, api, nil, nil)
		c := client(t, e)
		if status, err := get(t, c, "/a"); status != 429 || err != nil {
			t.Fatalf("got %d, %v", status, err)
		}
		_, err := get(t, c, "/b")
		var limit *engine.Error
		if !errors.As(err, &limit) || limit.Kind != engine.KindRateLimited || limit.RetryAfter != 10*time.Minute || len(api.sent) != 1 {
			t.Errorf("got %v; %d were sent", err, len(api.sent))
		}
		// Nobody has said whose limit it is, so another connection may try.
		bob := engine.Key{Integration: "fjord", ConnectionID: "bob"}
		if _, err := e.Connect(t.Context(), bob, engine.Credentials{APIKey: secret("b")}, nil); err != nil {
			t.Fatal(err)
		}
		other, _ := e.Client(bob)
		if status, err := get(t, other, "/b"); status != 429 || err != nil {
			t.Errorf("bob got %d, %v", status, err)
		}
	})
}

// Two hosts with many goroutines each share an engine; the provider counts.
func TestBudgetIsNeverExceeded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		api := &script{replies: []reply{{status: 200}, {status: 401}, {status: 200}}}
		e := keyedEngine(t, api, nil, func(in *schema.Integration) {
			in.Requests.RateLimit = &schema.RateLimit{Budget: &schema.Budget{Requests: 3, PerSeconds: 1}}
		})
		var wg sync.WaitGroup
		for range 2 {
			c := client(t, e)
			for range 30 {
				wg.Go(func() {
					if _, err := get(t, c, "/x"); err != nil {
						t.Error(err)
					}
				})
			}
		}
		time.Sleep(5 * time.Second)
		if err := e.Reload(configOf(t, func(in *schema.Integration) {
			in.Requests.RateLimit = &schema.RateLimit{Budget: &schema.Budget{Requests: 3, PerSeconds: 1}}
		})); err != nil {
			t.Error(err)
		}
		for range 5 { // the new configuration inherits the line
			wg.Go(func() { _, _ = get(t, client(t, e), "/x") })
		}
		wg.Wait()
		for i := range api.at {
			n := 0
			for j := i; j < len(api.at) && api.at[j].Sub(api.at[i]) < time.Second; j++ {
				n++
			}
			if n > 3 {
				t.Fatalf("%d requests within a second of request %d", n, i)
			}
		}
		if len(api.at) != 65 {
			t.Errorf("%d requests were sent", len(api.at))
		}
	})
}

func configOf(t *testing.T, change func(*schema.Integration)) *schema.Config {
	t.Helper()
	in := &schema.Integration{Auth: schema.Auth{AuthMode: schema.APIKey}, Requests: schema.Requests{BaseURL: "https://api.fjord.test/v1", Headers: map[string]string{"Authorization": "Bearer ${api_key}"}}}
	change(in)
	return &schema.Config{Integrations: map[string]*schema.Integration{"fjord": in}}
}

// A request that is sent again with a new token is one more to the provider.
func TestReplayCountsAgainstTheBudget(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := &provider{token: answers(`{"access_token":"a1","refresh_token":"r1","expires_in":3600}`, `{"access_token":"a2","refresh_token":"r2","expires_in":3600}`)}
		var at []time.Time
		p.api = func(r *http.Request) (int, string) {
			at = append(at, time.Now())
			if r.Header.Get("Authorization") == "Bearer a1" {
				return 401, `{}`
			}
			return 200, `{}`
		}
		e := newEngine(t, p, nil, func(in *schema.Integration) {
			in.Requests.RateLimit = &schema.RateLimit{Budget: &schema.Budget{Requests: 1, PerSeconds: 10}}
		})
		connect(t, e)
		if status, err := get(t, client(t, e), "/x"); status != 200 || err != nil {
			t.Fatalf("got %d, %v", status, err)
		}
		if len(at) != 2 || at[1].Sub(at[0]).Round(time.Millisecond) != 10*time.Second {
			t.Errorf("sent at %v", at)
		}
	})
}
