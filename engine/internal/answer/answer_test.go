package answer_test

import (
	"bytes"
	"compress/gzip"
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"github.com/nango-lite/nango-lite/engine/internal/answer"
	"github.com/nango-lite/nango-lite/schema"
)

var now = time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC)

func response(body io.Reader, header ...string) *http.Response {
	r := &http.Response{StatusCode: 429, Header: http.Header{}, Body: io.NopCloser(body), ContentLength: -1}
	for i := 0; i+1 < len(header); i += 2 {
		r.Header.Add(header[i], header[i+1])
	}
	return r
}

func TestS29_RetryAfterForms(t *testing.T) {
	for _, c := range []struct {
		text string
		want time.Duration
		ok   bool
	}{
		{"0", 0, true}, {"7", 7 * time.Second, true}, {" 2 ", 2 * time.Second, true}, {"1.5", 1500 * time.Millisecond, true},
		{"Mon, 02 Mar 2026 12:00:30 GMT", 30 * time.Second, true},  // IMF-fixdate
		{"Monday, 02-Mar-26 12:00:30 GMT", 30 * time.Second, true}, // RFC 850
		{"Mon Mar  2 12:00:30 2026", 30 * time.Second, true},       // asctime
		{"Mon, 02 Mar 2026 12:00:30 UTC", 30 * time.Second, true},
		{"Mon, 02 Mar 2026 11:00:00 GMT", 0, true}, // past: now
		{"-1", 0, false}, {"9999999999", 0, false}, {"1e300", 0, false}, {"NaN", 0, false}, {"Inf", 0, false},
		{"", 0, false}, {"soon", 0, false}, {"2s", 0, false}, {"Mon, 02 Mar 2099 12:00:30 GMT", 0, false},
	} {
		got, ok := answer.RetryAfter(http.Header{"Retry-After": {c.text}}, now)
		if got != c.want || ok != c.ok {
			t.Errorf("%q: got %v, %v; want %v, %v", c.text, got, ok, c.want, c.ok)
		}
	}
}

func TestWaitDialects(t *testing.T) {
	for _, c := range []struct {
		format, text string
		want         time.Duration
		ok           bool
	}{
		{"seconds", "12", 12 * time.Second, true},
		{"seconds", "Mon, 02 Mar 2026 12:00:30 GMT", 0, false},
		{"milliseconds", "250", 250 * time.Millisecond, true},
		{"date", "Mon, 02 Mar 2026 12:00:30 GMT", 30 * time.Second, true},
		{"date", "30", 0, false},
		{"iso_date", "2026-03-02T12:01:00Z", time.Minute, true},
		{"iso_date", "2026-03-02T13:01:00+01:00", time.Minute, true},
		{"iso_date", "2026-03-02T12:01:00.5", 60500 * time.Millisecond, true},
		{"iso_date", "2026-03-02 12:01:00", time.Minute, true},
		{"epoch_seconds", "1772452860", time.Minute, true},
		{"epoch_seconds", "1772452860.5", 60500 * time.Millisecond, true},
		{"epoch_seconds", "1700000000", 0, true}, // past: now, and not 72 million seconds
		{"epoch_seconds", "1772452860000", 0, false},
		{"epoch_milliseconds", "1772452860000", time.Minute, true},
		{"epoch_milliseconds", "-5", 0, false},
		{"", "3", 3 * time.Second, true},
	} {
		resp := response(strings.NewReader(""), "X-Wait", c.text)
		got, where, ok := answer.Wait(resp, []schema.Wait{{Header: "X-Wait", Format: c.format}}, now)
		if got != c.want || ok != c.ok || ok && where != "X-Wait: "+c.text {
			t.Errorf("%s %q: got %v, %q, %v; want %v, %v", c.format, c.text, got, where, ok, c.want, c.ok)
		}
	}
}

func TestWaitOrder(t *testing.T) {
	declared := []schema.Wait{{Body: "error.retry_in", Format: "milliseconds"}, {Header: "X-Reset", Format: "seconds"}}
	resp := response(strings.NewReader(`{"error":{"retry_in":2500}}`), "X-Reset", "9", "Content-Type", "application/json")
	if got, where, _ := answer.Wait(resp, declared, now); got != 2500*time.Millisecond || where != "error.retry_in is 2500" {
		t.Errorf("got %v, %s", got, where)
	}
	resp.Header.Set("Retry-After", "1")
	if got, where, _ := answer.Wait(resp, declared, now); got != time.Second || where != "Retry-After: 1" {
		t.Errorf("got %v, %s: Retry-After counts first", got, where)
	}
	resp.Header.Set("Retry-After", "-1")
	if got, _, _ := answer.Wait(resp, declared, now); got != 2500*time.Millisecond {
		t.Errorf("got %v: nonsense is passed over", got)
	}
}

// The provider's clock counts, if it is near ours.
func TestWaitByTheProvidersClock(t *testing.T) {
	h := http.Header{"Retry-After": {"Mon, 02 Mar 2026 12:05:30 GMT"}, "Date": {"Mon, 02 Mar 2026 12:05:00 GMT"}}
	if got, _ := answer.RetryAfter(h, now); got != 30*time.Second {
		t.Errorf("got %v, want 30 s", got)
	}
	h.Set("Date", "Mon, 02 Mar 2020 12:05:00 GMT")
	if got, _ := answer.RetryAfter(h, now); got != 330*time.Second {
		t.Errorf("got %v, want 5 m 30 s", got)
	}
}

func TestS31_RateLimitField(t *testing.T) {
	for _, c := range []struct {
		value     string
		wait      time.Duration
		exhausted bool
		remaining float64
		has       bool
	}{
		{`"default";r=50;t=30`, 0, false, 50, true},
		{`"default";r=0;t=30`, 30 * time.Second, true, 0, true},
		{`"hour";r=900;t=1200, "minute";r=0;t=7`, 7 * time.Second, true, 0, true},
		{`"a,b;r=9";r=0;t=5`, 5 * time.Second, true, 0, true},
		{`limit=100, remaining=0, reset=1.4`, 1400 * time.Millisecond, true, 0, true},
		{`limit=100, remaining=3, reset=50`, 0, false, 3, true},
		{`"default";r=0`, 0, false, 0, true},
		{`"default";r=0;t=-5`, 0, false, 0, true},
		{`r=0;t=x`, 0, false, 0, false},
		{`;;;"`, 0, false, 0, false},
		{``, 0, false, 0, false},
	} {
		h := http.Header{"Ratelimit": {c.value}}
		if wait, ok := answer.Exhausted(h, "RateLimit"); wait != c.wait || ok != c.exhausted {
			t.Errorf("%s: exhausted %v, %v; want %v, %v", c.value, wait, ok, c.wait, c.exhausted)
		}
		if n, ok := answer.Remaining(h, "RateLimit"); n != c.remaining || ok != c.has {
			t.Errorf("%s: remaining %v, %v; want %v, %v", c.value, n, ok, c.remaining, c.has)
		}
		h.Set("Age", "10")
		if _, ok := answer.Exhausted(h, "RateLimit"); ok {
			t.Errorf("%s: taken out of a cache", c.value)
		}
	}
}

func TestJSONLeavesTheBodyAlone(t *testing.T) {
	long := `{"a":"` + strings.Repeat("x", 2*answer.Most) + `"}`
	broken := errors.New("connection lost")
	for _, c := range []struct {
		name, body, kind string
		seen             bool
		err              error
	}{
		{"object", `{"a":1}`, "application/json; charset=utf-8", true, nil},
		{"problem", `{"a":1}`, "application/problem+json", true, nil},
		{"text", `{"a":1}`, "text/plain", true, nil},
		{"unlabelled", `{"a":1}`, "", true, nil},
		{"JSON that is called a page", `{"a":1}`, "text/html", true, nil},
		{"JSON that is called bytes", " \n[1]", "application/octet-stream", true, nil},
		{"JSON by another name", `{"a":1}`, "application/x-json", true, nil},
		{"JSON-RPC", `{"a":1}`, "application/json-rpc", true, nil},
		{"behind a byte order mark", "\ufeff{\"a\":1}", "application/json", true, nil},
		{"bytes behind a byte order mark", "\ufeff {\"a\":1}", "application/octet-stream", true, nil},
		{"more than 64 KiB", `{"a":"` + strings.Repeat("x", 100<<10) + `"}`, "application/json", true, nil},
		{"a page", "<html>{}", "text/html", false, nil},
		{"bytes", "\x00\x01{", "application/octet-stream", false, nil},
		{"nothing but space", strings.Repeat(" ", 3000), "text/html", false, nil},
		{"a number that is called bytes", "1", "application/octet-stream", false, nil},
		{"stream", `{"a":1}`, "text/event-stream", false, nil},
		{"lines", "{\"a\":1}\n{\"a\":2}", "application/x-ndjson", false, nil},
		{"two documents", `{"a":1}{"a":2}`, "application/json", false, nil},
		{"long", long, "application/json", false, nil},
		{"broken", `{"a":1}`, "application/json", false, broken},
		{"empty", ``, "application/json", false, nil},
	} {
		leavesAlone(t, c.name, c.body, c.kind, c.err, func(resp *http.Response) {
			if doc := answer.JSON(resp); (doc != nil) != c.seen {
				t.Errorf("%s: got %v", c.name, doc)
			}
		})
	}
}

func TestTextLeavesTheBodyAlone(t *testing.T) {
	broken := errors.New("connection lost")
	for _, c := range []struct {
		name, body, kind string
		seen             bool
		err              error
	}{
		{"text", "invalid token", "text/plain; charset=utf-8", true, nil},
		{"unlabelled", "invalid token", "", true, nil},
		{"behind more space than is looked at", strings.Repeat(" ", 2000) + "x", "text/plain", true, nil},
		{"what begins like JSON", "[not] JSON", "text/plain", true, nil},
		{"empty", "", "text/plain", true, nil},
		{"as long as may be", strings.Repeat("x", 4096), "text/plain", true, nil},
		{"longer than a sentence", strings.Repeat("x", 4097), "text/plain", false, nil},
		{"longer than a document", strings.Repeat("x", 2*answer.Most), "text/plain", false, nil},
		{"JSON that is called text", `{"a":1}`, "text/plain", false, nil},
		{"a page", "<html>", "text/html", false, nil},
		{"bytes", "\x00", "application/octet-stream", false, nil},
		{"broken", "invalid token", "text/plain", false, broken},
	} {
		leavesAlone(t, c.name, c.body, c.kind, c.err, func(resp *http.Response) {
			if text, ok := answer.Text(resp); ok != c.seen || ok && text != c.body {
				t.Errorf("%s: got %q, %v", c.name, text, ok)
			}
		})
	}
}

// leavesAlone looks at an answer twice, and holds that its body can be read as if nothing had
// happened. err ends the body.
func leavesAlone(t *testing.T, name, text, kind string, err error, look func(*http.Response)) {
	t.Helper()
	var body io.Reader = strings.NewReader(text)
	if err != nil {
		body = io.MultiReader(body, iotest.ErrReader(err))
	}
	resp := response(body, "Content-Type", kind)
	if kind == "" {
		resp.Header.Del("Content-Type")
	}
	for range 2 {
		look(resp)
	}
	if b, got := io.ReadAll(resp.Body); string(b) != text || !errors.Is(got, err) {
		t.Errorf("%s: the body is now %d bytes, %v", name, len(b), got)
	}
}

func FuzzWait(f *testing.F) {
	for _, text := range []string{"1", "-1", "1e309", "Mon, 02 Mar 2026 12:00:30 GMT", "2026-03-02T12:01:00Z", `"a";r=0;t=1`, "99999999999999999999"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		for _, format := range []string{"", "seconds", "milliseconds", "date", "iso_date", "epoch_seconds", "epoch_milliseconds", "ratelimit"} {
			resp := response(strings.NewReader(""), "X-Wait", text, "RateLimit", text, "Retry-After", text)
			if wait, _, ok := answer.Wait(resp, []schema.Wait{{Header: "X-Wait", Format: format}}, now); ok && (wait < 0 || wait > 366*24*time.Hour) {
				t.Errorf("%s %q: %v", format, text, wait)
			}
		}
	})
}

// A form that is declared for Retry-After counts, and not our guess.
func TestRetryAfterInADeclaredForm(t *testing.T) {
	resp := &http.Response{Header: http.Header{"Retry-After": {"1500"}}, Body: http.NoBody}
	wait, _, ok := answer.Wait(resp, []schema.Wait{{Header: "retry-after", Format: "milliseconds"}}, time.Now())
	if !ok || wait != 1500*time.Millisecond {
		t.Errorf("waits %v, %v", wait, ok)
	}
}

// What somebody has asked for by Accept-Encoding is looked into all the same, and what is
// coded in another way is said not to be.
func TestJSONUndoesGzip(t *testing.T) {
	var packed bytes.Buffer
	z := gzip.NewWriter(&packed)
	_, _ = z.Write([]byte(`{"a":1}`))
	_ = z.Close()
	var bomb bytes.Buffer
	z = gzip.NewWriter(&bomb)
	_, _ = z.Write([]byte(`{"a":"` + strings.Repeat("x", 4*answer.Most) + `"}`))
	_ = z.Close()
	for _, c := range []struct {
		name, coding, body string
		seen               bool
		unseen             string
	}{
		{"gzip", "gzip", packed.String(), true, ""},
		{"its old name", "X-Gzip", packed.String(), true, ""},
		{"identity", "identity", `{"a":1}`, true, ""},
		{"not gzip at all", "gzip", `{"a":1}`, false, ""},
		{"a bomb", "gzip", bomb.String(), false, ""},
		{"another", "br", packed.String(), false, "the body is in a Content-Encoding that is not undone here"},
	} {
		resp := response(strings.NewReader(c.body), "Content-Type", "application/json")
		resp.Header.Set("Content-Encoding", c.coding)
		if doc := answer.JSON(resp); (doc != nil) != c.seen || answer.Unseen(resp) != c.unseen {
			t.Errorf("%s: got %v, %q", c.name, doc, answer.Unseen(resp))
		}
		if b, err := io.ReadAll(resp.Body); string(b) != c.body || err != nil {
			t.Errorf("%s: the body is another, %v", c.name, err)
		}
	}
	long := response(strings.NewReader(strings.Repeat("x", 10)), "Content-Type", "application/json")
	long.ContentLength = answer.Most + 1
	if answer.JSON(long) != nil || answer.Unseen(long) != "the body is longer than 1 MiB" {
		t.Errorf("long: %q", answer.Unseen(long))
	}
}

// One field may hold what several windows have left, and when each starts anew.
func TestLeftOfSeveralWindows(t *testing.T) {
	now := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	for _, c := range []struct {
		left, reset, format string
		n                   float64
		wait                time.Duration
		ok                  bool
	}{
		{"0, 1999", "2, 86400", "seconds", 0, 2 * time.Second, true},
		{"5, 0", "2, 86400", "", 0, 24 * time.Hour, true},
		{"7", "30", "seconds", 7, 30 * time.Second, true},
		{"0, 3", "9", "seconds", 0, 9 * time.Second, true},
		{"3, 0", "Fri, 02 Jan 2026 03:05:05 GMT", "", 0, time.Minute, true},
		{"x, 4", "1, 2", "seconds", 4, 2 * time.Second, true},
		{"3, 2, 1", "1, 2", "seconds", 1, 0, true},
		{"none", "1", "seconds", 0, time.Second, false},
	} {
		resp := response(nil, "X-Left", c.left)
		resp.Header.Set("X-Reset", c.reset)
		n, i, ok := answer.Left(resp.Header, "X-Left")
		wait, _, _ := answer.Reset(resp, schema.Wait{Header: "X-Reset", Format: c.format}, i, now)
		if n != c.n || ok != c.ok || wait != c.wait {
			t.Errorf("%q, %q: got %v, %v, %v", c.left, c.reset, n, ok, wait)
		}
	}
}
