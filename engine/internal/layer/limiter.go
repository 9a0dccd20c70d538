package layer

import (
	"context"
	"fmt"
	"math"
	"sync"
	"time"
)

// A Budget is what we allow ourselves. The zero Budget allows all.
type Budget struct {
	Rate        float64 // requests a second; 0: any number
	Burst       float64 // that may start at once after a quiet time
	Concurrency int     // that may be under way at once; 0: any number
	Text        string  // how it was stated, for traces
}

// part is the share of one of so many processes. A process that could not make any
// call at all would be of no use: of what may start or be under way at once, each has
// one at least.
func (b Budget) part(processes int) Budget {
	if processes <= 1 {
		return b
	}
	b.Rate /= float64(processes)
	if b.Burst > 0 {
		b.Burst = max(math.Floor(b.Burst/float64(processes)), 1)
	}
	if b.Concurrency > 0 {
		b.Concurrency = max(b.Concurrency/processes, 1)
	}
	return b
}

// maxPause bounds what we let a provider talk us into: a number in a wrong unit
// must not shut an integration for days.
const maxPause = time.Hour

// fullSpeed is the window from which on none is kept.
const fullSpeed = 64

// A Limiter lets requests through at the pace that a budget and the provider's
// answers allow, in the order in which they came. It starts no goroutine; one
// timer serves all who wait. The zero Limiter is not usable; see [Limits].
type Limiter struct {
	now func() time.Time

	mu       sync.Mutex
	declared Budget    // of all processes together
	budget   Budget    // this process's part of declared
	tokens   float64   // how many requests could start at the time at
	at       time.Time // when tokens was last counted
	until    time.Time // no request starts earlier
	why      string    // what until comes from, for traces

	// window bounds the requests under way after the provider has said stop: one,
	// then two, then four, so that those who waited do not all come at once. 0 is
	// no bound.
	window  int
	running int

	first, last *waiter
	waiting     int
	timer       *time.Timer
}

func newLimiter(now func() time.Time, b Budget) *Limiter {
	l := &Limiter{now: now, at: now()}
	l.set(b)
	l.tokens = b.Burst
	return l
}

// set changes the budget; what was learned stays.
func (l *Limiter) set(b Budget) {
	l.refill(l.now()) // by the budget that was in force
	l.budget = b
	l.tokens = min(l.tokens, b.Burst)
}

// TryAcquire is Acquire for who would not wait. It reports whether the request
// may start.
func (l *Limiter) TryAcquire(again bool) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.first != nil {
		return false
	}
	if !l.timeless() {
		now := l.now()
		l.refill(now)
		if !l.clear(now, again) {
			return false
		}
	} else if !again && l.full() {
		return false
	}
	l.take(again)
	return true
}

// timeless reports whether it does not matter what time it is: there is neither a pace
// nor a pause. To read the clock costs more than the rest.
func (l *Limiter) timeless() bool { return l.budget.Rate == 0 && l.until.IsZero() }

// Acquire waits until a request may start. A wait that is known to be longer
// than most, or to pass ctx's deadline, is refused at once with a [*LimitError].
// notify, if not nil, is told of a wait before it begins. Each success must be
// followed by one call of Release, unless again says that it replaces a request
// whose place is still taken.
func (l *Limiter) Acquire(ctx context.Context, most time.Duration, again bool, notify func(time.Duration, string)) error {
	if l.TryAcquire(again) {
		return nil
	}
	l.mu.Lock()
	now := l.now()
	l.refill(now)
	wait, reason := l.estimate(now)
	if err := tooLong(ctx, wait, most, reason); err != nil {
		l.mu.Unlock()
		return err
	}
	w := &waiter{again: again, gone: make(chan struct{})}
	l.push(w)
	l.dispatch(now)
	l.mu.Unlock()
	stays := false
	defer func() { // also when notify panics
		if !stays {
			l.leave(w)
		}
	}()
	if notify != nil {
		notify(wait, reason)
	}
	select {
	case <-w.gone:
		stays = true
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

func tooLong(ctx context.Context, wait, most time.Duration, reason string) error {
	if wait > most {
		return &LimitError{wait, fmt.Sprintf("%s: a wait of %s is longer than max_wait_seconds (%s)", reason, inWords(wait), inWords(most))}
	}
	if deadline, ok := ctx.Deadline(); ok && wait >= time.Until(deadline) {
		return &LimitError{wait, fmt.Sprintf("%s: a wait of %s would pass the deadline", reason, inWords(wait))}
	}
	return nil
}

// Release says that a request has ended.
func (l *Limiter) Release() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.running--
	if l.first != nil {
		l.dispatch(l.now())
	}
}

// A Lesson is what an answer teaches about the provider's limit.
type Lesson struct {
	Limited      bool          // it said "too many requests"
	Pause        time.Duration // nothing may start for so long,
	Why          string        // because
	Remaining    float64       // requests that are left,
	HasRemaining bool          // if it says so
}

// Learn takes an answer into account.
func (l *Limiter) Learn(s Lesson) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if s == (Lesson{}) && l.window == 0 && l.first == nil {
		return
	}
	now := l.now()
	l.refill(now)
	if until := now.Add(min(s.Pause, maxPause)); s.Pause > 0 && until.After(l.until) {
		l.until, l.why = until, s.Why
	}
	if s.HasRemaining {
		l.tokens = min(l.tokens, max(s.Remaining, 0))
	}
	switch {
	case s.Limited:
		l.window, l.tokens = 1, min(l.tokens, 0)
	case l.window >= fullSpeed:
		l.window = 0
	case l.window > 0:
		l.window *= 2
	}
	l.dispatch(now)
}

// refill adds the tokens that have come in since the last time. None come in
// during a pause; where it ends, one is there.
func (l *Limiter) refill(now time.Time) {
	from := l.at
	if l.until.After(from) {
		from = l.until
		if !now.Before(from) {
			l.tokens = max(l.tokens, min(1, l.budget.Burst))
		}
	}
	if now.After(from) {
		l.tokens = min(l.budget.Burst, l.tokens+now.Sub(from).Seconds()*l.budget.Rate)
	}
	if now.After(l.at) {
		l.at = now
	}
}

const almostOne = 1 - 1e-9 // tokens are sums of floating-point fractions

// clear reports whether the next request may start at once.
func (l *Limiter) clear(now time.Time, again bool) bool {
	return !now.Before(l.until) && (again || !l.full()) && (l.budget.Rate == 0 || l.tokens >= almostOne)
}

// full reports whether as many are under way as may be.
func (l *Limiter) full() bool {
	return l.budget.Concurrency > 0 && l.running >= l.budget.Concurrency || l.window > 0 && l.running >= l.window
}

func (l *Limiter) take(again bool) {
	if l.budget.Rate > 0 {
		l.tokens--
	}
	if !again {
		l.running++
	}
}

// estimate says how long a request that came now would wait, and why. It does
// not know how long those under way will take.
func (l *Limiter) estimate(now time.Time) (time.Duration, string) {
	wait, reason := time.Duration(0), "as many requests are under way as may be"
	tokens := l.tokens
	if l.until.After(now) {
		wait, reason = l.until.Sub(now), l.why
		tokens = max(tokens, min(1, l.budget.Burst))
	}
	if missing := float64(l.waiting+1) - tokens; l.budget.Rate > 0 && missing > 1-almostOne {
		if wait == 0 {
			reason = l.budget.Text
		}
		wait += time.Duration(missing / l.budget.Rate * float64(time.Second))
	}
	return wait, reason
}

// dispatch lets go all whose turn has come, and sets the timer for the next.
func (l *Limiter) dispatch(now time.Time) {
	l.refill(now)
	for l.first != nil && l.clear(now, l.first.again) {
		w := l.first
		l.remove(w)
		l.take(w.again)
		w.granted = true
		close(w.gone)
	}
	if l.first == nil || !l.first.again && l.full() {
		return // nobody waits, or a Release will call
	}
	wait := l.until.Sub(now)
	if wait <= 0 {
		wait = time.Duration(math.Ceil((1 - l.tokens) / l.budget.Rate * float64(time.Second))) // rather late than early
	}
	if l.timer == nil {
		l.timer = time.AfterFunc(wait, l.tick)
		return
	}
	l.timer.Reset(wait)
}

func (l *Limiter) tick() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.dispatch(l.now())
}

// A LimitState is a limiter at a moment.
type LimitState struct {
	Scope    Scope     // who shares it
	Until    time.Time // nothing starts before; zero or past: no pause
	Reason   string    // why there is a pause
	Waiting  int       // in line
	Running  int       // under way
	Tokens   float64   // requests that may start at once, where there is a budget
	SlowedTo int       // requests under way that are allowed after a refusal; 0: as many as the budget says
}

func (l *Limiter) state(scope Scope) LimitState {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.refill(l.now())
	return LimitState{scope, l.until, l.why, l.waiting, l.running, l.tokens, l.window}
}

// idle reports whether forgetting l would lose nothing.
func (l *Limiter) idle(now time.Time) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.refill(now)
	return l.running == 0 && l.first == nil && l.window == 0 && !l.until.After(now) && l.tokens >= l.budget.Burst
}
