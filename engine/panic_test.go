package engine_test

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"github.com/nango-lite/nango-lite/engine"
	"github.com/nango-lite/nango-lite/schema"
)

// panicky is a host whose code panics when it is told to, in one place.
type panicky struct {
	slog.Handler
	http.RoundTripper
	at func(place string) bool
}

func (p *panicky) Handle(context.Context, slog.Record) error { p.maybe("log"); return nil }
func (p *panicky) Enabled(context.Context, slog.Level) bool  { return true }
func (p *panicky) RoundTrip(r *http.Request) (*http.Response, error) {
	p.maybe("before sending")
	resp, err := p.RoundTripper.RoundTrip(r)
	p.maybe("after sending")
	return resp, err
}

func (p *panicky) maybe(place string) {
	if p.at(place) {
		panic("the host's own")
	}
}

// A panic of the host's own code while a call is made takes no place of the integration's
// budget with it: the next calls are made as if nothing had been.
func TestAPanicOfTheHostKeepsNoPlace(t *testing.T) {
	for _, place := range []string{"call", "attempt", "wait", "body", "log", "before sending", "after sending"} {
		t.Run(place, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				armed := false
				status := 503
				p := &provider{token: (&rotating{}).token, api: func(*http.Request) (int, string) { return status, "{}" }}
				host := &panicky{RoundTripper: p, at: func(at string) bool { return armed && at == place }}
				e := newEngine(t, p, &engine.Options{
					Connections: &engine.MemoryStore{}, Logger: slog.New(host), Transport: host,
					Observe: func(_ context.Context, ev engine.Event) { host.maybe(string(ev.Kind)) },
				}, func(in *schema.Integration) {
					one := 1
					in.MaxRetries = &one
					in.Requests.RateLimit = &schema.RateLimit{Budget: &schema.Budget{Concurrency: 1}}
				})
				connect(t, e)
				c, err := e.Client(alice)
				if err != nil {
					t.Fatal(err)
				}
				get := func(ctx context.Context) (err error) {
					defer func() {
						if x := recover(); x != nil {
							err = fmt.Errorf("panic: %v", x)
						}
					}()
					r, _ := http.NewRequestWithContext(ctx, "GET", "/x", nil)
					resp, err := c.Do(r)
					if err == nil {
						_ = resp.Body.Close()
					}
					return err
				}
				armed = true
				for range 3 {
					_ = get(t.Context())
				}
				armed, status = false, 200
				ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
				defer cancel()
				for range 2 {
					if err := get(ctx); err != nil {
						t.Fatalf("after the panics: %v", err)
					}
				}
			})
		})
	}
}

// A panic of the host's own code at a refresh does not cost the token that the provider
// gave meanwhile: it is stored, and the next refresh redeems it.
func TestAPanicOfTheHostLosesNoToken(t *testing.T) {
	for _, place := range []string{"observe", "log", "hook before", "hook after"} {
		t.Run(place, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				armed := false
				server := &rotating{}
				p := &provider{token: server.token}
				host := &panicky{at: func(at string) bool { return armed && at == place }}
				e := newEngine(t, p, &engine.Options{
					Connections: &engine.MemoryStore{}, Logger: slog.New(host),
					Observe:     func(context.Context, engine.Event) { host.maybe("observe") },
					BeforeStore: func(context.Context, *engine.Connection) error { host.maybe("hook before"); return nil },
					AfterChange: func(context.Context, engine.Change) { host.maybe("hook after") },
				}, nil)
				connect(t, e)
				armed = true
				for n := 2; n < 5; n++ {
					c, err := e.Refresh(t.Context(), alice)
					if err != nil || c.Credentials.Token.AccessToken.Reveal() != fmt.Sprint("a", n) {
						t.Fatalf("refresh %d: %v", n, err)
					}
				}
				if server.reused != 0 {
					t.Errorf("%d refreshes with a token that was used", server.reused)
				}
			})
		})
	}
}
