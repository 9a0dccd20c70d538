package refresh

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/nango-lite/nango-lite/connection"
	"github.com/nango-lite/nango-lite/engine/internal/fault"
)

// flights hold the refreshes under way in this process: one a connection.
type flights struct {
	mu      sync.Mutex
	running map[connection.Key]*flight
}

// A flight is one refresh and all who wait for it.
type flight struct {
	started time.Time // by the machine's clock, for how long callers are patient
	began   time.Time // by the engine's, as what stores hold
	once    sync.Once
	done    chan struct{} // closed when conn and err are final
	ended   chan struct{} // closed when there is nothing left to do
	conn    *connection.Connection
	err     error
}

func (f *flight) land(c *connection.Connection, err error) {
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
func (r *Refresher) join(ctx context.Context, s *Source, c *connection.Connection, reason string) *flight {
	r.flights.mu.Lock()
	defer r.flights.mu.Unlock()
	if f := r.flights.running[c.Key]; f != nil {
		return f
	}
	f := &flight{started: time.Now(), began: r.now(), done: make(chan struct{}), ended: make(chan struct{})}
	if r.flights.running == nil {
		r.flights.running = map[connection.Key]*flight{}
	}
	r.flights.running[c.Key] = f
	overdue := time.AfterFunc(r.pace.LeaseWait+r.pace.Redemption+r.pace.StoreCall, func() {
		f.land(nil, &fault.Error{Op: op, Key: c.Key, Kind: fault.KindUnavailable, Detail: "the refresh did not come to an end; the store or the transport hangs"})
	})
	go func() {
		var conn *connection.Connection
		var err error
		defer func() {
			if p := recover(); p != nil { // a store, hook or transport of the host's
				conn, err = nil, &fault.Error{Op: op, Key: c.Key, Kind: fault.KindUnavailable, Detail: "panic in the store, a hook or the transport"}
			}
			r.remember(s, c, conn, err)
			overdue.Stop()
			r.flights.mu.Lock()
			delete(r.flights.running, c.Key)
			r.flights.mu.Unlock()
			f.land(conn, err)
			close(f.ended)
		}()
		conn, err = r.fly(context.WithoutCancel(ctx), f, s, c, reason)
	}()
	return f
}

// Wait waits for the refreshes under way, and for those that begin meanwhile. It
// returns ctx's error if that ends first.
func (r *Refresher) Wait(ctx context.Context) error {
	for {
		f := r.flights.any()
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

// fly takes the lease, reads again, and redeems unless another process was faster.
// ctx has no end.
func (r *Refresher) fly(ctx context.Context, f *flight, s *Source, c *connection.Connection, reason string) (*connection.Connection, error) {
	for range 5 {
		next, err := r.flyOnce(ctx, f, s, c, reason)
		if !errors.Is(err, errNotHeld) {
			return next, err
		}
		// Whoever has the lease now will finish what we began.
	}
	return nil, &fault.Error{Op: op, Key: c.Key, Kind: fault.KindUnavailable, Detail: "the lease went to other processes time and again"}
}

func (r *Refresher) flyOnce(ctx context.Context, f *flight, s *Source, c *connection.Connection, reason string) (*connection.Connection, error) {
	l, newer, err := r.lease(ctx, s, c)
	if l == nil {
		return newer, err
	}
	defer l.release()
	current, err := r.read(ctx, c.Key)
	if err != nil {
		return nil, err
	}
	if newer, err := r.usable(s, current, c); err != nil || newer != nil {
		return newer, err
	}
	if current.RefreshFailed.After(f.began) && current.Generation == c.Generation {
		return nil, &fault.Error{Op: op, Key: c.Key, Kind: fault.KindUnavailable, Detail: "another process has just tried, and the token endpoint did not answer"}
	}
	if !s.Renewable(current) {
		return nil, notRenewable(c)
	}
	return (&redemption{r: r, s: s, flight: f, lease: l, was: current, reason: reason}).run(ctx)
}
