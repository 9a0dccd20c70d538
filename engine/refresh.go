package engine

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"
)

// Times of a refresh. The lease is renewed while the provider takes its time, so
// it only has to outlive a process that hangs, not a slow answer.
const (
	leaseTTL        = 20 * time.Second
	leaseRenewal    = 5 * time.Second
	refreshDeadline = 2 * time.Minute
	redeemAttempts  = 3
	storeAttempts   = 8
)

// flights hold the refreshes under way in this process: one a connection.
type flights struct {
	mu      sync.Mutex
	running map[Key]*flight
}

// A flight is one refresh and all who wait for it.
type flight struct {
	done chan struct{}
	conn *Connection
	err  error
}

// fresh returns c with a token that is good for a while. If the refresh fails
// but c's token has not ended, that one is used on.
func (e *Engine) fresh(ctx context.Context, in *integration, c *Connection) (*Connection, error) {
	t := &c.Credentials.Token
	now := e.opts.Now()
	ended := !now.Before(t.ExpiresAt)
	if !in.renewable(c) {
		if !ended {
			return c, nil
		}
		return e.giveUp(ctx, c, "the token has ended and the provider gave no refresh token")
	}
	reason := "the token ends in " + t.ExpiresAt.Sub(now).Round(time.Second).String()
	if ended {
		reason = "the token has ended"
	}
	next, err := e.refresh(ctx, in, c, reason)
	if err == nil {
		return next, nil
	}
	if kind := ErrorKind(err); !ended && (kind == KindUnavailable || kind == KindRateLimited || kind == KindClient) {
		return c, nil
	}
	return nil, err
}

// giveUp marks c as dead and returns the error that says so, or a newer
// connection if someone was faster.
func (e *Engine) giveUp(ctx context.Context, c *Connection, reason string) (*Connection, error) {
	next := c.Clone()
	next.Status, next.Reason, next.RefreshStarted, next.UpdatedAt = StatusNeedsReauthorization, reason, time.Time{}, e.opts.Now()
	switch err := e.opts.Connections.Replace(ctx, next, c.Generation); {
	case errors.Is(err, ErrConflict):
		newer, err := e.Connection(ctx, c.Key)
		if err == nil && newer.Status == StatusActive {
			return newer, nil
		}
	case err != nil && !errors.Is(err, ErrNoConnection):
		return nil, storeError("refresh", c.Key, err)
	}
	e.emit(ctx, Event{Kind: EventStatus, Key: c.Key, Reason: "needs reauthorization: " + reason})
	return nil, needsReauthorization(next)
}

// refresh returns a connection with another token than c's. However many ask, in
// however many processes, the refresh token is redeemed once. The work is
// detached from ctx: a caller that leaves does not spoil it for the others.
func (e *Engine) refresh(ctx context.Context, in *integration, c *Connection, reason string) (*Connection, error) {
	if !in.renewable(c) {
		return nil, &Error{Op: "refresh", Key: c.Key, Kind: KindUnsupported, Detail: "the connection has no refresh token"}
	}
	f := e.join(ctx, in, c, reason)
	select {
	case <-f.done:
		return f.conn, f.err
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// join returns the flight of c's key, and starts it if there is none. It is
// forgotten the moment it ends, so that a failure is never served twice.
func (e *Engine) join(ctx context.Context, in *integration, c *Connection, reason string) *flight {
	e.flights.mu.Lock()
	defer e.flights.mu.Unlock()
	if f := e.flights.running[c.Key]; f != nil {
		return f
	}
	f := &flight{done: make(chan struct{})}
	if e.flights.running == nil {
		e.flights.running = map[Key]*flight{}
	}
	e.flights.running[c.Key] = f
	go func() {
		detached, cancel := context.WithTimeout(context.WithoutCancel(ctx), refreshDeadline)
		defer cancel()
		defer func() {
			if p := recover(); p != nil { // a store or transport of the host's
				f.conn, f.err = nil, &Error{Op: "refresh", Key: c.Key, Kind: KindUnavailable, Detail: "panic in the store or transport"}
			}
			e.flights.mu.Lock()
			delete(e.flights.running, c.Key)
			e.flights.mu.Unlock()
			close(f.done)
		}()
		f.conn, f.err = e.fly(detached, in, c, reason)
	}()
	return f
}

// fly takes the lease, reads again, and redeems unless another process was
// faster.
func (e *Engine) fly(ctx context.Context, in *integration, c *Connection, reason string) (*Connection, error) {
	newer, err := e.lease(ctx, in, c)
	if err != nil || newer != nil {
		return newer, err
	}
	defer func() {
		// The lease ends by itself if this fails.
		_ = e.opts.Connections.Release(context.WithoutCancel(ctx), c.Key, e.holder)
	}()
	current, err := e.opts.Connections.Get(ctx, c.Key)
	if err != nil {
		return nil, storeError("refresh", c.Key, err)
	}
	if newer, err := usable(in, current, c, e.opts.Now()); err != nil || newer != nil {
		return newer, err
	}
	stop := e.keepLease(ctx, c.Key)
	defer stop()
	return e.redeemRefresh(ctx, in, current, reason)
}

// usable returns current if someone has replaced old's token meanwhile, or the
// error if the connection was found dead.
func usable(in *integration, current, old *Connection, now time.Time) (*Connection, error) {
	if current.Status == StatusNeedsReauthorization {
		return nil, needsReauthorization(current)
	}
	if current.Generation != old.Generation && !in.stale(current, now) {
		return current, nil
	}
	return nil, nil
}

// lease waits for the lease of c. While another holder has it, it looks whether
// that one has finished, and returns what it made.
func (e *Engine) lease(ctx context.Context, in *integration, c *Connection) (*Connection, error) {
	store := e.opts.Connections
	for wait := 20 * time.Millisecond; ; wait = min(2*wait, 500*time.Millisecond) {
		err := store.Acquire(ctx, c.Key, e.holder, leaseTTL)
		if err == nil {
			return nil, nil
		}
		if !errors.Is(err, ErrLeased) {
			return nil, storeError("refresh", c.Key, err)
		}
		select {
		case <-time.After(wait):
		case <-ctx.Done():
			return nil, &Error{Op: "refresh", Key: c.Key, Kind: KindUnavailable, Detail: "another process holds the lease and did not finish"}
		}
		current, err := store.Get(ctx, c.Key)
		if err != nil {
			return nil, storeError("refresh", c.Key, err)
		}
		if newer, err := usable(in, current, c, e.opts.Now()); err != nil || newer != nil {
			return newer, err
		}
	}
}

// keepLease renews the lease until stop is called.
func (e *Engine) keepLease(ctx context.Context, k Key) (stop func()) {
	ctx, cancel := context.WithCancel(ctx)
	done := make(chan struct{})
	go func() {
		defer close(done)
		ticker := time.NewTicker(leaseRenewal)
		defer ticker.Stop()
		for {
			select {
			case <-ctx.Done():
				return
			case <-ticker.C:
				// If it is lost, the write at the end still decides by generation.
				_ = e.opts.Connections.Acquire(ctx, k, e.holder, leaseTTL)
			}
		}
	}()
	return func() { cancel(); <-done }
}

// redeemRefresh spends c's refresh token. The intent is recorded first: after a
// crash one knows that the outcome is open, and tries the same token again.
func (e *Engine) redeemRefresh(ctx context.Context, in *integration, c *Connection, reason string) (*Connection, error) {
	start := e.opts.Now()
	intent := c.Clone()
	intent.RefreshStarted, intent.UpdatedAt = start, start
	if err := e.opts.Connections.Replace(ctx, intent, c.Generation); errors.Is(err, ErrConflict) {
		return e.adopt(ctx, in, c)
	} else if err != nil {
		return nil, storeError("refresh", c.Key, err)
	}
	next, err := e.redeemPatiently(ctx, in, intent)
	ev := Event{Kind: EventRefresh, Key: c.Key, Reason: reason, Duration: e.opts.Now().Sub(start), Err: err}
	if err != nil {
		e.emit(ctx, ev)
		return e.afterFailure(ctx, in, intent, err)
	}
	next, err = e.keep(ctx, in, intent, next)
	if ev.Err = err; err == nil {
		ev.Reason += ": got a new token" + describeToken(&next.Credentials.Token, e.opts.Now())
	}
	e.emit(ctx, ev)
	return next, err
}

// redeemPatiently repeats a request whose outcome is unknown. If it never
// arrived, or the server does not rotate or has a grace window, the same token
// is taken again; if it had rotated, the new one is lost anyway.
func (e *Engine) redeemPatiently(ctx context.Context, in *integration, c *Connection) (*Connection, error) {
	for attempt, wait := 1, time.Second; ; attempt, wait = attempt+1, 2*wait {
		next, err := e.redeemOnce(ctx, in, c)
		if err == nil || ErrorKind(err) != KindUnavailable || attempt == redeemAttempts {
			return next, err
		}
		select {
		case <-time.After(wait):
		case <-ctx.Done():
			return nil, err
		}
	}
}

func (e *Engine) redeemOnce(ctx context.Context, in *integration, c *Connection) (*Connection, error) {
	const op = "refresh"
	answer, err := e.renew(ctx, op, in, c)
	if err != nil {
		return nil, err
	}
	next := c.Clone()
	if err := in.takeToken(op, next, answer, nil, e.opts.Now()); err != nil {
		return nil, err
	}
	next.RefreshStarted = time.Time{}
	next.UpdatedAt = e.opts.Now()
	next.Generation = c.Generation + 1
	return next, nil
}

// keep stores what a redemption gave, and does not let go easily: it may be the
// only good token there is.
func (e *Engine) keep(ctx context.Context, in *integration, c, next *Connection) (*Connection, error) {
	ctx = context.WithoutCancel(ctx)
	for attempt, wait := 1, 50*time.Millisecond; ; attempt, wait = attempt+1, 2*wait {
		err := e.opts.Connections.Replace(ctx, next, c.Generation)
		if err == nil {
			return next, nil
		}
		if errors.Is(err, ErrConflict) {
			return e.adopt(ctx, in, c)
		}
		if errors.Is(err, ErrNoConnection) || attempt == storeAttempts {
			return nil, storeError("refresh", c.Key, err)
		}
		time.Sleep(wait)
	}
}

// adopt returns what someone else has stored in place of c: the user has
// connected again, and their latest word counts.
func (e *Engine) adopt(ctx context.Context, in *integration, c *Connection) (*Connection, error) {
	current, err := e.opts.Connections.Get(ctx, c.Key)
	if err != nil {
		return nil, storeError("refresh", c.Key, err)
	}
	if newer, err := usable(in, current, c, e.opts.Now()); err != nil || newer != nil {
		return newer, err
	}
	return nil, &Error{Op: "refresh", Key: c.Key, Kind: KindUnavailable, Detail: "the connection was changed meanwhile"}
}

// afterFailure tells what a failed redemption means. Only the provider's word
// that the grant is gone ends a connection, and only after a look whether
// another process has rotated the token meanwhile.
func (e *Engine) afterFailure(ctx context.Context, in *integration, c *Connection, cause error) (*Connection, error) {
	if !errors.Is(cause, ErrReauthorize) {
		return nil, cause
	}
	current, err := e.opts.Connections.Get(ctx, c.Key)
	if err != nil {
		return nil, storeError("refresh", c.Key, err)
	}
	if newer, err := usable(in, current, c, e.opts.Now()); err != nil || newer != nil {
		return newer, err
	}
	reason := "the provider no longer takes the refresh token"
	if in.Auth.AuthMode.Issues() {
		reason = "the provider no longer takes the connection's credentials"
	}
	var answered *Error
	if errors.As(cause, &answered) && answered.Code != "" {
		reason += " (" + answered.Code + ")"
	}
	return e.giveUp(ctx, current, reason)
}

// describeToken says for a trace what a token is good for; it follows the word
// "token".
func describeToken(t *Token, now time.Time) string {
	var text string
	if t.ExpiresAt.IsZero() {
		text = " without a stated end"
	} else {
		text = fmt.Sprintf(" good for %s", t.ExpiresAt.Sub(now).Round(time.Second))
	}
	if t.RefreshToken.Empty() {
		text += " and no refresh token"
	}
	return text
}
