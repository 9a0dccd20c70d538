package refresh

import (
	"context"
	"crypto/rand"
	"errors"
	"sync"
	"time"

	"github.com/nango-lite/nango-lite/connection"
	"github.com/nango-lite/nango-lite/engine/internal/fault"
	"github.com/nango-lite/nango-lite/engine/internal/holder"
)

// A lease is one in our hands, renewed until it is released.
type lease struct {
	r    *Refresher
	key  connection.Key
	turn chan struct{} // renewals take turns, so that none makes the lease shorter

	mu    sync.Mutex
	until time.Time // it lasts that long at least
	lost  bool      // another had it, or may have had

	cancel context.CancelFunc
	done   chan struct{}
}

// errNotHeld means that the lease went to another while we were busy.
var errNotHeld = errors.New("another process has taken the lease over")

// lease waits for the lease of c. While another holder has it, it looks whether that
// one has finished, and returns what it made.
func (r *Refresher) lease(ctx context.Context, s *Source, c *connection.Connection) (*lease, *connection.Connection, error) {
	ctx, cancel := context.WithTimeout(ctx, r.pace.LeaseWait)
	defer cancel()
	l := &lease{r: r, key: c.Key, turn: make(chan struct{}, 1)}
	var newer *connection.Connection
	finished := func() (done bool, err error) {
		current, err := r.read(ctx, c.Key)
		if err != nil {
			return false, err
		}
		newer, err = r.usable(s, current, c)
		return newer != nil, err
	}
	err := r.acquire(ctx, c.Key, func() error { return l.renew(ctx, r.pace.LeaseTTL) }, finished)
	switch {
	case err == nil && newer != nil:
		return nil, newer, nil
	case err == nil:
		l.keep(ctx)
		return l, nil, nil
	case errors.Is(err, connection.ErrLeased):
		return nil, nil, &fault.Error{Op: op, Key: c.Key, Kind: fault.KindUnavailable, Detail: "another process holds the lease and did not finish"}
	case fault.KindOf(err) != "":
		return nil, nil, err
	}
	return nil, nil, fault.OfStoreInTime(op, c.Key, err)
}

// Lock takes k's lease for one write, which keeps a refresh away: it would store
// what it has read before. Within this process, too, a refresh is another holder.
func (r *Refresher) Lock(ctx context.Context, op string, k connection.Key) (unlock func(), err error) {
	ctx, cancel := context.WithTimeout(ctx, r.pace.LeaseWait)
	defer cancel()
	name := r.opts.Holder + " " + rand.Text()
	once := func() error { return r.Connections.Store.Acquire(ctx, k, name, 3*r.pace.StoreCall) }
	if err := r.acquire(ctx, k, once, nil); errors.Is(err, connection.ErrLeased) {
		return nil, &fault.Error{Op: op, Key: k, Kind: fault.KindUnavailable, Detail: "a refresh holds the lease and did not finish"}
	} else if err != nil {
		return nil, fault.OfStore(op, k, err)
	}
	return func() {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), r.pace.StoreCall)
		defer cancel()
		_ = r.Connections.Store.Release(ctx, k, name) // else it ends by itself
	}, nil
}

// acquire tries once to take a lease, and again until it is free, ctx ends or, after a
// pause, needless says so. It returns [connection.ErrLeased] if another has it to the
// end.
func (r *Refresher) acquire(ctx context.Context, k connection.Key, once func() error, needless func() (bool, error)) error {
	broke := false
	for wait := 20 * time.Millisecond; ; wait = min(2*wait, 500*time.Millisecond) {
		err := once()
		if !errors.Is(err, connection.ErrLeased) {
			return err
		}
		if !broke && r.breakDead(ctx, k, err) {
			broke = true
			continue
		}
		select {
		case <-time.After(wait):
		case <-ctx.Done():
			return err
		}
		if needless == nil {
			continue
		}
		if done, err := needless(); done || err != nil {
			return err
		}
	}
}

// breakDead ends the lease of k that err speaks of, where a process of this machine has it
// that is no more, and reports whether it did. What that process had sent to a provider is
// an open outcome, as the intent that it recorded says.
func (r *Refresher) breakDead(ctx context.Context, k connection.Key, err error) bool {
	leased, ok := errors.AsType[*connection.LeasedError](err)
	if !ok || !holder.Gone(leased.Holder) {
		return false
	}
	ctx, cancel := context.WithTimeout(ctx, r.pace.StoreCall)
	defer cancel()
	return r.Connections.Store.Release(ctx, k, leased.Holder) == nil
}

// renew makes the lease last for ttl from now on, and never shorter than it did.
func (l *lease) renew(ctx context.Context, ttl time.Duration) error {
	ctx, cancel := context.WithTimeout(ctx, l.r.pace.StoreCall)
	defer cancel()
	select {
	case l.turn <- struct{}{}:
		defer func() { <-l.turn }()
	case <-ctx.Done():
		return ctx.Err()
	}
	ttl = max(ttl, l.left())
	asked := time.Now()
	err := l.r.Connections.Store.Acquire(ctx, l.key, l.r.opts.Holder, ttl)
	over := l.left() <= 0
	l.mu.Lock()
	defer l.mu.Unlock()
	taken := !l.until.IsZero()
	switch {
	case err == nil:
		// One that had ended may have been another's, who has finished meanwhile.
		l.lost = l.lost || taken && over
		l.until = asked.Add(ttl)
	case errors.Is(err, connection.ErrLeased):
		l.lost = l.lost || taken
	}
	return err
}

// left is how long the lease is ours yet, by the clock that says less: the monotonic
// one stops while the machine sleeps, and the other one can be set.
func (l *lease) left() time.Duration {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.lost {
		return 0
	}
	now := time.Now()
	return min(l.until.Sub(now), l.until.Round(0).Sub(now.Round(0)))
}

func (l *lease) isLost() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.lost
}

// keep renews the lease until release is called.
func (l *lease) keep(ctx context.Context) {
	ctx, l.cancel = context.WithCancel(context.WithoutCancel(ctx))
	l.done = make(chan struct{})
	go func() {
		defer close(l.done)
		defer func() { _ = recover() }() // a store of the host's; the lease then ends by itself
		ticker := time.NewTicker(l.r.pace.LeaseRenewal)
		defer ticker.Stop()
		for {
			select {
			case <-ctx.Done():
				return
			case <-ticker.C:
				if l.left() > l.r.pace.LeaseTTL-l.r.pace.LeaseRenewal {
					continue // it outlasts a request
				}
				// If it is lost, the write at the end still decides by generation.
				_ = l.renew(ctx, l.r.pace.LeaseTTL)
			}
		}
	}()
}

// An uncoveredError says why a lease is no ground to send a request.
type uncoveredError struct{ error }

// Unwrap returns the reason.
func (u *uncoveredError) Unwrap() error { return u.error }

// cover returns nil if the lease is ours for longer than a request may take, whether or
// not a renewal gets through meanwhile: no other process may redeem what this one has
// on its way. A process that slept may have lost the lease, or have too little of it.
// Else it returns an [*uncoveredError].
func (l *lease) cover(ctx context.Context) error {
	request := l.r.pace.TokenCall
	if l.left() > request {
		return nil
	}
	err := l.renew(ctx, request+l.r.pace.StoreCall) // which is counted from before the question
	if l.isLost() {
		return &uncoveredError{errNotHeld}
	}
	if err == nil && l.left() <= request {
		err = context.DeadlineExceeded
	}
	if err != nil {
		return &uncoveredError{fault.OfStoreInTime(op, l.key, err)}
	}
	return nil
}

// release ends the lease; it ends by itself if the store does not listen.
func (l *lease) release() {
	l.cancel()
	ctx, cancel := context.WithTimeout(context.Background(), l.r.pace.StoreCall)
	defer cancel()
	select {
	case <-l.done: // or a late renewal would take it again
	case <-ctx.Done():
		return
	}
	_ = l.r.Connections.Store.Release(ctx, l.key, l.r.opts.Holder)
}
