package engine

import (
	"sync"
	"time"
)

// failures remember for a while what went wrong, so that a provider that is down is
// not asked by every call. They are of this process alone.
type failures struct {
	first, last time.Duration // pauses: the first one, doubled each time up to the last

	mu  sync.Mutex
	byK map[Key]failure
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
func (f *failures) add(k Key, generation int64, err error, now time.Time, atLeast time.Duration) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.byK == nil || len(f.byK) >= maxFailures {
		f.byK = map[Key]failure{}
	}
	pause := f.first
	if old, ok := f.byK[k]; ok && now.Sub(old.at) < 2*f.last {
		pause = min(2*old.pause, f.last)
	}
	f.byK[k] = failure{err, generation, now, max(pause, atLeast)}
}

// forget is for when all is well again.
func (f *failures) forget(k Key) {
	f.mu.Lock()
	defer f.mu.Unlock()
	delete(f.byK, k)
}

// recent returns what happened to k if its pause, cut to atMost, is not over, and
// what is left of it.
func (f *failures) recent(k Key, now time.Time, atMost time.Duration) (failure, time.Duration, bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	x, ok := f.byK[k]
	age := now.Sub(x.at)
	left := min(x.pause, atMost) - age
	return x, left, ok && age >= 0 && left > 0
}
