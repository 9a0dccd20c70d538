package layer_test

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptrace"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/nango-lite/nango-lite/engine/internal/layer"
	"github.com/nango-lite/nango-lite/engine/internal/layer/layertest"
)

// waits returns the waits of a call that fails for ever, and how it ended.
func waits(t *testing.T, p *layer.Policy, fault layertest.Func, method string) ([]time.Duration, string) {
	t.Helper()
	var list []time.Duration
	var reason string
	synctest.Test(t, func(t *testing.T) {
		call := layertest.Begin(&layertest.Session{})
		call.Notify = func(_ *layer.Call, n layer.Notice) { list = append(list, n.Wait) }
		rt := layer.Chain(fault, layer.Retry(p), layer.Transport(time.Minute))
		r, _ := http.NewRequestWithContext(layer.With(t.Context(), call), method, layertest.Base, strings.NewReader("ping"))
		if resp, err := rt.RoundTrip(r); err == nil {
			_ = resp.Body.Close()
		}
		reason = call.Reason()
	})
	return list, reason
}

func unavailable(r *http.Request) (*http.Response, error) { return layertest.Answer(r, 503, ""), nil }

func TestBackoff(t *testing.T) {
	p := &layer.Policy{Max: 6, First: time.Second, MaxWait: 10 * time.Second, Statuses: []int{503}, Rand: func() float64 { return 0.5 }}
	got, reason := waits(t, p, unavailable, "GET")
	want := []time.Duration{500 * time.Millisecond, time.Second, 2 * time.Second, 4 * time.Second, 5 * time.Second, 5 * time.Second}
	if !slices.Equal(got, want) || reason != "503 Service Unavailable: gave up after 7 attempts" {
		t.Errorf("waited %v, %s; want %v", got, reason, want)
	}
}

// "Retry-After: 0" of who refuses all is no leave to ask without a pause.
func TestToldToComeBackAtOnce(t *testing.T) {
	for _, limited := range []bool{false, true} {
		p := &layer.Policy{Max: 3, First: time.Second, MaxWait: 10 * time.Second, Statuses: []int{503}, Rand: func() float64 { return 0.5 },
			Limited: func(*http.Response) bool { return limited },
			Asked:   func(*http.Response) (time.Duration, string, bool) { return 0, "Retry-After says 0 s", true }}
		if got, _ := waits(t, p, unavailable, "GET"); len(got) != 3 || slices.Min(got) < 500*time.Millisecond {
			t.Errorf("limited %t: waited %v", limited, got)
		}
	}
}

func TestBackoffDoesNotOverflow(t *testing.T) {
	p := &layer.Policy{Max: 100, First: time.Minute, MaxWait: time.Hour, Statuses: []int{503}, Rand: func() float64 { return 1 }}
	got, _ := waits(t, p, unavailable, "GET")
	if len(got) != 100 || slices.Min(got) != time.Minute || slices.Max(got) != time.Hour {
		t.Errorf("%d waits of %v to %v", len(got), slices.Min(got), slices.Max(got))
	}
}

// An API may have limits that no wait helps against, such as a day's quota.
func TestStatedAboutLimits(t *testing.T) {
	limited := layertest.Func(func(r *http.Request) (*http.Response, error) { return layertest.Answer(r, 429, ""), nil })
	for again, want := range map[bool]int{true: 2, false: 0} {
		p := &layer.Policy{Max: 2, First: time.Second, MaxWait: time.Minute,
			Limited: func(*http.Response) bool { return true },
			Stated:  func(*http.Response) (bool, bool) { return again, true },
		}
		if got, reason := waits(t, p, limited, "GET"); len(got) != want {
			t.Errorf("retry: %t: waited %v, %s; want %d waits", again, got, reason, want)
		}
	}
}

// Whether a POST went out is asked of the transport, where it can tell.
func TestSurelyNotSent(t *testing.T) {
	lost := errors.New("connection lost")
	tell := func(steps ...string) layertest.Func {
		return func(r *http.Request) (*http.Response, error) {
			trace := httptrace.ContextClientTrace(r.Context())
			layertest.Answer(r, 0, "")
			for _, s := range steps {
				switch {
				case trace == nil:
				case s == "connected":
					trace.GotConn(httptrace.GotConnInfo{})
				case s == "wrote":
					trace.WroteHeaders()
				}
			}
			return nil, lost
		}
	}
	for _, c := range []struct {
		steps    []string
		unsafe   string
		attempts int
	}{
		{[]string{"connected"}, "when_not_sent", 3}, {[]string{"connected", "wrote"}, "when_not_sent", 1}, {nil, "when_not_sent", 1},
		{[]string{"connected"}, "never", 1}, {nil, "always", 3},
	} {
		got, _ := waits(t, &layer.Policy{Max: 2, MaxWait: time.Minute, Unsafe: c.unsafe}, tell(c.steps...), "POST")
		if len(got) != c.attempts-1 {
			t.Errorf("%v, %s: %d attempts, want %d", c.steps, c.unsafe, len(got)+1, c.attempts)
		}
	}
}

func TestPatterns(t *testing.T) {
	for _, c := range []struct {
		pattern, method, path string
		want                  bool
	}{
		{"POST /search", "POST", "/search", true}, {"POST /search", "POST", "/search/", true}, {"POST /search", "PUT", "/search", false}, {"POST /search", "POST", "/search/x", false},
		{"POST /db/*/query", "POST", "/db/a%2Fb/query", true}, {"POST /db/*/query", "POST", "/db/a/b/query", false}, {"POST /db/*/query", "POST", "/db/query", false},
	} {
		p := &layer.Policy{Max: 1, Statuses: []int{503}, Safe: []layer.Pattern{layer.ParsePattern(c.pattern)}, MaxWait: time.Minute}
		attempts := 0
		rt := layer.Retry(p)(layertest.Func(func(r *http.Request) (*http.Response, error) { attempts++; return layertest.Answer(r, 503, ""), nil }))
		r, _ := http.NewRequestWithContext(layer.With(t.Context(), layertest.Begin(&layertest.Session{})), c.method, layertest.Base+c.path, nil)
		if _, err := rt.RoundTrip(r); err != nil || (attempts == 2) != c.want && c.method == "POST" {
			t.Errorf("%s: %s %s made %d attempts, %v", c.pattern, c.method, c.path, attempts, err)
		}
	}
}

func TestRewindingFails(t *testing.T) {
	rt := layer.Retry(&layer.Policy{Max: 3, Statuses: []int{503}, MaxWait: time.Minute})(layertest.Func(unavailable))
	r, _ := http.NewRequestWithContext(layer.With(t.Context(), layertest.Begin(&layertest.Session{})), "PUT", layertest.Base, strings.NewReader("ping"))
	broken := fmt.Errorf("the file is gone")
	r.GetBody = func() (io.ReadCloser, error) { return nil, broken }
	if resp, err := rt.RoundTrip(r); resp != nil || !errors.Is(err, broken) {
		t.Errorf("got %v, %v", resp, err)
	}
}
