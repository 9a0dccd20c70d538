package layer

import (
	"context"
	"sync"
)

// An ending is the context of one attempt: it ends with its parent, and when the attempt
// is given up. It is what context.WithCancel makes, at half of the price: it lies in the
// attempt's watch, and net/http, which derives one context of it, is told of the end
// without a map of children. It is safe for concurrent use.
type ending struct {
	context.Context // the parent

	leave func() bool // stops listening to the parent; nil: the parent has no end
	done  chan struct{}

	mu    sync.Mutex
	err   error
	heard *listener // who is told
}

// A listener is told of the end.
type listener struct {
	of   *ending
	tell func()
	next *listener
}

func (e *ending) begin(parent context.Context) {
	e.Context, e.done = parent, make(chan struct{})
	if parent.Done() != nil {
		e.leave = context.AfterFunc(parent, func() { e.end(parent.Err()) })
	}
}

// cancel ends it. Whoever listens is told before cancel returns.
func (e *ending) cancel() {
	if e.leave != nil {
		e.leave()
	}
	e.end(context.Canceled)
}

func (e *ending) end(why error) {
	e.mu.Lock()
	if e.err != nil {
		e.mu.Unlock()
		return
	}
	e.err = why
	heard := e.heard
	e.heard = nil
	close(e.done)
	e.mu.Unlock()
	for ; heard != nil; heard = heard.next {
		heard.tell()
	}
}

// Done implements [context.Context].
func (e *ending) Done() <-chan struct{} { return e.done }

// Err implements [context.Context].
func (e *ending) Err() error {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.err
}

// AfterFunc is what the package context asks for, of a context that it does not know, to
// derive others of it. It does not call tell itself.
func (e *ending) AfterFunc(tell func()) (stop func() bool) {
	e.mu.Lock()
	if e.err != nil {
		e.mu.Unlock()
		go tell() // who asks holds a lock that tell takes
		return func() bool { return false }
	}
	l := &listener{e, tell, e.heard}
	e.heard = l
	e.mu.Unlock()
	return l.stop
}

// stop reports whether l is not told any more.
func (l *listener) stop() bool {
	l.of.mu.Lock()
	defer l.of.mu.Unlock()
	for at := &l.of.heard; *at != nil; at = &(*at).next {
		if *at == l {
			*at = l.next
			return true
		}
	}
	return false
}
