package engine_test

import (
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/nango-lite/nango-lite/engine"
	"github.com/nango-lite/nango-lite/schema"
)

// says answers every call in the same way.
type says struct {
	status int
	header http.Header
	body   string
}

func (s says) RoundTrip(r *http.Request) (*http.Response, error) {
	resp := answer(r, s.status, s.body)
	resp.Header = s.header.Clone()
	return resp, nil
}

func (s says) PublicOnly() http.RoundTripper { return s }

func saysEngine(t *testing.T, s says, change func(*schema.Requests)) *engine.Engine {
	t.Helper()
	in := &schema.Integration{Auth: schema.Auth{AuthMode: schema.NoAuth}, Requests: schema.Requests{BaseURL: "https://api.fjord.test"}}
	change(&in.Requests)
	e, err := engine.New(&schema.Config{Integrations: map[string]*schema.Integration{"fjord": in}}, &engine.Options{Transport: s})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := e.Connect(t.Context(), alice, engine.Credentials{}, nil); err != nil {
		t.Fatal(err)
	}
	return e
}

// What is declared about bodies applies however the body is labelled and coded, and
// whether or not it is long.
func TestDeclaredRulesSeeTheBody(t *testing.T) {
	var packed bytes.Buffer
	z := gzip.NewWriter(&packed)
	_, _ = z.Write([]byte(`{"ok":false,"error":"no_berth"}`))
	_ = z.Close()
	const failed = `{"ok":false,"error":"no_berth"}`
	for name, s := range map[string]says{
		"a page":           {200, http.Header{"Content-Type": {"text/html; charset=utf-8"}}, failed},
		"bytes":            {200, http.Header{"Content-Type": {"application/octet-stream"}}, failed},
		"x-json":           {200, http.Header{"Content-Type": {"application/x-json"}}, failed},
		"JSON-RPC":         {200, http.Header{"Content-Type": {"application/json-rpc"}}, failed},
		"text/json":        {200, http.Header{"Content-Type": {"text/json"}}, failed},
		"a mark before it": {200, http.Header{"Content-Type": {"application/json"}}, "\ufeff" + failed},
		"long":             {200, http.Header{"Content-Type": {"application/json"}}, `{"a":"` + strings.Repeat("x", 200<<10) + `",` + failed[1:]},
		"packed":           {200, http.Header{"Content-Type": {"application/json"}, "Content-Encoding": {"gzip"}}, packed.String()},
	} {
		t.Run(name, func(t *testing.T) {
			e := saysEngine(t, s, func(r *schema.Requests) {
				r.Errors = &schema.Errors{Code: schema.Paths{"error"}, Rules: []schema.ErrorRule{{When: schema.Condition{Body: map[string]any{"ok": false}}, Kind: "not_found"}}}
			})
			client, err := e.Client(alice)
			if err != nil {
				t.Fatal(err)
			}
			resp, err := client.Get("/x")
			if err != nil {
				t.Fatal(err)
			}
			defer resp.Body.Close()
			var e2 *engine.Error
			if err := engine.CheckResponse(resp); !errors.As(err, &e2) || e2.Kind != engine.KindNotFound || e2.Code != "no_berth" {
				t.Errorf("got %v", err)
			}
		})
	}
}

// What is declared and does not apply is said, once: be the length of a body told or not,
// as it is not of one that comes in chunks.
func TestUnseenBodiesAreSaid(t *testing.T) {
	long := `{"a":"` + strings.Repeat("x", 2<<20) + `","ok":false}`
	asJSON := http.Header{"Content-Type": {"application/json"}}
	for name, c := range map[string]struct {
		says http.RoundTripper
		want string
	}{
		"coded":             {says{200, http.Header{"Content-Type": {"application/json"}, "Content-Encoding": {"br"}}, "x"}, "Content-Encoding that is not undone here"},
		"long":              {says{200, asJSON, long}, "the body is longer than 1 MiB"},
		"long, in chunks":   {inChunks{says{200, asJSON, long}}, "the body is longer than 1 MiB"},
		"a page, in chunks": {inChunks{says{200, http.Header{"Content-Type": {"text/html"}}, "<html>" + long}}, ""},
	} {
		t.Run(name, func(t *testing.T) { testUnseen(t, c.says, c.want) })
	}
}

// inChunks does not tell how long bodies are.
type inChunks struct{ says }

func (c inChunks) RoundTrip(r *http.Request) (*http.Response, error) {
	resp, err := c.says.RoundTrip(r)
	resp.ContentLength = -1
	return resp, err
}

func testUnseen(t *testing.T, s http.RoundTripper, want string) {
	in := &schema.Integration{Auth: schema.Auth{AuthMode: schema.NoAuth}, Requests: schema.Requests{BaseURL: "https://api.fjord.test", Errors: &schema.Errors{
		Rules: []schema.ErrorRule{{When: schema.Condition{Body: map[string]any{"ok": false}}, Kind: "not_found"}},
	}}}
	var reasons []string
	e, err := engine.New(&schema.Config{Integrations: map[string]*schema.Integration{"fjord": in}}, &engine.Options{
		Transport: s, Observe: func(_ context.Context, ev engine.Event) { reasons = append(reasons, ev.Reason) },
	})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := e.Connect(t.Context(), alice, engine.Credentials{}, nil); err != nil {
		t.Fatal(err)
	}
	client, err := e.Client(alice)
	if err != nil {
		t.Fatal(err)
	}
	resp, err := client.Get("/x")
	if err != nil {
		t.Fatal(err)
	}
	_ = resp.Body.Close()
	const and = ", so what is declared about bodies does not apply"
	all := strings.Join(reasons, "|")
	if n := strings.Count(all, and); n > 1 || (n == 1) != (want != "") || !strings.Contains(all, want) {
		t.Errorf("said: %s; want %q once", all, want)
	}
}

// A limit that is told in prose alone is seen, and a place that tells the end of another
// limit does not count.
func TestLimitToldInProse(t *testing.T) {
	for text, want := range map[string]engine.Kind{
		"You have exceeded a Secondary Rate Limit. Please wait.": engine.KindRateLimited, "Slow down: 7 in a row": engine.KindRateLimited, "slow": engine.KindDenied, "Do not slow down": engine.KindDenied,
	} {
		synctest.Test(t, func(t *testing.T) {
			s := says{403, http.Header{"Content-Type": {"application/json"}, "X-Left": {"28"}, "X-Reset": {"3000"}}, `{"message":"` + text + `"}`}
			sixty := 60.0
			e := saysEngine(t, s, func(r *schema.Requests) {
				zero := 0
				r.Retries = &schema.Retries{MaxRetries: &zero}
				r.RateLimit = &schema.RateLimit{
					Detect:             []schema.Condition{{Body: map[string]any{"message": map[string]any{"contains": []any{"secondary rate limit", "x-x"}, "prefix": "slow down"}}}},
					Wait:               []schema.Wait{{Header: "X-Reset", Format: "seconds", When: &schema.Condition{Header: map[string]string{"X-Left": "0"}}}},
					DefaultWaitSeconds: &sixty,
				}
			})
			client, err := e.Client(alice)
			if err != nil {
				t.Fatal(err)
			}
			resp, err := client.Get("/x")
			if err != nil {
				t.Fatal(err)
			}
			defer resp.Body.Close()
			var known *engine.Error
			if err := engine.CheckResponse(resp); !errors.As(err, &known) || known.Kind != want || want == engine.KindRateLimited && known.RetryAfter != time.Minute {
				t.Errorf("%s: got %v after %v", text, err, known)
			}
		})
	}
}
