package engine

import (
	"sync"
	"time"

	"github.com/nango-lite/nango-lite/engine/internal/layer"
)

// A limitRegistry keeps the state of rate limits by integration: it must survive
// a change of the configuration.
type limitRegistry struct {
	mu     sync.Mutex
	byName map[string]*layer.Limits
}

func newLimitRegistry() *limitRegistry {
	return &limitRegistry{byName: map[string]*layer.Limits{}}
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
