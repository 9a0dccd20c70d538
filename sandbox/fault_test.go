package sandbox_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/nango-lite/nango-lite/sandbox"
	"github.com/nango-lite/nango-lite/schema"
)

// remoteFlow is a flow over a socket.
func remoteFlow(t *testing.T, i *schema.Integration, o *sandbox.Options) *flow {
	f := newFlow(t, i, o)
	srv := httptest.NewServer(sandbox.NewMux(f.p))
	t.Cleanup(srv.Close)
	base, _ := url.Parse(srv.URL)
	tr := &http.Transport{DisableKeepAlives: true} // net/http repeats what fails on a used connection
	rt, err := sandbox.RemoteTransport(base, []*schema.Integration{i}, tr)
	if err != nil {
		t.Fatal(err)
	}
	f.rt = rt
	return f
}

// Faults look the same in the process and over a socket.
func TestFaults(t *testing.T) {
	t.Parallel()
	for name, start := range map[string]func(*testing.T, *schema.Integration, *sandbox.Options) *flow{"process": newFlow, "socket": remoteFlow} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := start(t, notionLike("n"), &sandbox.Options{NoRateLimit: true, SlowBy: time.Millisecond})
			tok := f.connect()
			access := tok.text("access_token")
			ask := func(fault sandbox.Fault) (*http.Response, string, error) {
				if err := f.p.Fault(fault, 1); err != nil {
					t.Fatal(err)
				}
				ctx, cancel := context.WithTimeout(t.Context(), 200*time.Millisecond)
				defer cancel()
				resp, err := f.rt.RoundTrip(f.request(ctx, "/v1/users", access, nil))
				if err != nil {
					return nil, "", err
				}
				defer resp.Body.Close()
				b, err := io.ReadAll(resp.Body)
				return resp, string(b), err
			}
			for fault, status := range map[sandbox.Fault]int{sandbox.FaultRateLimited: 429, sandbox.FaultUnavailable: 503, sandbox.FaultSlow: 200} {
				if resp, body, err := ask(fault); err != nil || resp.StatusCode != status {
					t.Errorf("%s: %v %s %v", fault, resp, body, err)
				}
			}
			if _, _, err := ask(sandbox.FaultReset); !errors.Is(err, syscall.ECONNRESET) {
				t.Errorf("reset: %v", err)
			}
			if _, _, err := ask(sandbox.FaultTimeout); !errors.Is(err, context.DeadlineExceeded) {
				t.Errorf("timeout: %v", err)
			}
			if resp, body, err := ask(sandbox.FaultTruncated); !errors.Is(err, io.ErrUnexpectedEOF) || body == "" || resp.ContentLength <= int64(len(body)) {
				t.Errorf("truncated: %v %q %v", resp, body, err)
			}
			if resp, _, err := ask(sandbox.FaultExpired); err != nil || resp.StatusCode != 401 {
				t.Errorf("expired: %v %v", resp, err)
			}
			if resp, _ := f.get("/v1/users", access, nil); resp.StatusCode != 401 {
				t.Errorf("an expired token stays expired: %s", resp.Status)
			}
			_, tok = f.do(f.refreshRequest(tok.text("refresh_token")))
			access = tok.text("access_token")
			if resp, _ := f.get("/v1/users", access, nil); resp.StatusCode != 200 {
				t.Errorf("the next token works: %s", resp.Status)
			}
			if resp, _, err := ask(sandbox.FaultRevoked); err != nil || resp.StatusCode != 401 {
				t.Errorf("revoked: %v %v", resp, err)
			}
			if _, body := f.do(f.refreshRequest(tok.text("refresh_token"))); body.text("error") != "invalid_grant" {
				t.Errorf("revoked: refresh says %v", body)
			}
		})
	}
}

func TestTokenFaults(t *testing.T) {
	t.Parallel()
	for name, start := range map[string]func(*testing.T, *schema.Integration, *sandbox.Options) *flow{"process": newFlow, "socket": remoteFlow} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := start(t, notionLike("n"), &sandbox.Options{SlowBy: time.Millisecond})
			tok := f.connect()
			refresh := func(fault sandbox.Fault) (int, string, error) {
				_ = f.p.Fault(fault, 1)
				resp, err := f.rt.RoundTrip(f.refreshRequest(tok.text("refresh_token")))
				if err != nil {
					return 0, "", err
				}
				defer resp.Body.Close()
				b, err := io.ReadAll(resp.Body)
				return resp.StatusCode, string(b), err
			}
			if status, body, err := refresh(sandbox.FaultTokenHTML); err != nil || status != 200 || !strings.HasPrefix(body, "<!DOCTYPE") {
				t.Errorf("html: %d %q %v", status, body, err)
			}
			if status, body, err := refresh(sandbox.FaultTokenEmpty); err != nil || status != 200 || body != "" {
				t.Errorf("empty: %d %q %v", status, body, err)
			}
			if status, _, err := refresh(sandbox.FaultToken5xx); err != nil || status != 503 {
				t.Errorf("5xx: %d %v", status, err)
			}
			if n := f.p.Stats().Refreshes; n != 0 {
				t.Errorf("redeemed %d times in front of the provider", n)
			}
			if _, _, err := refresh(sandbox.FaultLostAnswer); !errors.Is(err, syscall.ECONNRESET) {
				t.Errorf("lost answer: %v", err)
			}
			if s := f.p.Stats(); s.Refreshes != 1 || s.Faults[sandbox.FaultLostAnswer] != 1 {
				t.Errorf("stats %+v", s)
			}
			if _, body, _ := refresh(sandbox.FaultSlowToken); !strings.Contains(body, "rotated") {
				t.Errorf("the lost answer had rotated: %s", body)
			}
		})
	}
}

func TestFaultHeader(t *testing.T) {
	t.Parallel()
	f := newFlow(t, notionLike("n"), &sandbox.Options{NoRateLimit: true})
	tok := f.connect()
	with := func(value string) func(*http.Request) {
		return func(r *http.Request) { r.Header.Set(sandbox.FaultHeader, value) }
	}
	for range 2 {
		if resp, _ := f.get("/v1/users", tok.text("access_token"), with("503")); resp.StatusCode != 503 {
			t.Errorf("every request that carries it: %s", resp.Status)
		}
	}
	value := sandbox.FaultValue(sandbox.FaultUnavailable, 2, "call-1")
	for n, want := range []int{503, 503, 200} {
		if resp, _ := f.get("/v1/users", tok.text("access_token"), with(value)); resp.StatusCode != want {
			t.Errorf("attempt %d: %s", n+1, resp.Status)
		}
	}
	if resp, body := f.get("/v1/users", tok.text("access_token"), with("nonsense")); resp.StatusCode != 400 || !strings.Contains(body.text("message"), "unknown fault") {
		t.Errorf("%s %v", resp.Status, body)
	}
	if resp, _ := f.get("/v1/users", tok.text("access_token"), with(sandbox.FaultValue(sandbox.FaultLostAnswer, 1, "call-2"))); resp.StatusCode != 401 {
		t.Errorf("a fault of the token endpoint begins with an expired token: %s", resp.Status)
	}
	if _, err := f.rt.RoundTrip(f.refreshRequest(tok.text("refresh_token"))); !errors.Is(err, syscall.ECONNRESET) {
		t.Errorf("and goes on there: %v", err)
	}
	again := f.connect()
	if resp, _ := f.get("/v1/users", again.text("access_token"), with(sandbox.FaultValue(sandbox.FaultToken5xx, 2, "call-3"))); resp.StatusCode != 401 {
		t.Errorf("an expired token again: %s", resp.Status)
	}
	for n, want := range []int{503, 503, 200} { // the limit is for the token endpoint
		resp, err := f.rt.RoundTrip(f.refreshRequest(again.text("refresh_token")))
		if err != nil || resp.StatusCode != want {
			t.Errorf("token request %d: %v, %v", n+1, resp, err)
		}
	}
}

func TestFaultNames(t *testing.T) {
	t.Parallel()
	for _, good := range []string{"429", "429:epoch_seconds", "slow:2s", "slow-token:10ms", "lost-answer"} {
		if _, err := sandbox.ParseFault(good); err != nil {
			t.Errorf("%s: %v", good, err)
		}
	}
	p := newProvider(t, keyLike(), nil)
	for _, bad := range []string{"", "fire", "429:tomorrow", "slow:x", "reset:1"} {
		if err := p.Fault(sandbox.Fault(bad), 1); err == nil {
			t.Errorf("%q: no error", bad)
		}
	}
	if _, err := sandbox.New(keyLike(), &sandbox.Options{Faults: []sandbox.Fault{"fire"}}); err == nil {
		t.Error("Options.Faults: no error")
	}
	if _, err := sandbox.New(keyLike(), &sandbox.Options{RateLimitDialect: "x"}); err == nil {
		t.Error("Options.RateLimitDialect: no error")
	}
}

// Nothing waits on anything but the context and the clock.
func TestUnderSynctest(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		f := newFlow(t, notionLike("n"), &sandbox.Options{TokenLifetime: time.Hour})
		tok := f.connect()
		start := time.Now()
		_ = f.p.Fault("slow:3s", 1)
		if resp, _ := f.get("/v1/users", tok.text("access_token"), nil); resp.StatusCode != 200 || time.Since(start) != 3*time.Second {
			t.Errorf("slow: %s after %s", resp.Status, time.Since(start))
		}
		_ = f.p.Fault(sandbox.FaultTimeout, 1)
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		if _, err := f.rt.RoundTrip(f.request(ctx, "/v1/users", tok.text("access_token"), nil)); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("timeout: %v", err)
		}
		body, _ := io.Pipe() // a body that nobody writes
		ctx, cancel = context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		r := f.request(ctx, "/v1/users", tok.text("access_token"), nil)
		r.Method, r.Body, r.ContentLength = "POST", body, -1
		if _, err := f.rt.RoundTrip(r); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("stuck body: %v", err)
		}
		time.Sleep(time.Hour)
		if resp, _ := f.get("/v1/users", tok.text("access_token"), nil); resp.StatusCode != 401 {
			t.Errorf("an hour later: %s", resp.Status)
		}
	})
}
