package play

import (
	"maps"
	"sync"
)

// Counts are what a provider has seen.
type Counts struct {
	Consents, Denials, Exchanges, Issued, Refreshes, ReuseDetected, Registrations int
	Revocations, Introspected, Calls, RateLimited, Refused                        int

	Faults map[string]int // by name
}

type Counters struct {
	mu    sync.Mutex
	Stats Counts
}

func (c *Counters) Add(change func(*Counts)) {
	c.mu.Lock()
	defer c.mu.Unlock()
	change(&c.Stats)
}

// Sofar returns a copy.
func (c *Counters) Sofar() Counts {
	c.mu.Lock()
	defer c.mu.Unlock()
	s := c.Stats
	s.Faults = maps.Clone(s.Faults)
	return s
}
