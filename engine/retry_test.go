package engine_test

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"net"
	"net/http"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/nango-lite/nango-lite/engine"
	"github.com/nango-lite/nango-lite/schema"
)

var (
	dialFailed   = &net.OpError{Op: "dial", Net: "tcp", Err: syscall.ECONNREFUSED}
	connReset    = &net.OpError{Op: "read", Net: "tcp", Err: syscall.ECONNRESET}
	noSuchHost   = &net.DNSError{Err: "no such host", Name: "api.fjord.test", IsNotFound: true}
	unknownCert  = &tls.CertificateVerificationError{Err: x509.UnknownAuthorityError{}}
	header       = func(pairs ...string) http.Header { return http.Header{pairs[0]: {pairs[1]}} }
	retriedUntil = 3500 * time.Millisecond // 0.5 + 1 + 2 s, the longest that jitter gives
)

// A call of the matrix: what is sent under which policy.
type kindOfCall struct {
	name, method, body string // body: "", replayable or stream
	change             func(*schema.Retries)
}

var kindsOfCalls = []kindOfCall{
	{"GET", "GET", "", nil},
	{"PUT", "PUT", "replayable", nil},
	{"PUT stream", "PUT", "stream", nil},
	{"POST", "POST", "replayable", nil},
	{"POST without body", "POST", "", nil},
	{"POST stream", "POST", "stream", nil},
	{"POST never", "POST", "replayable", func(r *schema.Retries) { r.UnsafeMethods = "never" }},
	{"POST always", "POST", "replayable", func(r *schema.Retries) { r.UnsafeMethods = "always" }},
	{"POST with key", "POST", "replayable", func(r *schema.Retries) { r.IdempotencyKey = "Idempotency-Key" }},
	{"POST safe", "POST", "replayable", func(r *schema.Retries) { r.Safe = []string{"POST /things/*/query"} }},
}

// The matrix: each fault, for ever, with the attempts that each kind of call
// makes of it, how long the longest of them takes, and what the caller gets.
func TestRetryMatrix(t *testing.T) {
	for _, c := range []struct {
		fault    string
		reply    reply
		attempts [10]int // as kindsOfCalls
		waited   time.Duration
		exact    bool
		status   int
		kind     engine.Kind // of the error, or of CheckResponse
	}{
		{"fine", reply{status: 200}, [10]int{1, 1, 1, 1, 1, 1, 1, 1, 1, 1}, 0, true, 200, ""},
		{"429", reply{status: 429, header: header("Retry-After", "1")}, [10]int{4, 4, 1, 4, 4, 1, 4, 4, 4, 4}, 3 * time.Second, true, 429, engine.KindRateLimited},
		{"429 for an hour", reply{status: 429, header: header("Retry-After", "3600")}, [10]int{1, 1, 1, 1, 1, 1, 1, 1, 1, 1}, 0, true, 429, engine.KindRateLimited},
		{"429 for nonsense", reply{status: 429, header: header("Retry-After", "9999999999")}, [10]int{4, 4, 1, 4, 4, 1, 4, 4, 4, 4}, retriedUntil, false, 429, engine.KindRateLimited},
		{"503", reply{status: 503}, [10]int{4, 4, 1, 1, 1, 1, 1, 4, 4, 4}, retriedUntil, false, 503, engine.KindUnavailable},
		{"503 for 2 s", reply{status: 503, header: header("Retry-After", "2")}, [10]int{4, 4, 1, 1, 1, 1, 1, 4, 4, 4}, 6 * time.Second, true, 503, engine.KindUnavailable},
		{"500", reply{status: 500}, [10]int{1, 1, 1, 1, 1, 1, 1, 1, 1, 1}, 0, true, 500, engine.KindUnavailable},
		{"404", reply{status: 404}, [10]int{1, 1, 1, 1, 1, 1, 1, 1, 1, 1}, 0, true, 404, engine.KindNotFound},
		{"dial", reply{err: dialFailed}, [10]int{4, 4, 1, 4, 4, 1, 1, 4, 4, 4}, retriedUntil, false, 0, engine.KindUnavailable},
		{"DNS", reply{err: noSuchHost}, [10]int{4, 4, 1, 4, 4, 1, 1, 4, 4, 4}, retriedUntil, false, 0, engine.KindUnavailable},
		{"reset", reply{err: connReset}, [10]int{4, 4, 1, 1, 1, 1, 1, 4, 4, 4}, retriedUntil, false, 0, engine.KindUnavailable},
		{"EOF", reply{err: io.ErrUnexpectedEOF}, [10]int{4, 4, 1, 1, 1, 1, 1, 4, 4, 4}, retriedUntil, false, 0, engine.KindUnavailable},
		{"silence", reply{status: 200, after: time.Hour}, [10]int{4, 4, 1, 1, 1, 1, 1, 4, 4, 4}, retriedUntil + 400*time.Second, false, 0, engine.KindUnavailable},
		{"certificate", reply{err: unknownCert}, [10]int{1, 1, 1, 1, 1, 1, 1, 1, 1, 1}, 0, true, 0, engine.KindUnavailable},
	} {
		for i, call := range kindsOfCalls {
			t.Run(c.fault+"/"+call.name, func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					api := &script{replies: []reply{c.reply}}
					policy := &schema.Retries{}
					if call.change != nil {
						call.change(policy)
					}
					hc := client(t, keyedEngine(t, api, nil, func(in *schema.Integration) { in.Requests.Retries = policy }))
					start := time.Now()
					resp, err := hc.Do(call.request(t.Context()))
					waited := time.Since(start)
					if got := len(api.sent); got != c.attempts[i] {
						t.Errorf("%d attempts, want %d", got, c.attempts[i])
					}
					if c.attempts[i] == 4 && (waited > c.waited || c.exact && waited != c.waited) {
						t.Errorf("waited %v, want %v", waited, c.waited)
					}
					checkOutcome(t, resp, err, c.status, c.kind)
					checkAttempts(t, api, call, policy)
				})
			})
		}
	}
}

func (k kindOfCall) request(ctx context.Context) *http.Request {
	var body io.Reader
	switch k.body {
	case "replayable":
		body = strings.NewReader("ping")
	case "stream":
		body = io.NopCloser(strings.NewReader("ping"))
	}
	r, _ := http.NewRequestWithContext(ctx, k.method, "/things/a%2Fb/query", body)
	return r
}

func checkOutcome(t *testing.T, resp *http.Response, err error, status int, kind engine.Kind) {
	t.Helper()
	if status == 0 {
		if engine.ErrorKind(err) != kind {
			t.Errorf("got %v, want kind %s", err, kind)
		}
		return
	}
	if err != nil || resp.StatusCode != status {
		t.Fatalf("got %v, %v", resp, err)
	}
	if got := engine.ErrorKind(engine.CheckResponse(resp)); got != kind {
		t.Errorf("CheckResponse says %q, want %q", got, kind)
	}
	_ = resp.Body.Close()
}

func checkAttempts(t *testing.T, api *script, call kindOfCall, policy *schema.Retries) {
	t.Helper()
	if api.open != 0 {
		t.Errorf("%d bodies left open", api.open)
	}
	for i, text := range api.text {
		if call.body != "" && text != "ping" {
			t.Errorf("attempt %d sent %q", i+1, text)
		}
		if key := api.sent[i].Header.Get("Idempotency-Key"); (key != "") != (policy.IdempotencyKey != "") || key != api.sent[0].Header.Get("Idempotency-Key") {
			t.Errorf("attempt %d has the key %q", i+1, key)
		}
	}
}

func TestS28_MethodsThatAreRetried(t *testing.T) {
	for method, want := range map[string]int{"GET": 4, "HEAD": 4, "OPTIONS": 4, "TRACE": 4, "PUT": 4, "DELETE": 4, "POST": 1, "PATCH": 1, "PROPPATCH": 1} {
		synctest.Test(t, func(t *testing.T) {
			api := &script{replies: []reply{{status: 502}}}
			r, _ := http.NewRequest(method, "/x", nil)
			resp, err := client(t, keyedEngine(t, api, nil, nil)).Do(r)
			if err != nil || len(api.sent) != want {
				t.Errorf("%s: %d attempts, %v; want %d", method, len(api.sent), err, want)
			}
			_ = resp.Body.Close()
		})
	}
}

func TestCallersIdempotencyKeyIsKept(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		api := &script{replies: []reply{{status: 503}, {status: 200}}}
		hc := client(t, keyedEngine(t, api, nil, func(in *schema.Integration) { in.Requests.Retries = &schema.Retries{IdempotencyKey: "Idempotency-Key"} }))
		r, _ := http.NewRequest("POST", "/x", strings.NewReader("ping"))
		r.Header["idempotency-key"] = []string{"mine"}
		if _, err := hc.Do(r); err != nil || len(api.sent) != 2 || len(api.sent[1].Header["Idempotency-Key"]) != 0 {
			t.Errorf("got %v after %d attempts", err, len(api.sent))
		}
	})
}

func TestRetriesStopBeforeTheDeadline(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		api := &script{replies: []reply{{status: 429, header: header("Retry-After", "10")}}}
		ctx, cancel := context.WithTimeout(t.Context(), 15*time.Second)
		defer cancel()
		start := time.Now()
		r, _ := http.NewRequestWithContext(ctx, "GET", "/x", nil)
		resp, err := client(t, keyedEngine(t, api, nil, nil)).Do(r)
		if err != nil || resp.StatusCode != 429 || len(api.sent) != 2 || time.Since(start) != 10*time.Second {
			t.Fatalf("got %v, %v after %d attempts and %v", resp, err, len(api.sent), time.Since(start))
		}
		err = engine.CheckResponse(resp)
		if !errors.Is(err, engine.ErrRateLimited) || !strings.Contains(err.Error(), "deadline") {
			t.Errorf("got %v", err)
		}
	})
}

func TestContextEndsAWait(t *testing.T) {
	for _, r := range []reply{{status: 429, header: header("Retry-After", "10")}, {status: 200, after: time.Minute}} {
		synctest.Test(t, func(t *testing.T) {
			api := &script{replies: []reply{r}}
			ctx, cancel := context.WithCancel(t.Context())
			time.AfterFunc(3*time.Second, cancel)
			start := time.Now()
			req, _ := http.NewRequestWithContext(ctx, "GET", "/x", nil)
			_, err := client(t, keyedEngine(t, api, nil, nil)).Do(req)
			if !errors.Is(err, context.Canceled) || engine.ErrorKind(err) != "" || time.Since(start) != 3*time.Second || api.open != 0 {
				t.Errorf("got %v after %v, %d open", err, time.Since(start), api.open)
			}
		})
	}
}

func TestKeysOf2022(t *testing.T) {
	for _, c := range []struct {
		retries  int
		attempts int
	}{{0, 1}, {1, 2}, {6, 7}} {
		synctest.Test(t, func(t *testing.T) {
			api := &script{replies: []reply{{status: 503}}}
			pause := 2.0
			hc := client(t, keyedEngine(t, api, nil, func(in *schema.Integration) { in.MaxRetries, in.TimeBetweenRetriesSec = &c.retries, &pause }))
			resp, err := hc.Get("/x")
			if err != nil || len(api.sent) != c.attempts {
				t.Errorf("%d attempts, %v; want %d", len(api.sent), err, c.attempts)
			}
			_ = resp.Body.Close()
			for i := 1; i < len(api.at); i++ {
				if gap, most := api.at[i].Sub(api.at[i-1]), min(2*time.Second<<(i-1), time.Minute); gap > most {
					t.Errorf("wait %d took %v, which is more than %v", i, gap, most)
				}
			}
		})
	}
}

func TestTimeoutIsForHeadersThenForSilence(t *testing.T) {
	for _, c := range []struct {
		name, kind string
		gaps       []time.Duration // before each byte
		ok         bool
	}{
		{"dripping", "application/json", []time.Duration{90 * time.Second, 90 * time.Second, 90 * time.Second}, true},
		{"silent", "application/json", []time.Duration{time.Second, 101 * time.Second}, false},
		{"event stream", "text/event-stream", []time.Duration{time.Hour, time.Hour}, true},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				rt := roundTripFunc(func(r *http.Request) (*http.Response, error) {
					time.Sleep(90 * time.Second)
					resp := answer(r, 200, "")
					resp.Header.Set("Content-Type", c.kind)
					resp.Body = &drip{r.Context(), c.gaps}
					return resp, nil
				})
				resp, err := client(t, keyedEngine(t, rt, nil, nil)).Get("/x")
				if err != nil {
					t.Fatal(err)
				}
				b, err := io.ReadAll(resp.Body)
				if (err == nil) != c.ok || c.ok && len(b) != len(c.gaps) {
					t.Errorf("got %d bytes, %v", len(b), err)
				}
				_ = resp.Body.Close()
			})
		})
	}
}

// drip is a body that comes byte by byte.
type drip struct {
	ctx  context.Context
	gaps []time.Duration
}

func (d *drip) Read(p []byte) (int, error) {
	if len(d.gaps) == 0 {
		return 0, io.EOF
	}
	select {
	case <-time.After(d.gaps[0]):
	case <-d.ctx.Done():
		return 0, d.ctx.Err()
	}
	d.gaps, p[0] = d.gaps[1:], 'x'
	return 1, nil
}

func (d *drip) Close() error { return nil }

func TestRulesDecideAboutRetries(t *testing.T) {
	yes, no := true, false
	rules := func(in *schema.Integration) {
		in.Requests.Errors = &schema.Errors{Code: schema.Paths{"code"}, Rules: []schema.ErrorRule{
			{When: schema.Condition{Code: schema.OneOrMany[string]{"busy"}}, Retry: &yes},
			{When: schema.Condition{Status: schema.OneOrMany[int]{503}, Code: schema.OneOrMany[string]{"closed"}}, Retry: &no, Kind: "denied"},
			{When: schema.Condition{Body: map[string]any{"error": "ratelimited"}}, Kind: "rate_limited"},
		}}
	}
	for _, c := range []struct {
		status   int
		body     string
		attempts int
		kind     engine.Kind
	}{
		{200, `{"code":"busy"}`, 4, engine.KindUnavailable},
		{409, `{"code":"busy"}`, 4, engine.KindClient},
		{503, `{"code":"closed"}`, 1, engine.KindDenied},
		{503, `{"code":"other"}`, 4, engine.KindUnavailable},
		{200, `{"error":"ratelimited"}`, 4, engine.KindRateLimited},
		{200, `{"code":null}`, 1, ""},
	} {
		synctest.Test(t, func(t *testing.T) {
			api := &script{replies: []reply{{status: c.status, body: c.body}}}
			resp, err := client(t, keyedEngine(t, api, nil, rules)).Get("/x")
			if err != nil || len(api.sent) != c.attempts {
				t.Fatalf("%d %s: %d attempts, %v; want %d", c.status, c.body, len(api.sent), err, c.attempts)
			}
			if got := engine.ErrorKind(engine.CheckResponse(resp)); got != c.kind {
				t.Errorf("%d %s: kind %q, want %q", c.status, c.body, got, c.kind)
			}
			if b, _ := io.ReadAll(resp.Body); string(b) != c.body {
				t.Errorf("%d %s: body is now %s", c.status, c.body, b)
			}
			_ = resp.Body.Close()
		})
	}
}
