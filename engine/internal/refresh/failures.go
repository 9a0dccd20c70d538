package refresh

import (
	"sync"
	"time"

	"github.com/nango-lite/nango-lite/connection"
	"github.com/nango-lite/nango-lite/engine/internal/fault"
)

// failures remember for a while what went wrong, so that a provider that is down is
// not asked by every call. They are of this process alone.
type failures struct {
	first, last time.Duration // pauses: the first one, doubled each time up to the last

	mu  sync.Mutex
	byK map[connection.Key]failure
}

type failure struct {
	err        error
	generation int64 // of the connection concerned
	at         time.Time
	pause      time.Duration
}

// maxFailures bounds what is remembered. Forgetting one costs a request.
const maxFailures = 10_000

// add remembers that err happened to a generation of k. The pause is at least
// atLeast.
func (f *failures) add(k connection.Key, generation int64, err error, now time.Time, atLeast time.Duration) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.byK == nil || len(f.byK) >= maxFailures {
		f.byK = map[connection.Key]failure{}
	}
	pause := f.first
	if old, ok := f.byK[k]; ok && now.Sub(old.at) < 2*f.last {
		pause = min(2*old.pause, f.last)
	}
	f.byK[k] = failure{err, generation, now, max(pause, atLeast)}
}

// forget is for when all is well again.
func (f *failures) forget(k connection.Key) {
	f.mu.Lock()
	defer f.mu.Unlock()
	delete(f.byK, k)
}

// recent returns what happened to k if its pause, cut to atMost, is not over, and
// what is left of it.
func (f *failures) recent(k connection.Key, now time.Time, atMost time.Duration) (failure, time.Duration, bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	x, ok := f.byK[k]
	age := now.Sub(x.at)
	left := min(x.pause, atMost) - age
	return x, left, ok && age >= 0 && left > 0
}

// remember keeps a failure that the next caller would meet again.
func (r *Refresher) remember(c, next *connection.Connection, err error) {
	if err == nil {
		if next != nil {
			r.failed.forget(c.Key)
		}
		return
	}
	var atLeast time.Duration
	switch kind := fault.KindOf(err); kind {
	case fault.KindReauthorize, fault.KindNotFound:
		return
	case fault.KindRateLimited:
		if known, ok := err.(*fault.Error); ok {
			atLeast = min(known.RetryAfter, maxRateLimitPause)
		}
	}
	r.failed.add(c.Key, c.Generation, err, r.now(), atLeast)
}

// failedLately returns the error that another refresh would have, as far as one can
// know.
func (r *Refresher) failedLately(c *connection.Connection, now time.Time, atMost time.Duration) error {
	x, left, ok := r.failed.recent(c.Key, now, lastPause)
	if known, is := x.err.(*fault.Error); is && known.Kind == fault.KindRateLimited {
		if x, left, ok = r.failed.recent(c.Key, now, maxRateLimitPause); ok {
			return fault.Amend(x.err, func(e *fault.Error) { e.RetryAfter = left })
		}
		return nil
	}
	if !ok || now.Sub(x.at) >= atMost {
		return nil
	}
	return x.err
}
