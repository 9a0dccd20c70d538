package api

import (
	"math"
	"slices"
	"sync"
	"time"

	"github.com/nango-lite/nango-lite/schema"
)

// A limiter counts the calls of the last window. It lets through a little more
// than the budget that the blueprint declares, because that budget is what a
// client allows itself: requests in a window, burst, and a tenth for jitter.
type limiter struct {
	limit         int // calls in a window; 0 means no limit
	concurrency   int // calls under way at once; 0 means no limit
	window        time.Duration
	perConnection bool

	mu   *sync.Mutex
	keys map[string]*window
}

type window struct {
	calls    []time.Time
	underWay int
}

func newLimiter(r *schema.RateLimit) limiter {
	l := limiter{mu: new(sync.Mutex), keys: map[string]*window{}}
	if r == nil || r.Budget == nil {
		return l
	}
	b := r.Budget
	if b.Requests > 0 {
		per := b.PerSeconds
		if per == 0 {
			per = 1
		}
		l.window = time.Duration(per * float64(time.Second))
		l.limit = int(math.Ceil(b.Requests*1.1)) + max(b.Burst, 1)
	}
	if b.Concurrency > 0 {
		l.concurrency = b.Concurrency + 1
	}
	l.perConnection = b.Scope == "connection"
	return l
}

// A slot is a call's place in the window.
type slot struct {
	refused bool
	left    int           // calls left; -1 where nothing is counted
	reset   time.Duration // until the window has room for one more
	release func()
}

// take counts a call. The caller must call release.
func (l *limiter) take(key string, now time.Time, off bool) slot {
	if off || l.limit == 0 && l.concurrency == 0 {
		return slot{left: -1, release: func() {}}
	}
	if !l.perConnection {
		key = ""
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	w := l.keys[key]
	if w == nil {
		w = &window{}
		l.keys[key] = w
	}
	w.calls = slices.DeleteFunc(w.calls, func(t time.Time) bool { return now.Sub(t) >= l.window })
	s := slot{left: -1, release: func() {}}
	if l.concurrency > 0 && w.underWay >= l.concurrency || l.limit > 0 && len(w.calls) >= l.limit {
		s.refused, s.left = true, 0
	} else {
		w.underWay++
		s.release = func() {
			l.mu.Lock()
			w.underWay--
			l.mu.Unlock()
		}
		if l.limit > 0 {
			w.calls = append(w.calls, now)
		}
	}
	if l.limit > 0 {
		s.left = l.limit - len(w.calls)
		if len(w.calls) > 0 {
			s.reset = l.window - now.Sub(w.calls[0])
		}
	}
	return s
}
