package access

import (
	"math"
	"sync"
	"time"
)

// mostLimited is how many names a Limiter knows; then it forgets them all.
const mostLimited = 10_000

// A Limiter allows each API key, or whatever else is named, Rate requests a second at this server. As many as are
// allowed in a second may come at once. It is safe for concurrent use.
type Limiter struct {
	Rate float64 // 0: no limit
	Now  func() time.Time

	mu   sync.Mutex
	left map[string]*budget // by the name
}

type budget struct {
	tokens float64
	at     time.Time
}

// Wait returns 0 if a request of the key may go on, and otherwise after how long it may be
// made again.
func (l *Limiter) Wait(key string) time.Duration {
	if l.Rate <= 0 {
		return 0
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	now, most := l.Now(), math.Max(l.Rate, 1)
	b := l.left[key]
	if b == nil {
		b = &budget{tokens: most, at: now}
		if l.left == nil || len(l.left) >= mostLimited {
			l.left = map[string]*budget{}
		}
		l.left[key] = b
	}
	b.tokens = math.Min(most, b.tokens+math.Max(now.Sub(b.at).Seconds(), 0)*l.Rate)
	b.at = now
	if b.tokens >= 1 {
		b.tokens--
		return 0
	}
	return time.Duration((1 - b.tokens) / l.Rate * float64(time.Second))
}
