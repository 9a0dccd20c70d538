package layer

// A waiter stands in line.
type waiter struct {
	prev, next *waiter
	again      bool // replaces a request under way, and so takes no place of its own
	gone       chan struct{}
	granted    bool
}

// leave takes w out of the line. One that was let go in the same moment gives
// back what it got.
func (l *Limiter) leave(w *waiter) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if !w.granted {
		l.remove(w)
	} else {
		l.tokens++
		if !w.again {
			l.running--
		}
	}
	l.dispatch(l.now())
}

func (l *Limiter) push(w *waiter) {
	if w.prev = l.last; w.prev == nil {
		l.first = w
	} else {
		w.prev.next = w
	}
	l.last = w
	l.waiting++
}

func (l *Limiter) remove(w *waiter) {
	if w.prev == nil {
		l.first = w.next
	} else {
		w.prev.next = w.next
	}
	if w.next == nil {
		l.last = w.prev
	} else {
		w.next.prev = w.prev
	}
	l.waiting--
}
