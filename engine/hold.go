package engine

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/nango-lite/nango-lite/connection"
	"github.com/nango-lite/nango-lite/engine/internal/fault"
	"github.com/nango-lite/nango-lite/engine/internal/holder"
)

// A hold is a lease in our hands, renewed until it is released.
type hold struct {
	e    *Engine
	key  Key
	turn chan struct{} // renewals take turns, so that none makes the lease shorter

	mu    sync.Mutex
	until time.Time // it lasts that long at least
	lost  bool      // another had it, or may have had

	cancel context.CancelFunc
	done   chan struct{}
}

// errNotHeld means that the lease went to another while we were busy.
var errNotHeld = errors.New("another process has taken the lease over")

// take waits for the lease of c. While another holder has it, it looks whether that
// one has finished, and returns what it made.
func (e *Engine) take(ctx context.Context, in *integration, c *Connection) (*hold, *Connection, error) {
	ctx, cancel := context.WithTimeout(ctx, e.pace.LeaseWait)
	defer cancel()
	h := &hold{e: e, key: c.Key, turn: make(chan struct{}, 1)}
	broke := false
	for wait := 20 * time.Millisecond; ; wait = min(2*wait, 500*time.Millisecond) {
		err := h.renew(ctx, e.pace.LeaseTTL)
		if err == nil {
			h.keep(ctx)
			return h, nil, nil
		}
		if !errors.Is(err, ErrLeased) {
			return nil, nil, fault.OfStoreInTime("refresh", c.Key, err)
		}
		if !broke && e.breakDead(ctx, c.Key, err) {
			broke = true
			continue
		}
		select {
		case <-time.After(wait):
		case <-ctx.Done():
			return nil, nil, &Error{Op: "refresh", Key: c.Key, Kind: KindUnavailable, Detail: "another process holds the lease and did not finish"}
		}
		current, err := e.read(ctx, c.Key)
		if err != nil {
			return nil, nil, err
		}
		if newer, err := usable(in, current, c, e.opts.Now()); err != nil || newer != nil {
			return nil, newer, err
		}
	}
}

// breakDead ends the lease of k that err speaks of, where a process of this machine has it
// that is no more, and reports whether it did. What that process had sent to a provider is
// an open outcome, as the intent that it recorded says.
func (e *Engine) breakDead(ctx context.Context, k Key, err error) bool {
	leased, ok := errors.AsType[*connection.LeasedError](err)
	if !ok || !holder.Gone(leased.Holder) {
		return false
	}
	ctx, cancel := context.WithTimeout(ctx, e.pace.StoreCall)
	defer cancel()
	return e.conns.store.Release(ctx, k, leased.Holder) == nil
}

// read asks the store itself, within bounds.
func (e *Engine) read(ctx context.Context, k Key) (*Connection, error) {
	ctx, cancel := context.WithTimeout(ctx, e.pace.StoreCall)
	defer cancel()
	c, err := e.conns.store.Get(ctx, k)
	if err != nil {
		return nil, fault.OfStoreInTime("refresh", k, err)
	}
	return c, nil
}

// renew makes the lease last for ttl from now on, and never shorter than it did.
func (h *hold) renew(ctx context.Context, ttl time.Duration) error {
	ctx, cancel := context.WithTimeout(ctx, h.e.pace.StoreCall)
	defer cancel()
	select {
	case h.turn <- struct{}{}:
		defer func() { <-h.turn }()
	case <-ctx.Done():
		return ctx.Err()
	}
	ttl = max(ttl, h.left())
	asked := time.Now()
	err := h.e.conns.store.Acquire(ctx, h.key, h.e.holder, ttl)
	over := h.left() <= 0
	h.mu.Lock()
	defer h.mu.Unlock()
	taken := !h.until.IsZero()
	switch {
	case err == nil:
		// One that had ended may have been another's, who has finished meanwhile.
		h.lost = h.lost || taken && over
		h.until = asked.Add(ttl)
	case errors.Is(err, ErrLeased):
		h.lost = h.lost || taken
	}
	return err
}

// left is how long the lease is ours yet, by the clock that says less: the monotonic
// one stops while the machine sleeps, and the other one can be set.
func (h *hold) left() time.Duration {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.lost {
		return 0
	}
	now := time.Now()
	return min(h.until.Sub(now), h.until.Round(0).Sub(now.Round(0)))
}

func (h *hold) isLost() bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.lost
}

// keep renews the lease until release is called.
func (h *hold) keep(ctx context.Context) {
	ctx, h.cancel = context.WithCancel(context.WithoutCancel(ctx))
	h.done = make(chan struct{})
	go func() {
		defer close(h.done)
		defer func() { _ = recover() }() // a store of the host's; the lease then ends by itself
		ticker := time.NewTicker(h.e.pace.LeaseRenewal)
		defer ticker.Stop()
		for {
			select {
			case <-ctx.Done():
				return
			case <-ticker.C:
				if h.left() > h.e.pace.LeaseTTL-h.e.pace.LeaseRenewal {
					continue // it outlasts a request
				}
				// If it is lost, the write at the end still decides by generation.
				_ = h.renew(ctx, h.e.pace.LeaseTTL)
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
func (h *hold) cover(ctx context.Context) error {
	request := h.e.pace.TokenCall
	if h.left() > request {
		return nil
	}
	err := h.renew(ctx, request+h.e.pace.StoreCall) // which is counted from before the question
	if h.isLost() {
		return &uncoveredError{errNotHeld}
	}
	if err == nil && h.left() <= request {
		err = context.DeadlineExceeded
	}
	if err != nil {
		return &uncoveredError{fault.OfStoreInTime("refresh", h.key, err)}
	}
	return nil
}

// release ends the lease; it ends by itself if the store does not listen.
func (h *hold) release() {
	h.cancel()
	ctx, cancel := context.WithTimeout(context.Background(), h.e.pace.StoreCall)
	defer cancel()
	select {
	case <-h.done: // or a late renewal would take it again
	case <-ctx.Done():
		return
	}
	_ = h.e.conns.store.Release(ctx, h.key, h.e.holder)
}
