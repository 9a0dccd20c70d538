package engine

import (
	"context"
	"sync"
	"time"
)

// flights hold the refreshes under way in this process: one a connection.
type flights struct {
	mu      sync.Mutex
	running map[Key]*flight
}

// A flight is one refresh and all who wait for it.
type flight struct {
	started time.Time
	once    sync.Once
	done    chan struct{} // closed when conn and err are final
	ended   chan struct{} // closed when there is nothing left to do
	conn    *Connection
	err     error
}

func (f *flight) land(c *Connection, err error) {
	f.once.Do(func() {
		f.conn, f.err = c, err
		close(f.done)
	})
}

// join returns the flight of c's key, and starts it if there is none. It is
// forgotten when its work ends, so that a failure is never served twice; not
// earlier, so that the work is never done twice.
//
// The work is detached from ctx: a caller that leaves does not spoil it for the
// others. They wait for it within bounds, whatever the store and the transport do.
func (e *Engine) join(ctx context.Context, in *integration, c *Connection, reason string) *flight {
	e.flights.mu.Lock()
	defer e.flights.mu.Unlock()
	if f := e.flights.running[c.Key]; f != nil {
		return f
	}
	f := &flight{started: time.Now(), done: make(chan struct{}), ended: make(chan struct{})}
	if e.flights.running == nil {
		e.flights.running = map[Key]*flight{}
	}
	e.flights.running[c.Key] = f
	overdue := time.AfterFunc(e.pace.LeaseWait+e.pace.Redemption+e.pace.StoreCall, func() {
		f.land(nil, &Error{Op: "refresh", Key: c.Key, Kind: KindUnavailable, Detail: "the refresh did not come to an end; the store or the transport hangs"})
	})
	go func() {
		var conn *Connection
		var err error
		defer func() {
			if p := recover(); p != nil { // a store, hook or transport of the host's
				conn, err = nil, &Error{Op: "refresh", Key: c.Key, Kind: KindUnavailable, Detail: "panic in the store, a hook or the transport"}
			}
			e.remember(c, conn, err)
			overdue.Stop()
			e.flights.mu.Lock()
			delete(e.flights.running, c.Key)
			e.flights.mu.Unlock()
			f.land(conn, err)
			close(f.ended)
		}()
		conn, err = e.fly(context.WithoutCancel(ctx), f, in, c, reason)
	}()
	return f
}

// Wait waits for the refreshes under way, and for those that begin meanwhile. Call it
// before the process exits, when nothing else uses the engine: a provider's answer
// that comes too late for anyone may hold the only good token. It returns ctx's error
// if that ends first.
func (e *Engine) Wait(ctx context.Context) error {
	for {
		f := e.flights.any()
		if f == nil {
			return nil
		}
		select {
		case <-f.ended:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

func (fs *flights) any() *flight {
	fs.mu.Lock()
	defer fs.mu.Unlock()
	for _, f := range fs.running {
		return f
	}
	return nil
}

// remember keeps a failure that the next caller would meet again.
func (e *Engine) remember(c, next *Connection, err error) {
	if err == nil {
		if next != nil {
			e.failed.forget(c.Key)
		}
		return
	}
	var atLeast time.Duration
	switch kind := ErrorKind(err); kind {
	case KindReauthorize, KindNotFound:
		return
	case KindRateLimited:
		if known, ok := err.(*Error); ok {
			atLeast = min(known.RetryAfter, maxRateLimitPause)
		}
	}
	e.failed.add(c.Key, c.Generation, err, e.opts.Now(), atLeast)
}
