package engine

import (
	"context"
	"slices"
	"sync"
	"sync/atomic"
)

// A Watcher is told what an engine does, beside whoever [Options] name. What is nil is
// told nothing.
type Watcher struct {
	// Event is told of each [Event] that is about a connection, and of none about calls:
	// not of EventCall, EventAttempt, EventWait and EventBody.
	Event func(ctx context.Context, ev Event)

	// Change is told what [Options.AfterChange] is told, after it.
	Change func(ctx context.Context, ch Change)
}

// watchers are those that were added. Reading them takes no lock.
type watchers struct {
	mu  sync.Mutex
	all atomic.Pointer[[]*Watcher]
}

// Watch tells w of what happens from now on, in the goroutine in which it happens: w must
// not block for long. It ends with stop.
func (e *Engine) Watch(w Watcher) (stop func()) {
	added := &w
	e.watchers.change(func(all []*Watcher) []*Watcher { return append(all, added) })
	return func() {
		e.watchers.change(func(all []*Watcher) []*Watcher {
			return slices.DeleteFunc(all, func(w *Watcher) bool { return w == added })
		})
	}
}

func (ws *watchers) change(f func([]*Watcher) []*Watcher) {
	ws.mu.Lock()
	defer ws.mu.Unlock()
	next := f(slices.Clone(ws.now()))
	ws.all.Store(&next)
}

func (ws *watchers) now() []*Watcher {
	if all := ws.all.Load(); all != nil {
		return *all
	}
	return nil
}

func (ws *watchers) event(ctx context.Context, ev Event) {
	switch ev.Kind {
	case EventCall, EventAttempt, EventWait, EventBody:
		return
	}
	for _, w := range ws.now() {
		if w.Event != nil {
			w.Event(ctx, ev)
		}
	}
}

func (ws *watchers) changed(ctx context.Context, ch Change) {
	for _, w := range ws.now() {
		if w.Change != nil {
			w.Change(ctx, ch)
		}
	}
}
