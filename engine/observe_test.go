package engine_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/nango-lite/nango-lite/engine"
	"github.com/nango-lite/nango-lite/schema"
)

// journal keeps events as a trace would print them.
type journal struct {
	mu    sync.Mutex
	lines []string
}

func (j *journal) observe(_ context.Context, ev engine.Event) {
	j.mu.Lock()
	defer j.mu.Unlock()
	line := string(ev.Kind)
	if ev.Kind == engine.EventAttempt {
		line += fmt.Sprintf(" %d: %d", ev.Attempt, ev.Status)
	}
	if ev.Reason != "" {
		line += ": " + ev.Reason
	}
	j.lines = append(j.lines, line)
}

func TestTraceReadsLikeAnExplanation(t *testing.T) {
	for _, c := range []struct {
		name    string
		replies []reply
		method  string
		want    []string
	}{
		{"429", []reply{{status: 429, header: header("Retry-After", "1")}, {status: 200}}, "GET", []string{
			"attempt 1: 429",
			"wait: 429 Too Many Requests, Retry-After: 1: waiting 1 s before attempt 2 of 4",
			"attempt 2: 200",
			"call",
		}},
		{"503 for a POST", []reply{{status: 503}}, "POST", []string{
			"attempt 1: 503",
			"call: 503 Service Unavailable: not tried again, because POST may have been done",
		}},
		{"too long", []reply{{status: 429, header: header("Retry-After", "3600")}}, "GET", []string{
			"attempt 1: 429",
			"call: 429 Too Many Requests, Retry-After: 3600: that is longer than max_wait_seconds (1 m): retry in 1 h",
		}},
		{"reset", []reply{{err: connReset}}, "POST", []string{
			"attempt 1: 0",
			"call: connection failed: not tried again, because POST may have been done",
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				j := &journal{}
				hc := client(t, keyedEngine(t, &script{replies: c.replies}, &engine.Options{Observe: j.observe}, nil))
				j.lines = nil
				r, _ := http.NewRequest(c.method, "/x?secret=1", nil)
				_, _ = hc.Do(r)
				if got, want := strings.Join(j.lines, "\n"), strings.Join(c.want, "\n"); got != want {
					t.Errorf("got\n%s\nwant\n%s", got, want)
				}
			})
		})
	}
}

// A refused token: what was refused, the refresh, the wait for its place, and what
// was sent again are four things.
func TestTraceOfARefusedToken(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := &provider{token: answers(`{"access_token":"a1","refresh_token":"r1"}`, `{"access_token":"a2","refresh_token":"r2"}`)}
		p.api = func(r *http.Request) (int, string) {
			if r.Header.Get("Authorization") == "Bearer a1" {
				return 401, `{}`
			}
			return 200, `{}`
		}
		j, longest, ids := &journal{}, time.Duration(0), map[uint64]bool{}
		watch := func(ctx context.Context, ev engine.Event) {
			j.observe(ctx, ev)
			ids[ev.Call] = true
			if ev.Kind == engine.EventAttempt {
				longest = max(longest, ev.Duration)
			}
		}
		e := newEngine(t, p, &engine.Options{Observe: watch}, func(in *schema.Integration) {
			in.Requests.RateLimit = &schema.RateLimit{Budget: &schema.Budget{Requests: 2, PerSeconds: 1}}
		})
		connect(t, e)
		j.lines, ids = nil, map[uint64]bool{}
		if _, err := get(t, client(t, e), "/x"); err != nil {
			t.Fatal(err)
		}
		want := []string{
			"attempt 1: 401",
			"refresh: 401 Unauthorized: got a new token without a stated end",
			"wait: the budget of 2 requests in 1 s is used up: waiting 0.5 s",
			"attempt 1: 200: sent again with another token",
			"call",
		}
		if got, want := strings.Join(j.lines, "\n"), strings.Join(want, "\n"); got != want {
			t.Errorf("got\n%s\nwant\n%s", got, want)
		}
		if longest > 0 || len(ids) != 1 || ids[0] {
			t.Errorf("an attempt took %v; the calls are %v", longest, ids)
		}
	})
}

func TestTraceOfABrokenBody(t *testing.T) {
	f := newFaultServer(t)
	var events []engine.Event
	watch := func(_ context.Context, ev engine.Event) { events = append(events, ev) }
	for _, timeout := range []float64{0, 0.2} {
		events = nil
		e := keyedEngine(t, nil, &engine.Options{Observe: watch}, func(in *schema.Integration) {
			in.Requests.BaseURL, in.HTTPRequestTimeoutSeconds = f.URL, &timeout
		})
		resp, err := client(t, e).Get("/truncated/9?q=private")
		if err != nil {
			t.Fatal(err)
		}
		_, err = io.ReadAll(resp.Body)
		if !errors.Is(err, engine.ErrUnavailable) || !errors.Is(err, io.ErrUnexpectedEOF) {
			t.Errorf("the reader got %v", err)
		}
		_, again := resp.Body.Read(make([]byte, 1))
		_ = resp.Body.Close()
		last := events[len(events)-1]
		if last.Kind != engine.EventBody || last.Reason != "the answer broke off after 4 bytes" || last.Status != 200 || last.URL != f.URL+"/truncated/9" || again != err {
			t.Errorf("got %+v; a second read %v", last, again)
		}
		if n := len(events); events[n-2].Kind != engine.EventCall || events[n-2].Call != last.Call {
			t.Errorf("before it: %+v", events[n-2])
		}
	}
}

// Who has had enough breaks nothing.
func TestNoTraceOfABodyThatIsLeft(t *testing.T) {
	f := newFaultServer(t)
	var kinds []engine.EventKind
	watch := func(_ context.Context, ev engine.Event) { kinds = append(kinds, ev.Kind) }
	e := keyedEngine(t, nil, &engine.Options{Observe: watch}, func(in *schema.Integration) { in.Requests.BaseURL = f.URL })
	ctx, cancel := context.WithCancel(t.Context())
	r, _ := http.NewRequestWithContext(ctx, "GET", "/stalled/9", nil)
	resp, err := client(t, e).Do(r)
	if err != nil {
		t.Fatal(err)
	}
	cancel()
	if _, err := io.ReadAll(resp.Body); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
	_ = resp.Body.Close()
	if resp, err = client(t, e).Get("/truncated/9"); err != nil {
		t.Fatal(err)
	}
	_ = resp.Body.Close()
	_, _ = io.ReadAll(resp.Body)
	if slices.Contains(kinds, engine.EventBody) {
		t.Errorf("got %v", kinds)
	}
}

func TestTraceOfWaitsThatAreDrawn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		j := &journal{}
		hc := client(t, keyedEngine(t, &script{replies: []reply{{err: dialFailed}, {status: 200, after: 200 * time.Second}, {status: 200}}}, &engine.Options{Observe: j.observe}, nil))
		if _, err := get(t, hc, "/x"); err != nil {
			t.Fatal(err)
		}
		got := strings.Join(j.lines, "\n")
		for _, want := range []string{
			"wait: connection failed before the request was sent: waiting 0", "before attempt 2 of 4",
			"wait: no answer in the time allowed: waiting 0", "before attempt 3 of 4",
		} {
			if !strings.Contains(got, want) {
				t.Errorf("%q is not in\n%s", want, got)
			}
		}
	})
}

func TestTraceOfABudget(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		j := &journal{}
		hc := client(t, keyedEngine(t, &script{replies: []reply{{status: 200}}}, &engine.Options{Observe: j.observe}, func(in *schema.Integration) {
			in.Requests.RateLimit = &schema.RateLimit{Budget: &schema.Budget{Requests: 2, PerSeconds: 1}}
		}))
		_, _ = get(t, hc, "/x")
		_, _ = get(t, hc, "/x")
		if got, want := j.lines[3], "wait: the budget of 2 requests in 1 s is used up: waiting 0.5 s"; got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	})
}

func TestEventOfACall(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var got engine.Event
		watch := func(_ context.Context, ev engine.Event) {
			if ev.Kind == engine.EventCall {
				got = ev
			}
		}
		_, _ = get(t, client(t, keyedEngine(t, &script{replies: []reply{{status: 418, after: time.Second}}}, &engine.Options{Observe: watch}, nil)), "/a%2Fb?q=1")
		want := engine.Event{Kind: engine.EventCall, Call: got.Call, Time: time.Now(), Key: alice, Method: "GET", URL: "https://api.fjord.test/v1/a%2Fb", Status: 418, Attempt: 1, Duration: time.Second}
		if got != want || got.Call == 0 {
			t.Errorf("got\n%+v\nwant\n%+v", got, want)
		}
	})
}

func TestLogLevels(t *testing.T) {
	for _, c := range []struct {
		level string
		fine  int // lines of a call that is retried once and succeeds
		ill   int // of one that is answered with 404
		dead  int // of one that gets no answer
	}{
		{"", 1, 1, 1}, {"info", 1, 1, 1}, {"debug", 4, 2, 2}, {"silly", 4, 2, 2}, {"warn", 0, 1, 1}, {"error", 0, 0, 1}, {"silent", 0, 0, 0},
	} {
		for i, replies := range [][]reply{{{status: 503}, {status: 200}}, {{status: 404}}, {{err: unknownCert}}} {
			synctest.Test(t, func(t *testing.T) {
				var out bytes.Buffer
				logger := slog.New(slog.NewTextHandler(&out, &slog.HandlerOptions{Level: slog.LevelDebug}))
				hc := client(t, keyedEngine(t, &script{replies: replies}, &engine.Options{Logger: logger}, func(in *schema.Integration) { in.LogLevel = c.level }))
				out.Reset() // of connecting
				_, _ = get(t, hc, "/users?q=private")
				if got, want := strings.Count(out.String(), "\n"), []int{c.fine, c.ill, c.dead}[i]; got != want {
					t.Errorf("%s: %d lines, want %d:\n%s", c.level, got, want, out.String())
				}
				if strings.Contains(out.String(), "private") || strings.Contains(out.String(), "k3y") {
					t.Errorf("%s: leaks:\n%s", c.level, out.String())
				}
			})
		}
	}
}

func TestLogLine(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var out bytes.Buffer
		drop := func(_ []string, a slog.Attr) slog.Attr {
			if a.Key == slog.TimeKey {
				return slog.Attr{}
			}
			return a
		}
		logger := slog.New(slog.NewTextHandler(&out, &slog.HandlerOptions{ReplaceAttr: drop}))
		hc := client(t, keyedEngine(t, &script{replies: []reply{{status: 429, header: header("Retry-After", "1")}, {status: 200}}}, &engine.Options{Logger: logger}, nil))
		out.Reset()
		_, _ = get(t, hc, "/users?q=1")
		const want = "level=INFO msg=call integration=fjord connection=alice method=GET url=https://api.fjord.test/v1/users status=200 attempts=2 duration=1s\n"
		if out.String() != want {
			t.Errorf("got\n%swant\n%s", out.String(), want)
		}
	})
}

// TestS36_CallsTellNoSecrets seeds every field that a call uses and looks for it
// in all that a call says.
func TestS36_CallsTellNoSecrets(t *testing.T) {
	const seed = "s33d/+=&"
	spell := []string{seed, "s33d%2F%2B%3D%26", "s33d%2F+=&", "czMzZC8rPSY", "s33d"}
	broken := fmt.Errorf("Get \"https://x.test/?k=%s\": malformed HTTP response \"HTTP/1.1 %s\"", seed, seed)
	for _, last := range []reply{
		{status: 200, body: `{"error":"` + seed + `"}`}, {status: 401, body: `{"error":"` + seed + `","message":"` + seed + `"}`}, {status: 429, header: header("Retry-After", seed)},
		{status: 302, header: header("Location", "https://elsewhere.test/"+"?k="+"s33d")}, {status: 500, header: header("X-Request-Id", seed)},
		{err: broken}, {err: errors.New(seed + " in a URL /" + "s33d%2F%2B%3D%26" + "/x?k=" + seed)},
	} {
		synctest.Test(t, func(t *testing.T) {
			var out bytes.Buffer
			j := func(_ context.Context, ev engine.Event) { fmt.Fprintf(&out, "%+v\n", ev) }
			logger := slog.New(slog.NewJSONHandler(&out, &slog.HandlerOptions{Level: slog.LevelDebug}))
			e := keyedEngine(t, &script{replies: []reply{{err: dialFailed}, last}}, &engine.Options{Observe: j, Logger: logger}, func(in *schema.Integration) {
				in.LogLevel = "debug"
				in.Requests.BaseURL = "https://api.fjord.test/bot${credentials.bot}"
				in.Credentials = map[string]schema.Field{"bot": {Secret: true, Optional: true}}
				in.Requests.Headers["X-Env"] = seed
				in.Requests.Params = map[string]string{"key": "${api_key}", "env": seed}
				in.Values = []schema.Value{{Path: "requests.headers.x-env", Origin: schema.Origin{Reference: "env:X"}}, {Path: "requests.params.env", Origin: schema.Origin{Reference: "env:X"}}}
				in.Requests.Errors = &schema.Errors{Code: schema.Paths{"error"}, Message: schema.Paths{"message"}, Rules: []schema.ErrorRule{{When: schema.Condition{Body: map[string]any{"error": "*"}}, Kind: "client"}}}
			})
			_, err := e.Connect(t.Context(), alice, engine.Credentials{APIKey: secret(seed), Fields: map[string]schema.Secret{"bot": secret(seed)}}, nil)
			if err != nil {
				t.Fatal(err)
			}
			resp, err := client(t, e).Get("/users")
			fmt.Fprintf(&out, "%v\n%+v\n", err, err)
			if err == nil {
				err := engine.CheckResponse(resp)
				fmt.Fprintf(&out, "%v\n", err)
				_ = resp.Body.Close()
			}
			for name := range shownOf(resp) {
				fmt.Fprintln(&out, name)
			}
			for _, s := range spell {
				if strings.Contains(out.String(), s) {
					t.Errorf("%q after %+v is in\n%s", s, last, out.String())
					break
				}
			}
		})
	}
}

// shownOf returns what a caller who logs resp.Request would see.
func shownOf(resp *http.Response) http.Header {
	h := http.Header{}
	if resp != nil && resp.Request != nil {
		for name, values := range resp.Request.Header {
			h[fmt.Sprint(name, values)] = nil
		}
		if resp.Request.URL.Host == "api.fjord.test" { // elsewhere, the query is the Location's
			h[resp.Request.URL.RawQuery] = nil
		}
	}
	return h
}
