package sandbox

import (
	"maps"
	"sync"
)

// counts are what a provider has seen.
type counts struct {
	consents, denials, exchanges, issued, refreshes, reuseDetected, registrations int
	revocations, introspected, calls, rateLimited, refused                        int

	faults map[string]int // by name
}

type counters struct {
	mu    sync.Mutex
	stats counts
}

func (c *counters) add(change func(*counts)) {
	c.mu.Lock()
	defer c.mu.Unlock()
	change(&c.stats)
}

// sofar returns a copy.
func (c *counters) sofar() counts {
	c.mu.Lock()
	defer c.mu.Unlock()
	s := c.stats
	s.faults = maps.Clone(s.faults)
	return s
}
