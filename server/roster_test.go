package server_test

import (
	"context"
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/nango-lite/nango-lite/engine"
	"github.com/nango-lite/nango-lite/schema"
	"github.com/nango-lite/nango-lite/server"
	"github.com/nango-lite/nango-lite/store/record"
)

// paced counts calls.
type paced struct {
	mu    sync.Mutex
	calls int
}

func (p *paced) RoundTrip(r *http.Request) (*http.Response, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.calls++
	return &http.Response{StatusCode: 200, Header: http.Header{}, Body: io.NopCloser(strings.NewReader("")), Request: r}, nil
}

func (p *paced) count() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.calls
}

// A declared budget holds over all servers of one store, as they come and go.
func TestServersShareBudgets(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		provider, records, store := &paced{}, &record.Memory{}, &engine.MemoryStore{}
		ctx, cancel := context.WithCancel(t.Context())
		var running sync.WaitGroup
		begin := func() (stop func()) {
			cfg := integrations("https://provider.example")
			cfg["lamps"].Requests.RateLimit = &schema.RateLimit{Budget: &schema.Budget{Requests: 12, PerSeconds: 1, Burst: 1}}
			wait := 3600.0
			cfg["lamps"].Requests.Retries = &schema.Retries{MaxWaitSeconds: &wait}
			e, err := engine.New(&schema.Config{Integrations: cfg}, &engine.Options{Connections: store, Transport: provider})
			if err != nil {
				t.Fatal(err)
			}
			k := engine.Key{Integration: "lamps", ConnectionID: "user-42"}
			if _, err := e.Connect(ctx, k, engine.Credentials{APIKey: schema.NewSecret("k")}, nil); err != nil {
				t.Fatal(err)
			}
			s, err := server.New(e, &server.Options{Records: records})
			if err != nil {
				t.Fatal(err)
			}
			ctx, stop := context.WithCancel(ctx)
			running.Go(func() { s.Run(ctx) })
			client, err := e.Client(k)
			if err != nil {
				t.Fatal(err)
			}
			for range 5 { // callers that want more than there is
				running.Go(func() {
					for ctx.Err() == nil {
						r, _ := http.NewRequestWithContext(ctx, "GET", "/x", nil)
						if resp, err := client.Do(r); err == nil {
							_ = resp.Body.Close()
						}
					}
				})
			}
			return stop
		}
		rate := func(when string) {
			t.Helper()
			time.Sleep(20 * time.Second) // everybody has noticed
			before := provider.count()
			time.Sleep(time.Minute)
			if got := float64(provider.count()-before) / 60; got > 12.1 || got < 11.5 {
				t.Errorf("%s: %.1f calls a second, of 12", when, got)
			}
		}
		begin()
		rate("one server")
		stop := begin()
		begin()
		rate("three servers")
		stop()
		rate("two servers")
		cancel()
		running.Wait()
	})
}
