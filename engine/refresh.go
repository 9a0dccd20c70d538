package engine

import (
	"context"
	"errors"
	"time"

	"github.com/nango-lite/nango-lite/engine/internal/fault"
)

const (
	// patience is how long callers whose token is still good wait for a better one,
	// counted from the start of the refresh.
	patience = 5 * time.Second

	// A failed refresh is not repeated at once: for callers whose token is still
	// good for firstPause, doubled up to lastPause; for the others for shortPause.
	// Where the provider names a time, all wait, up to maxRateLimitPause.
	firstPause        = time.Second
	lastPause         = 30 * time.Second
	shortPause        = time.Second
	maxRateLimitPause = time.Minute

	// A token that was refused although it was brand new is not replaced for a
	// while: another would be refused too.
	firstRefusedPause = 10 * time.Second
	lastRefusedPause  = 10 * time.Minute

	// longDead is how long ago a token must have ended before the clock alone ends
	// its connection: clocks jump.
	longDead = 24 * time.Hour
)

// fresh returns c with a token that is good for a while. While c's token has not
// ended, nobody waits long for a provider that is slow or down.
func (e *Engine) fresh(ctx context.Context, in *integration, c *Connection) (*Connection, error) {
	t := &c.Credentials.Token
	now := e.opts.Now()
	if !in.renewable(c) {
		if !ended(c, now) {
			return c, nil
		}
		return e.expired(ctx, c, now)
	}
	if ended(c, now) {
		if err := e.failedLately(c, now, shortPause); err != nil {
			return nil, err
		}
		return e.refresh(ctx, in, c, "the token has ended")
	}
	if e.failedLately(c, now, lastPause) != nil {
		return c, nil
	}
	next, err := e.refreshAhead(ctx, in, c, "the token ends in "+t.ExpiresAt.Sub(now).Round(time.Second).String())
	switch {
	case err == nil:
		return next, nil
	case ctx.Err() != nil, ErrorKind(err) == KindReauthorize, ErrorKind(err) == KindNotFound, ended(c, e.opts.Now()):
		return nil, err
	}
	return c, nil
}

// refreshAhead is refresh for a token that is still good: it is what the caller gets
// when the refresh takes too long. The refresh goes on.
func (e *Engine) refreshAhead(ctx context.Context, in *integration, c *Connection, reason string) (*Connection, error) {
	f := e.join(ctx, in, c, reason)
	left := time.NewTimer(patience - time.Since(f.started))
	defer left.Stop()
	select {
	case <-f.done:
		return f.conn, f.err
	case <-ctx.Done():
		return nil, ctx.Err()
	case <-left.C:
	}
	if ended(c, e.opts.Now()) {
		return e.refresh(ctx, in, c, reason)
	}
	return c, nil
}

// failedLately returns the error that another refresh would have, as far as one can
// know.
func (e *Engine) failedLately(c *Connection, now time.Time, atMost time.Duration) error {
	x, left, ok := e.failed.recent(c.Key, now, lastPause)
	if known, is := x.err.(*Error); is && known.Kind == KindRateLimited {
		if x, left, ok = e.failed.recent(c.Key, now, maxRateLimitPause); ok {
			again := *known
			again.RetryAfter = left
			return &again
		}
		return nil
	}
	if !ok || now.Sub(x.at) >= atMost {
		return nil
	}
	return x.err
}

// expired is the end of a connection without a refresh token.
func (e *Engine) expired(ctx context.Context, c *Connection, now time.Time) (*Connection, error) {
	const reason = "the token has ended and the provider gave no refresh token"
	if now.Sub(c.Credentials.Token.ExpiresAt) < longDead {
		return nil, &Error{Op: "use", Key: c.Key, Kind: KindReauthorize, Detail: reason}
	}
	return e.giveUp(ctx, c, reason)
}

// giveUp marks c as dead and returns the error that says so, or a newer
// connection if someone was faster.
func (e *Engine) giveUp(ctx context.Context, c *Connection, reason string) (*Connection, error) {
	next := c.Clone()
	next.Status, next.Reason, next.RefreshStarted, next.UpdatedAt = StatusNeedsReauthorization, reason, time.Time{}, e.opts.Now()
	switch err := e.replace(ctx, next, c.Generation); {
	case errors.Is(err, ErrConflict):
		newer, err := e.read(ctx, c.Key)
		if err != nil {
			return nil, err
		}
		if newer.Status == StatusActive {
			return newer, nil
		}
		return nil, needsReauthorization(newer)
	case errors.Is(err, ErrNoConnection):
		return nil, fault.OfStore("refresh", c.Key, err)
	case err != nil:
		return nil, fault.OfStoreInTime("refresh", c.Key, err)
	}
	e.emit(ctx, Event{Kind: EventStatus, Key: c.Key, Reason: "needs reauthorization: " + reason})
	e.changed(ctx, EventStatus, c.Key, next)
	return nil, needsReauthorization(next)
}

// refresh returns a connection with another token than c's. However many ask, in
// however many processes, the refresh token is redeemed once.
func (e *Engine) refresh(ctx context.Context, in *integration, c *Connection, reason string) (*Connection, error) {
	if !in.renewable(c) {
		return nil, &Error{Op: "refresh", Key: c.Key, Kind: KindUnsupported, Detail: "the connection has no refresh token"}
	}
	for range 3 {
		f := e.join(ctx, in, c, reason)
		select {
		case <-f.done:
		case <-ctx.Done():
			return nil, ctx.Err()
		}
		if f.err != nil || f.conn.Generation != c.Generation {
			return f.conn, f.err
		}
		// It began before there was c, and what it brought is c.
	}
	return nil, &Error{Op: "refresh", Key: c.Key, Kind: KindUnavailable, Detail: "the new token is not stored yet"}
}

// errRefused is remembered of tokens that were refused when they were new.
var errRefused = errors.New("the provider refuses new tokens too")

// replaceRefused returns a connection with other credentials than c's, which the
// provider has refused.
func (e *Engine) replaceRefused(ctx context.Context, in *integration, c *Connection, reason string) (*Connection, error) {
	if !in.renewable(c) {
		return e.reread(ctx, c)
	}
	now := e.opts.Now()
	if x, _, ok := e.refused.recent(c.Key, now, lastRefusedPause); ok && x.generation == c.Generation {
		return nil, &Error{Op: "refresh", Key: c.Key, Kind: KindUnavailable, Err: x.err}
	}
	if err := e.failedLately(c, now, shortPause); err != nil {
		return nil, err
	}
	return e.refresh(ctx, in, c, reason)
}

// reread looks whether another process has stored other credentials, where nothing
// else can be done.
func (e *Engine) reread(ctx context.Context, c *Connection) (*Connection, error) {
	e.conns.drop(c.Key)
	current, err := e.read(ctx, c.Key)
	if err != nil {
		return nil, err
	}
	if current.Status == StatusActive && current.Generation != c.Generation {
		return current, nil
	}
	return nil, &Error{Op: "refresh", Key: c.Key, Kind: KindUnsupported, Detail: "the connection has no refresh token"}
}

// fly takes the lease, reads again, and redeems unless another process was faster.
// ctx has no end.
func (e *Engine) fly(ctx context.Context, f *flight, in *integration, c *Connection, reason string) (*Connection, error) {
	for range 5 {
		next, err := e.flyOnce(ctx, f, in, c, reason)
		if !errors.Is(err, errNotHeld) {
			return next, err
		}
		// Whoever has the lease now will finish what we began.
	}
	return nil, &Error{Op: "refresh", Key: c.Key, Kind: KindUnavailable, Detail: "the lease went to other processes time and again"}
}

func (e *Engine) flyOnce(ctx context.Context, f *flight, in *integration, c *Connection, reason string) (*Connection, error) {
	h, newer, err := e.take(ctx, in, c)
	if h == nil {
		return newer, err
	}
	defer h.release()
	current, err := e.read(ctx, c.Key)
	if err != nil {
		return nil, err
	}
	if newer, err := usable(in, current, c, e.opts.Now()); err != nil || newer != nil {
		return newer, err
	}
	if !in.renewable(current) {
		return nil, &Error{Op: "refresh", Key: c.Key, Kind: KindUnsupported, Detail: "the connection has no refresh token"}
	}
	return e.redeemRefresh(ctx, f, h, in, current, reason)
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

// replace is the store's Replace, within bounds.
func (e *Engine) replace(ctx context.Context, c *Connection, generation int64) error {
	ctx, cancel := context.WithTimeout(ctx, e.pace.StoreCall)
	defer cancel()
	return e.conns.replace(ctx, c, generation)
}
