package engine_test

import (
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
	"time"

	"github.com/hashicorp/go-retryablehttp"
	"golang.org/x/oauth2"

	"github.com/nango-lite/nango-lite/engine"
	"github.com/nango-lite/nango-lite/internal/benchtest"
	"github.com/nango-lite/nango-lite/schema"
)

// caller makes one authorised GET of path at an API on base.
type benchCaller struct {
	name string
	do   func(path string) (*http.Response, error)
}

func benchTransport() *http.Transport {
	t := http.DefaultTransport.(*http.Transport).Clone()
	t.MaxIdleConns, t.MaxIdleConnsPerHost = 256, 256
	return t
}

// benchCallers are net/http with the header set by hand, what one would put
// together from x/oauth2 and retryablehttp, and a client of ours with retries,
// limits, refresh and timeouts on.
func benchCallers(b *testing.B, base string) []benchCaller {
	plain := &http.Client{Transport: benchTransport()}

	source := oauth2.ReuseTokenSource(nil, oauth2.StaticTokenSource(&oauth2.Token{AccessToken: "t0ken", Expiry: time.Now().Add(time.Hour)}))
	retrying := retryablehttp.NewClient()
	retrying.Logger = nil
	retrying.HTTPClient = &http.Client{Transport: &oauth2.Transport{Source: source, Base: benchTransport()}}
	composed := retrying.StandardClient()

	in := fjord()
	in.Requests.BaseURL = base
	in.Requests.Headers["Fjord-Version"] = "3"
	e, err := engine.New(&schema.Config{Integrations: map[string]*schema.Integration{"fjord": in}}, &engine.Options{Transport: benchTransport()})
	if err != nil {
		b.Fatal(err)
	}
	token := engine.Token{AccessToken: schema.NewSecret("t0ken"), RefreshToken: schema.NewSecret("r"), ExpiresAt: time.Now().Add(time.Hour)}
	if _, err := e.Connect(context.Background(), alice, engine.Credentials{Token: token}, nil); err != nil {
		b.Fatal(err)
	}
	ours, err := e.Client(alice)
	if err != nil {
		b.Fatal(err)
	}
	byHand := func(c *http.Client, authorization string) func(string) (*http.Response, error) {
		return func(path string) (*http.Response, error) {
			r, err := http.NewRequest(http.MethodGet, base+path, nil)
			if err != nil {
				return nil, err
			}
			if authorization != "" {
				r.Header.Set("Authorization", authorization)
			}
			r.Header.Set("Fjord-Version", "3")
			return c.Do(r)
		}
	}
	return []benchCaller{
		{"nethttp", byHand(plain, "Bearer t0ken")},
		{"oauth2+retryablehttp", byHand(composed, "")},
		{"nango-lite", ours.Get},
	}
}

func benchServer(b *testing.B) string {
	body := make([]byte, 1024)
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Authorization") != "Bearer t0ken" || r.Header.Get("Fjord-Version") != "3" {
			w.WriteHeader(http.StatusUnauthorized)
		}
		_, _ = w.Write(body)
	}))
	b.Cleanup(s.Close)
	return s.URL
}

func benchCall(b *testing.B, do func(string) (*http.Response, error)) {
	resp, err := do("/users")
	if err != nil {
		b.Error(err)
		return
	}
	if _, err := io.Copy(io.Discard, resp.Body); err != nil || resp.StatusCode != 200 {
		b.Error(resp.Status, err)
	}
	_ = resp.Body.Close()
}

// BenchmarkCall calls an API on loopback with keep-alive. The callers by their
// names tell what each allocates; ratios lets them take turns, call by call, and
// compares the medians, so that what else the machine does meets all alike.
func BenchmarkCall(b *testing.B) {
	callers := benchCallers(b, benchServer(b))
	for _, c := range callers {
		b.Run(c.name, func(b *testing.B) {
			benchCall(b, c.do) // connect
			b.ReportAllocs()
			for b.Loop() {
				benchCall(b, c.do)
			}
		})
	}
	b.Run("ratios", func(b *testing.B) {
		benchRatios(b, callers, func(do func(string) (*http.Response, error)) { benchCall(b, do) })
	})
}

// BenchmarkCallParallel is BenchmarkCall with 64 goroutines. A turn is 1,280
// calls there.
func BenchmarkCallParallel(b *testing.B) {
	callers := benchCallers(b, benchServer(b))
	for _, c := range callers {
		b.Run(c.name, func(b *testing.B) {
			b.SetParallelism(32) // times GOMAXPROCS, which is 2 where we measure
			b.ReportAllocs()
			b.RunParallel(func(pb *testing.PB) {
				for pb.Next() {
					benchCall(b, c.do)
				}
			})
		})
	}
	b.Run("ratios", func(b *testing.B) {
		benchRatios(b, callers, func(do func(string) (*http.Response, error)) {
			var wg sync.WaitGroup
			for range 64 {
				wg.Go(func() {
					for range 20 {
						benchCall(b, do)
					}
				})
			}
			wg.Wait()
		})
	})
}

// benchRatios lets callers take turns and reports how the last compares with the
// others.
func benchRatios(b *testing.B, callers []benchCaller, turn func(do func(string) (*http.Response, error))) {
	var sides []benchtest.Side
	for _, c := range callers {
		sides = append(sides, benchtest.Side{Name: c.name, Do: func() { turn(c.do) }})
	}
	benchtest.Turns(b, 1, sides...)
}
