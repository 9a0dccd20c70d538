package call

import (
	"sync"
	"time"

	"github.com/nango-lite/nango-lite/engine/internal/layer"
)

// Limits keep the state of rate limits by integration: they must survive a change of
// the configuration. The zero Limits are ready for use, and safe for concurrent use.
type Limits struct {
	mu      sync.Mutex
	byName  map[string]*layer.Limits
	sharers int
}

// Share says that so many processes share each budget from now on.
func (r *Limits) Share(processes int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.sharers = processes
	for _, l := range r.byName {
		l.Share(processes)
	}
}

// of returns the limits of an integration.
func (r *Limits) of(name string, now func() time.Time) *layer.Limits {
	r.mu.Lock()
	defer r.mu.Unlock()
	l := r.byName[name]
	if l == nil {
		if r.byName == nil {
			r.byName = map[string]*layer.Limits{}
		}
		l = layer.NewLimits(now)
		l.Share(r.sharers)
		r.byName[name] = l
	}
	return l
}

// State returns what the rate limits of an integration stand at; nil before its first
// call.
func (r *Limits) State(name string) []layer.LimitState {
	r.mu.Lock()
	l := r.byName[name]
	r.mu.Unlock()
	if l == nil {
		return nil
	}
	return l.State()
}
