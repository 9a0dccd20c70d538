package layer

import (
	"cmp"
	"io"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/nango-lite/nango-lite/engine/internal/answer"
)

// A Scope is who shares a limiter: all, if it is empty.
type Scope struct{ Connection, Host string }

// Limits are the limiters of one integration. They outlive a change of the
// configuration. Limits are safe for concurrent use.
type Limits struct {
	now func() time.Time

	mu      sync.Mutex
	byScope map[Scope]*Limiter
	sweepAt int // how many there are when idle ones are forgotten
	sharers int // processes that share each budget; 0: this one alone
}

// NewLimits returns Limits without any limiter.
func NewLimits(now func() time.Time) *Limits {
	return &Limits{now: now, byScope: map[Scope]*Limiter{}, sweepAt: 1024}
}

// limiter returns the limiter of scope, with budget b from now on.
func (l *Limits) limiter(scope Scope, b *Budget) *Limiter {
	l.mu.Lock()
	defer l.mu.Unlock()
	if have := l.byScope[scope]; have != nil {
		have.mu.Lock()
		if have.declared != *b {
			have.declared = *b
			have.set(b.part(l.sharers))
		}
		have.mu.Unlock()
		return have
	}
	if len(l.byScope) >= l.sweepAt {
		l.sweep()
	}
	made := newLimiter(l.now, b.part(l.sharers))
	made.declared = *b
	l.byScope[scope] = made
	return made
}

// Share says that so many processes share each budget from now on.
func (l *Limits) Share(processes int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.sharers == processes {
		return
	}
	l.sharers = processes
	for _, limiter := range l.byScope {
		limiter.mu.Lock()
		now := limiter.now()
		limiter.refill(now) // at the old pace until now
		limiter.set(limiter.declared.part(processes))
		limiter.dispatch(now)
		limiter.mu.Unlock()
	}
}

func (l *Limits) sweep() {
	now := l.now()
	for scope, limiter := range l.byScope {
		if limiter.idle(now) {
			delete(l.byScope, scope)
		}
	}
	l.sweepAt = max(1024, 2*len(l.byScope))
}

// State returns the limiters as they are, sorted by scope.
func (l *Limits) State() []LimitState {
	l.mu.Lock()
	defer l.mu.Unlock()
	states := make([]LimitState, 0, len(l.byScope))
	for scope, limiter := range l.byScope {
		states = append(states, limiter.state(scope))
	}
	slices.SortFunc(states, func(a, b LimitState) int {
		return cmp.Or(cmp.Compare(a.Scope.Connection, b.Scope.Connection), cmp.Compare(a.Scope.Host, b.Scope.Host))
	})
	return states
}

// RateLimit is the layer that waits before sending when the budget, or an answer
// before, says so.
type RateLimit struct {
	Budget  Budget
	Shared  bool          // by all connections,
	ByHost  bool          // as far as they call the same host: each user may have one of their own
	MaxWait time.Duration // a longer wait is a [*LimitError]

	// Lesson returns what an answer teaches.
	Lesson func(*http.Response) Lesson

	limits *Limits
	next   http.RoundTripper
}

// Layer returns r as a layer over limits.
func (r RateLimit) Layer(limits *Limits) Layer {
	return func(next http.RoundTripper) http.RoundTripper {
		r := r
		r.limits, r.next = limits, next
		return &r
	}
}

// RoundTrip implements [http.RoundTripper].
func (t *RateLimit) RoundTrip(r *http.Request) (*http.Response, error) {
	call := From(r.Context())
	scope := Scope{Connection: call.Scope}
	if t.Shared {
		scope = Scope{}
		if t.ByHost {
			scope.Host = strings.ToLower(r.URL.Host)
		}
	}
	l := t.limits.limiter(scope, &t.Budget)
	if err := t.acquire(l, call, r, false); err != nil {
		closeBody(r)
		return nil, err
	}
	handedOn := false
	defer func() { // also when a transport of the host's, or whoever watches, panics
		if !handedOn {
			l.Release()
		}
	}()
	call.attempt.limit, call.attempt.limiter = t, l
	resp, err := t.next.RoundTrip(r)
	if err != nil {
		return nil, err
	}
	l.Learn(t.Lesson(resp))
	if t.Budget.Concurrency > 0 && resp.StatusCode != http.StatusSwitchingProtocols {
		resp.Body = &held{ReadCloser: resp.Body, release: l.Release}
		call.open, handedOn = resp.Body, true
	}
	return resp, nil
}

// acquire waits for r's turn.
func (t *RateLimit) acquire(l *Limiter, call *Call, r *http.Request, again bool) error {
	if l.TryAcquire(again) {
		return nil
	}
	return l.Acquire(r.Context(), t.MaxWait, again, func(wait time.Duration, reason string) {
		call.notify(Notice{Kind: Waiting, Request: r, Attempt: call.attempt.number, Wait: wait, Reason: reason + ": waiting " + inWords(wait)})
	})
}

// another waits until r may be sent once more within the same attempt.
func (c *Call) another(r *http.Request) error {
	if c.attempt.limit == nil {
		return nil
	}
	return c.attempt.limit.acquire(c.attempt.limiter, c, r, true)
}

// held is a body that counts as a request under way until it ends.
type held struct {
	io.ReadCloser
	once    sync.Once
	release func()
}

func (h *held) Read(p []byte) (int, error) {
	ended := true // unless the read says otherwise: it may panic
	defer func() {
		if ended {
			h.once.Do(h.release)
		}
	}()
	n, err := h.ReadCloser.Read(p)
	ended = err != nil
	return n, err
}

// Within implements [answer.Bounded].
func (h *held) Within(b answer.Bound, read func()) { answer.Within(h.ReadCloser, b, read) }

// Close ends the request.
func (h *held) Close() error {
	defer h.once.Do(h.release)
	return h.ReadCloser.Close()
}
