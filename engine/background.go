package engine

import (
	"context"
	"iter"
	"time"

	"github.com/nango-lite/nango-lite/engine/internal/refresh"
)

const (
	// defaultMargin is how long before its end a token is refreshed unless
	// refresh_margin_seconds says otherwise.
	defaultMargin = time.Minute

	// keepPause is between refreshes of idle connections at one provider, at least.
	keepPause = 200 * time.Millisecond
)

// source is in, as far as its tokens go.
func (e *Engine) source(in *integration) *refresh.Source {
	s := &refresh.Source{
		Renewer:     in.mode,
		Integration: in.Name,
		Margin:      seconds(in.Auth.RefreshMarginSeconds, defaultMargin),
		Grace:       in.Auth.RefreshGraceSeconds > 0,
		RefreshLife: seconds(&in.Auth.RefreshTokenLifetimeSeconds, 0),
		KeepPause:   keepPause,
		Admit:       func(c *Connection) error { return in.CheckMadeFor("refresh", c) },
		Foreign:     func(c *Connection) bool { return in.Auth.Issues() && in.ForAnotherClient(c) },
		MadeFor:     in.MadeFor,
		Reissues:    in.Auth.Issues(),
	}
	if rate := in.calls.limit.Budget.Rate; rate > 0 { // the pace that the API is known to allow, and never a burst
		s.KeepPause = max(keepPause, time.Duration(float64(time.Second)/rate))
	}
	return s
}

// sources are those of the configuration in force.
func (e *Engine) sources() iter.Seq[*refresh.Source] {
	return func(yield func(*refresh.Source) bool) {
		for _, in := range *e.current.Load() {
			if !yield(in.source) {
				return
			}
		}
	}
}

// Run keeps connections alive that nobody uses: it refreshes them before their
// refresh token lapses, where refresh_token_lifetime_seconds says when that is. It
// returns when ctx ends; a refresh under way is finished all the same. Failures are
// told to Observe.
//
// Nothing else depends on it. Several processes may run it over one store.
func (e *Engine) Run(ctx context.Context) {
	for {
		t := time.NewTimer(e.refresher.KeepAlive(ctx, e.sources()))
		select {
		case <-ctx.Done():
			t.Stop()
			return
		case <-t.C:
		}
	}
}

// Wait waits for the refreshes under way, and for those that begin meanwhile. Call it
// before the process exits, when nothing else uses the engine: a provider's answer
// that comes too late for anyone may hold the only good token. It returns ctx's error
// if that ends first.
func (e *Engine) Wait(ctx context.Context) error { return e.refresher.Wait(ctx) }

// CacheStats say how the cache of connections does, for metrics: its Size and Capacity
// in connections (0: nothing is cached), Hits, Misses, and Evictions to make room.
type CacheStats = refresh.CacheStats

// CacheStats returns the counts since the engine was made.
func (e *Engine) CacheStats() CacheStats { return e.refresher.Connections.Stats() }
