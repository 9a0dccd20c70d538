package engine

import (
	"context"
	"errors"
	"sync"
	"time"
)

// A hold is a lease in our hands, renewed until it is released.
type hold struct {
	e   *Engine
	key Key

	mu    sync.Mutex
	until time.Time // it lasts that long at least, by our monotonic clock

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
	h := &hold{e: e, key: c.Key}
	for wait := 20 * time.Millisecond; ; wait = min(2*wait, 500*time.Millisecond) {
		err := h.renew(ctx)
		if err == nil {
			h.keep(ctx)
			return h, nil, nil
		}
		if !errors.Is(err, ErrLeased) {
			return nil, nil, storeFailed("refresh", c.Key, err)
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

// read asks the store itself, within bounds.
func (e *Engine) read(ctx context.Context, k Key) (*Connection, error) {
	ctx, cancel := context.WithTimeout(ctx, e.pace.StoreCall)
	defer cancel()
	c, err := e.conns.store.Get(ctx, k)
	if err != nil {
		return nil, storeFailed("refresh", k, err)
	}
	return c, nil
}

// storeFailed is storeError for work that is nobody's: that its time is up is the
// store's failure, not the caller's.
func storeFailed(op string, k Key, err error) error {
	if errors.Is(err, context.DeadlineExceeded) || errors.Is(err, context.Canceled) {
		return &Error{Op: op, Key: k, Kind: KindUnavailable, Detail: "the connection store did not answer in time"}
	}
	return storeError(op, k, err)
}

func (h *hold) renew(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, h.e.pace.StoreCall)
	defer cancel()
	asked := time.Now()
	err := h.e.conns.store.Acquire(ctx, h.key, h.e.holder, h.e.pace.LeaseTTL)
	h.mu.Lock()
	defer h.mu.Unlock()
	switch {
	case err == nil:
		h.until = asked.Add(h.e.pace.LeaseTTL)
	case errors.Is(err, ErrLeased):
		h.until = time.Time{}
	}
	return err
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
				// If it is lost, the write at the end still decides by generation.
				_ = h.renew(ctx)
			}
		}
	}()
}

// held returns nil if the lease is ours for a while yet. A process that slept, or a
// store that took its time, may have lost it.
func (h *hold) held(ctx context.Context) error {
	h.mu.Lock()
	left := time.Until(h.until)
	h.mu.Unlock()
	if left > h.e.pace.LeaseTTL/2 {
		return nil
	}
	err := h.renew(ctx)
	if errors.Is(err, ErrLeased) {
		return errNotHeld
	}
	if err != nil {
		return storeFailed("refresh", h.key, err)
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
