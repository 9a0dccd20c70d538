package engine

import (
	"net/http"
	"sync"
	"time"

	"github.com/nango-lite/nango-lite/engine/internal/layer"
)

// A limitRegistry keeps what must survive a change of the configuration: the
// state of rate limits by integration, and the connections to public hosts.
type limitRegistry struct {
	mu     sync.Mutex
	byName map[string]*layer.Limits
	public map[*http.Transport]*http.Transport
}

func newLimitRegistry() *limitRegistry {
	return &limitRegistry{byName: map[string]*layer.Limits{}, public: map[*http.Transport]*http.Transport{}}
}

// of returns the limits of an integration.
func (r *limitRegistry) of(name string, now func() time.Time) *layer.Limits {
	r.mu.Lock()
	defer r.mu.Unlock()
	l := r.byName[name]
	if l == nil {
		l = layer.NewLimits(now)
		r.byName[name] = l
	}
	return l
}

// guard returns the layer that keeps hosts which come from a connection's data
// on the public network. Only net/http's own transport can be told to.
func (r *limitRegistry) guard(base http.RoundTripper) layer.Layer {
	t, ok := base.(*http.Transport)
	if !ok {
		return nil
	}
	return layer.Guard(func() *http.Transport {
		r.mu.Lock()
		defer r.mu.Unlock()
		if r.public[t] == nil {
			r.public[t] = layer.PublicOnly(t)
		}
		return r.public[t]
	})
}

// A LimitState says what a rate limit stands at.
type LimitState struct {
	ConnectionID string    // whose; empty where all connections share
	PausedUntil  time.Time // nothing is sent before; zero or past: no pause
	Reason       string    // why there is a pause
	Waiting      int       // calls in line
	Running      int       // requests under way
}

// Limits returns the rate limits of an integration as they stand, for display.
// There are none before its first call.
func (e *Engine) Limits(integration string) []LimitState {
	e.limits.mu.Lock()
	limits := e.limits.byName[integration]
	e.limits.mu.Unlock()
	if limits == nil {
		return nil
	}
	var list []LimitState
	for _, s := range limits.State() {
		list = append(list, LimitState{s.Scope, s.Until, s.Reason, s.Waiting, s.Running})
	}
	return list
}
