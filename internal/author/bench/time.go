package bench

import (
	"context"
	"runtime"
	"sync"
	"sync/atomic"
	"time"
)

// A clock is the time of one check, for the engine and for the sandbox. It stands,
// however slow the machine is, until the check moves it on or the engine says that it
// waits: so no token ends, no budget fills and no window passes because a check came
// late.
type clock struct {
	start time.Time
	ahead atomic.Int64
}

func newClock() *clock { return &clock{start: time.Now()} }

func (c *clock) now() time.Time          { return c.start.Add(time.Duration(c.ahead.Load())) }
func (c *clock) advance(d time.Duration) { c.ahead.Add(int64(d)) }

// rounding is how far times may be apart that are sums of fractions.
const rounding = time.Microsecond

// fake reports whether this runs under testing/synctest, which begins in 2000.
func fake() bool { return time.Now().Year() < 2010 }

// places bound the checks that are under way at the same time on a real clock, and
// hands those of them that work, while the others wait for the engine's timers. The
// engine's deadlines go by that clock: were all checks of a catalog at work at once, each
// would get so little of the processor that some deadline passes.
var (
	places = make(chan struct{}, 96)
	hands  = make(chan struct{}, 2*runtime.GOMAXPROCS(0))
)

// A turn is a check's right to work. The nil turn needs none.
type turn struct {
	mu   sync.Mutex
	held bool
}

type turnKey struct{}

// turnOf returns the turn of the check to which ctx belongs.
func turnOf(ctx context.Context) *turn {
	t, _ := ctx.Value(turnKey{}).(*turn)
	return t
}

// work goes on when it is the check's turn.
func (t *turn) work() {
	if t == nil {
		return
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	if !t.held {
		hands <- struct{}{}
		t.held = true
	}
}

// rest lets another check work.
func (t *turn) rest() {
	if t == nil {
		return
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.held {
		<-hands
		t.held = false
	}
}

// take runs a check when it is its turn. Under testing/synctest it always is: there the
// clock stands while anyone works.
func take(ctx context.Context, c check) error {
	if fake() {
		return guarded(ctx, c)
	}
	places <- struct{}{}
	defer func() { <-places }()
	t := &turn{}
	t.work()
	defer t.rest()
	return guarded(context.WithValue(ctx, turnKey{}, t), c)
}
