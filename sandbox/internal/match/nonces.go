package match

import (
	"sync"
	"time"
)

// ClockSkew is how far a timestamp may be off.
const ClockSkew = 5 * time.Minute

// nonces remember what was signed lately.
type nonces struct {
	mu   sync.Mutex
	seen map[string]time.Time
}

func (n *nonces) First(nonce string, now time.Time) bool {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.seen == nil {
		n.seen = map[string]time.Time{}
	}
	if len(n.seen) > 10_000 {
		for old, at := range n.seen {
			if now.Sub(at) > 2*ClockSkew {
				delete(n.seen, old)
			}
		}
	}
	_, again := n.seen[nonce]
	n.seen[nonce] = now
	return !again
}
