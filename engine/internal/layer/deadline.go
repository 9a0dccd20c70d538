package layer

import (
	"sync"
	"sync/atomic"
	"time"
)

// deadlines end what takes too long, all after the same time. One timer serves all of
// them: to set one for each attempt, and anew for each read of a body, would cost more
// than the rest of the chain. They are safe for concurrent use.
type deadlines struct {
	after time.Duration
	start time.Time // moments are nanoseconds since: a difference costs less than a time

	mu    sync.Mutex
	root  deadline // of a ring in the order of due: root.next comes first
	timer *time.Timer
	set   bool // the timer is
}

// A deadline is of one attempt, which waits and rests by turns.
type deadline struct {
	ending // of the attempt
	all    *deadlines

	until  atomic.Int64 // when a wait has lasted too long; or one of the below
	listed atomic.Bool  // it is in the ring, or somebody is about to put it there

	// The rest is guarded by all.mu.
	due        int64 // when to look at until
	prev, next *deadline
}

const (
	resting = 0  // nothing is waited for
	passed  = -1 // the wait took too long, and the attempt was ended, or will be at once
)

func newDeadlines(after time.Duration) *deadlines {
	all := &deadlines{after: after, start: time.Now()}
	all.root.prev, all.root.next = &all.root, &all.root
	return all
}

// now is never 0.
func (all *deadlines) now() int64 { return int64(time.Since(all.start)) + 1 }

// wait says that a wait begins.
func (d *deadline) wait() {
	until := d.all.now() + int64(d.all.after)
	d.until.Store(until)
	if !d.listed.CompareAndSwap(false, true) {
		return
	}
	d.all.mu.Lock()
	defer d.all.mu.Unlock()
	d.due = until
	d.insert()
	d.all.arm()
}

// rest says that a wait has ended, and reports whether it did in time.
func (d *deadline) rest() bool { return d.until.Swap(resting) != passed }

// prolong begins a wait that lasts anew. One that has ended, in time or not, stays so.
func (d *deadline) prolong() {
	if until := d.until.Load(); until > resting { // the ring looks again by itself
		d.until.CompareAndSwap(until, d.all.now()+int64(d.all.after))
	}
}

// drop ends it for good.
func (d *deadline) drop() {
	d.all.mu.Lock()
	defer d.all.mu.Unlock()
	d.until.Store(resting)
	if d.next != nil {
		d.remove()
		d.listed.Store(false)
	}
}

// insert puts d where it belongs. What begins now belongs last.
func (d *deadline) insert() {
	after := d.all.root.prev
	for after != &d.all.root && after.due > d.due {
		after = after.prev
	}
	d.prev, d.next = after, after.next
	d.prev.next, d.next.prev = d, d
}

func (d *deadline) remove() {
	d.prev.next, d.next.prev = d.next, d.prev
	d.prev, d.next = nil, nil
}

// arm sets the timer for what is due first, unless it is set: then it looks again.
func (all *deadlines) arm() {
	first := all.root.next
	if all.set || first == &all.root {
		return
	}
	all.set = true
	in := time.Duration(first.due - all.now())
	if all.timer == nil {
		all.timer = time.AfterFunc(in, all.look)
		return
	}
	all.timer.Reset(in)
}

// look ends what has waited for too long.
func (all *deadlines) look() {
	var over []*deadline
	all.mu.Lock()
	all.set = false
	now := all.now()
	for d := all.root.next; d != &all.root && d.due <= now; d = all.root.next {
		d.remove()
		if d.isOver(now) {
			over = append(over, d)
		}
	}
	all.arm()
	all.mu.Unlock()
	for _, d := range over {
		d.cancel()
	}
}

// isOver reports whether the wait at hand has lasted too long. If one lasts that may
// yet, d is put where that will be seen; if d rests, its next wait will do so.
func (d *deadline) isOver(now int64) bool {
	d.listed.Store(false)
	until := d.until.Load()
	if until > resting && until <= now && d.until.CompareAndSwap(until, passed) {
		return true
	}
	if until = d.until.Load(); until > resting && d.listed.CompareAndSwap(false, true) {
		d.due = until
		d.insert()
	}
	return false
}
