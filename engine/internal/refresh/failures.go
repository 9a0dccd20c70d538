package refresh

import (
	"errors"
	"sync"
	"time"

	"github.com/nango-lite/nango-lite/connection"
	"github.com/nango-lite/nango-lite/engine/internal/fault"
)

// failures remember for a while what went wrong, so that a provider that is down is
// not asked by every call. They are of this process alone.
type failures struct {
	mu  sync.Mutex
	byK map[connection.Key]failure
}

// pauses are the first one, doubled each time up to the last.
type pauses struct{ first, last time.Duration }

type failure struct {
	err        error
	generation int64 // of the connection concerned
	at         time.Time
	pause      time.Duration
	refusal    bool // of what the provider was asked with: it says the same again
}

// maxFailures bounds what is remembered. Forgetting one costs a request.
const maxFailures = 10_000

// add remembers that x happened to k. The pause is at least atLeast.
func (f *failures) add(k connection.Key, x failure, p pauses, atLeast time.Duration) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.byK == nil || len(f.byK) >= maxFailures {
		f.byK = map[connection.Key]failure{}
	}
	pause := p.first
	if old, ok := f.byK[k]; ok && x.at.Sub(old.at) < 2*p.last {
		pause = min(max(2*old.pause, p.first), p.last)
	}
	x.pause = max(pause, atLeast)
	f.byK[k] = x
}

// forgetAll is for when everything may be well again.
func (f *failures) forgetAll() {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.byK = nil
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
func (r *Refresher) remember(s *Source, c, next *connection.Connection, err error) {
	if err == nil {
		if next != nil {
			r.failed.forget(c.Key)
		}
		return
	}
	x, p, atLeast := failure{err: err, generation: c.Generation, at: r.now()}, failedPauses, time.Duration(0)
	known, _ := errors.AsType[*fault.Error](err)
	switch kind := fault.KindOf(err); {
	case kind == fault.KindNotFound, kind == fault.KindReauthorize && !s.Reissues:
		return // which is stored
	case kind == fault.KindReauthorize:
		x.refusal, p = true, heldPauses
	case kind == fault.KindRateLimited:
		if known != nil {
			atLeast = min(known.RetryAfter, maxRateLimitPause)
		}
	case !fault.OutcomeOpen(err) && known != nil && known.Status != 0:
		x.refusal, p = true, refusalPauses
	}
	r.failed.add(c.Key, x, p, atLeast)
}

// failedLately returns the error that another refresh would have, as far as one can
// know. A refusal counts until its pause is over, for all; another failure for atMost.
func (r *Refresher) failedLately(c *connection.Connection, now time.Time, atMost time.Duration) error {
	x, left, ok := r.failed.recent(c.Key, now, heldPauses.last)
	known, _ := errors.AsType[*fault.Error](x.err)
	switch {
	case !ok:
		return nil
	case x.refusal:
		if x.generation != c.Generation { // somebody has connected anew, in another process perhaps
			return nil
		}
		return x.err
	case known != nil && known.Kind == fault.KindRateLimited:
		if x, left, ok = r.failed.recent(c.Key, now, maxRateLimitPause); ok {
			return fault.Amend(x.err, func(e *fault.Error) { e.RetryAfter = left })
		}
		return nil
	case left <= 0, now.Sub(x.at) >= min(atMost, failedPauses.last):
		return nil
	}
	return x.err
}
