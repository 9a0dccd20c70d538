package webhook_test

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/nango-lite/nango-lite/engine"
	"github.com/nango-lite/nango-lite/schema"
	"github.com/nango-lite/nango-lite/server/internal/webhook"
	"github.com/nango-lite/nango-lite/store/record"
)

var conn = engine.Key{Integration: "tides", ConnectionID: "a"}

// A product takes messages, or does not for a while.
type product struct {
	mu     sync.Mutex
	status int
	took   []string
}

func (p *product) RoundTrip(r *http.Request) (*http.Response, error) {
	var m struct{ Operation, Provider string }
	_ = json.NewDecoder(r.Body).Decode(&m)
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.status == 200 {
		p.took = append(p.took, m.Operation+" "+m.Provider)
	}
	return &http.Response{StatusCode: p.status, Header: http.Header{}, Body: io.NopCloser(strings.NewReader("")), Request: r}, nil
}

func (p *product) answers(status int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.status = status
}

func (p *product) heard() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return strings.Join(p.took, ", ")
}

// one is where the connection is looked at.
type one struct{ c *engine.Connection }

func (o one) Connection(context.Context, engine.Key) (*engine.Connection, error) { return o.c, nil }

// A product that is away is told later, and the same failure of the same token is told
// once, by however many servers.
func TestOutbox(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p, records := &product{status: 500}, &record.Memory{}
		ended := &engine.Connection{Key: conn, Status: engine.StatusActive, Generation: 7, Credentials: engine.Credentials{Token: engine.Token{ExpiresAt: time.Now()}}}
		var boxes []*webhook.Outbox
		ctx, cancel := context.WithCancel(t.Context())
		var running sync.WaitGroup
		for range 2 {
			o, err := webhook.New(&webhook.Endpoint{URL: "https://app.example/hooks", Secret: schema.NewSecret(strings.Repeat("s", 32)), Transport: p})
			if err != nil {
				t.Fatal(err)
			}
			o.Records, o.Connections, o.Now = records, one{ended}, time.Now
			o.Provider = func(integration string) string { return integration + "-api" }
			running.Go(func() { o.Run(ctx) })
			boxes = append(boxes, o)
		}
		time.Sleep(time.Second)
		boxes[0].Changed(t.Context(), engine.Change{Kind: engine.EventRevoke, Key: conn})
		time.Sleep(time.Minute)
		if got := p.heard(); got != "" {
			t.Errorf("while it is away: %q", got)
		}
		p.answers(200)
		time.Sleep(5 * time.Minute)
		if got, want := p.heard(), "deletion tides-api"; got != want {
			t.Errorf("when it is back: %q, want %q", got, want)
		}
		for _, o := range boxes {
			o.RefreshFailed(t.Context(), engine.Event{Kind: engine.EventRefresh, Key: conn, Err: errors.New("away")})
			o.RefreshFailed(t.Context(), engine.Event{Kind: engine.EventRefresh, Key: conn, Err: &engine.Error{Kind: engine.KindReauthorize}})
			o.RefreshFailed(t.Context(), engine.Event{Kind: engine.EventRefresh, Key: conn})
		}
		time.Sleep(time.Minute)
		if got, want := p.heard(), "deletion tides-api, refresh tides-api"; got != want {
			t.Errorf("got %q, want %q", got, want)
		}
		cancel()
		running.Wait()
	})
}

func TestNoEndpointIsNoOutbox(t *testing.T) {
	for _, e := range []*webhook.Endpoint{nil, {}} {
		if o, err := webhook.New(e); o != nil || err != nil {
			t.Errorf("%+v: got %v, %v", e, o, err)
		}
	}
}
