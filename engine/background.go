package engine

import (
	"context"
	"iter"
	"time"

	"github.com/nango-lite/nango-lite/engine/internal/refresh"
)

// sources are those of a configuration.
func sources(all map[string]*integration) iter.Seq[*refresh.Source] {
	return func(yield func(*refresh.Source) bool) {
		for _, in := range all {
			if !yield(in.stored.Source) {
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
		t := time.NewTimer(e.refresher.KeepAlive(ctx, sources(*e.current.Load())))
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
